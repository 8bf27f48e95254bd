package djangosession_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// meddler is an engine that lets something happen while a session moves to its new key.
type meddler struct {
	*memory.Engine
	meanwhile func()
}

func (m *meddler) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	if do := m.meanwhile; do != nil {
		m.meanwhile = nil
		do()
		return djangosession.ErrKeyTaken // another key is tried, with the values of that time
	}
	return m.Engine.Cycle(ctx, old, change)
}

// TestCycledSessionTakesOverWhatOthersStored has two requests that change a session
// during its move to a new key. One of them uses the same Session, from another
// goroutine.
func TestCycledSessionTakesOverWhatOthersStored(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	store, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	engine := &meddler{Engine: store}
	manager, err := djangosession.NewManager(engine, settings, djangosession.Options{MergeSaves: true})
	if err != nil {
		t.Fatal(err)
	}
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

// canceller is an engine that ends its caller's context while a session moves to its new
// key.
type canceller struct {
	*memory.Engine

	cancel context.CancelFunc
}

func (c *canceller) Create(ctx context.Context, r *djangosession.Record) error {
	err := c.Engine.Create(ctx, r)
	if c.cancel != nil {
		c.cancel()
	}
	return err
}

func (c *canceller) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	return c.Engine.Cycle(ctx, old, func(r *djangosession.Record) error {
		err := change(r)
		if c.cancel != nil {
			c.cancel()
		}
		return err
	})
}

func TestFailedChangeOfKeyRevivesNoLogin(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	store, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	engine := &canceller{Engine: store}
	m, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := m.New()
	first.Set("_auth_user_id", "1")
	if err := first.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine, err := m.Load(t.Context(), first.Key())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	engine.cancel = cancel
	if err := mine.CycleKey(ctx); err == nil {
		t.Error("no error")
	}
	engine.cancel = nil
	if err := mine.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("save: %v", err)
	}
	for r, err := range store.Records(t.Context()) {
		t.Errorf("a login is there: %v, %v", r.Data, err)
	}
}

// The save fails although it has happened. A visitor with a session gets the cookie of
// the new key, so that a logout can end the login. A new visitor cannot get one, and the
// stored session is removed.
func TestLoginWhoseSaveIsLostIsNotLeftUnderAKeyThatNoBrowserHas(t *testing.T) {
	for name, known := range map[string]bool{"a visitor with a session": true, "a new visitor": false} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			cookie := ""
			if known {
				cookie = "sessionid=" + s.visitor(map[string]any{"n": "old"})
			}
			s.engine.lose.Store(true)
			r := s.visit(cookie, func(_ http.ResponseWriter, r *http.Request) {
				session := s.session(r)
				if known {
					if err := session.CycleKey(r.Context()); err != nil {
						t.Error(err)
					}
				}
				session.Set("_auth_user_id", "1")
			})
			_, told := setCookie(t, r.Header)
			if r.StatusCode != http.StatusInternalServerError || (told != "") != known {
				t.Errorf("status %d, %v", r.StatusCode, r.Header)
			}
			for r, err := range s.engine.Records(t.Context()) {
				if err != nil || r.Key != told {
					t.Errorf("an unreachable login is stored: %v, %v", r.Data, err)
				}
			}
		})
	}
}

// TestFailedSaveKeepsTheSessionOfTheBrowser checks that the browser's key remains valid.
func TestFailedSaveKeepsTheSessionOfTheBrowser(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.engine.lose.Store(true)
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", "new") })
	if n := s.stored(key); n != "new" {
		t.Errorf("stored is %q", n)
	}
}

// TestStrictSiteDoesNotMoveASessionThatBecameUnreadable merges with a stored session that
// was damaged after it was loaded.
func TestStrictSiteDoesNotMoveASessionThatBecameUnreadable(t *testing.T) {
	t.Parallel()
	m, e := siteWith(t, djangosession.Options{StrictLoad: true, MergeSaves: true}, nil)
	s := m.New()
	s.Set("n", "old")
	must(s.Save(t.Context()))
	key := s.Key()
	if there, err := s.Exists(t.Context(), key); err != nil || !there {
		t.Errorf("the stored session exists: %v, %v", there, err)
	}
	e.SetRow(key, "damaged", frozen.Add(time.Hour))
	s.Set("n", "new")
	err := s.CycleKey(t.Context())
	if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok || s.Key() != key {
		t.Errorf("error %v; the key has changed: %v", err, s.Key() != key)
	}
	if there, err := m.Exists(t.Context(), key); err != nil || !there {
		t.Errorf("the stored session is gone: %v", err)
	}
}

// outdatedEngine calls the settings outdated itself.
type outdatedEngine struct{ *memory.Engine }

func (outdatedEngine) Cycle(context.Context, string, func(*djangosession.Record) error) error {
	return djangosession.ErrOutdatedSettings
}

func TestEngineMayCallSettingsOutdatedWithoutAReason(t *testing.T) {
	t.Parallel()
	var reported error
	m, e := siteWith(t, djangosession.Options{}, nil)
	m, err := djangosession.NewManager(outdatedEngine{e}, m.Settings(), djangosession.Options{
		Logger: slog.New(slog.DiscardHandler), OnLoadError: func(_ context.Context, err error) { reported = err },
	})
	must(err)
	s := m.New()
	s.Set("n", "old")
	must(s.Save(t.Context()))
	if err := s.CycleKey(t.Context()); !errors.Is(err, djangosession.ErrOutdatedSettings) || !errors.Is(reported, djangosession.ErrOutdatedSettings) {
		t.Errorf("error %v, reported %v", err, reported)
	}
}
