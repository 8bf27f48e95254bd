package djangosession_test

import (
	"context"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// meddler is an engine on which something happens while a session is stored under its new key.
type meddler struct {
	*memory.Engine
	meanwhile func()
}

func (m *meddler) Create(ctx context.Context, r *djangosession.Record) error {
	if do := m.meanwhile; do != nil {
		m.meanwhile = nil
		do()
		return djangosession.ErrKeyTaken // another key is tried, with the values of then
	}
	return m.Engine.Create(ctx, r)
}

// TestCycledSessionTakesOverWhatOthersStored has two requests change a session that gets a new key, one of them the session's
// own from another goroutine.
func TestCycledSessionTakesOverWhatOthersStored(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	store, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	engine := &meddler{Engine: store}
	manager, err := djangosession.NewManager(engine, settings)
	if err != nil {
		t.Fatal(err)
	}
	manager.MergeSaves = true
	first := manager.New()
	for _, name := range []string{"both", "mine", "theirs", "gone", "stays"} {
		first.Set(name, "before")
	}
	if err := first.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	load := func(key string) *djangosession.Session {
		s, err := manager.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	mine, theirs := load(first.Key()), load(first.Key())
	engine.meanwhile = func() {
		mine.Set("both", "mine")
		mine.Set("mine", "mine")
		theirs.Set("both", "theirs")
		theirs.Set("theirs", "theirs")
		theirs.Set("new", "theirs")
		theirs.PopDefault("gone", nil)
		if err := theirs.Save(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := mine.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := load(mine.Key())
	for name, want := range map[string]any{
		"both": "mine", "mine": "mine", "theirs": "theirs", "new": "theirs", "gone": nil, "stays": "before",
	} {
		if got, _ := again.Get(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}
