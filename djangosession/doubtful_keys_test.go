package djangosession_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// unsure is an engine that returns an error although it may have changed the key. It
// records the deleted keys.
type unsure struct {
	*memory.Engine
	errs    []error // of the next key changes
	tried   []string
	deleted []string
}

func (u *unsure) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	if len(u.errs) == 0 {
		return u.Engine.Cycle(ctx, old, change)
	}
	err := u.errs[0]
	u.errs = u.errs[1:]
	r, loadErr := u.Load(ctx, old)
	if loadErr != nil {
		return loadErr
	}
	if err := change(r); err != nil {
		return err
	}
	u.tried = append(u.tried, r.Key)
	return err
}

func (u *unsure) Delete(ctx context.Context, key string) error {
	u.deleted = append(u.deleted, key)
	return u.Engine.Delete(ctx, key)
}

// TestFlushDeletesKeysThatMayBeStored wants all keys deleted under which the session may
// be stored, and no others. After a refusal nothing is stored.
func TestFlushDeletesKeysThatMayBeStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		errs  []error
		doubt int // how many of the tried keys, counted from the last
	}{
		"a failure":               {errs: []error{errBroken}, doubt: 1},
		"a taken key":             {errs: []error{djangosession.ErrKeyTaken}},
		"a taken key and failure": {errs: []error{djangosession.ErrKeyTaken, errBroken}, doubt: 1},
		"a key that is none":      {errs: []error{djangosession.ErrBadKey}},
		"nothing":                 {},
	} {
		settings := djangosession.NewSettings("key")
		store, err := memory.New(settings)
		must(err)
		engine := &unsure{Engine: store, errs: slices.Clone(c.errs)}
		m, err := djangosession.NewManager(engine, settings, djangosession.Options{})
		must(err)
		s := m.New()
		s.Set("a", 1)
		must(s.Save(t.Context()))
		old := s.Key()
		fails := len(c.errs) > 0 && !errors.Is(c.errs[len(c.errs)-1], djangosession.ErrKeyTaken)
		if err := s.CycleKey(t.Context()); (err != nil) != fails || fails && (!errors.Is(err, c.errs[len(c.errs)-1]) || s.Key() != old) {
			t.Errorf("%s: CycleKey: %v", name, err)
		}
		want := append([]string{s.Key()}, engine.tried[len(engine.tried)-c.doubt:]...)
		must(s.Flush(t.Context()))
		if !slices.Equal(engine.deleted, want) {
			t.Errorf("%s: %d keys deleted, want %d", name, len(engine.deleted), len(want))
		}
		must(s.Flush(t.Context())) // the second Flush deletes nothing
		if len(engine.deleted) != len(want) {
			t.Errorf("%s: deleted again", name)
		}
	}
}
