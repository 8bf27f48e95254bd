package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

func (s *shop) failLoads(err error) {
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	s.engine.loadErr = err
}

func TestSessionThatStartsOverIsStoredAtOnceUnderANewKey(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.failLoads(djangosession.ErrStartOver)
	old := djangosession.NewKey()
	session, err := s.Load(t.Context(), old)
	must(err)
	if key := session.Key(); key == "" || key == old || !session.Modified() || session.IsEmpty() {
		t.Errorf("a new key: %v, modified: %v, empty: %v", key != old && key != "", session.Modified(), session.IsEmpty())
	}
	if text, _, ok := s.engine.Row(session.Key()); !ok || text == "" {
		t.Error("the new session is not stored")
	}
	if log := s.log.String(); log != "" {
		t.Errorf("log: %s", log)
	}
}

func TestSessionThatStartsOverForgetsWhatItHad(t *testing.T) {
	s := newShop(t, "6.1", nil)
	session := s.New()
	session.Set("n", "old")
	must(session.Save(t.Context()))
	s.failLoads(djangosession.ErrStartOver)
	must(session.Load(t.Context()))
	s.failLoads(nil)
	stored, err := s.Load(t.Context(), session.Key())
	must(err)
	if session.Contains("n") || stored.Contains("n") {
		t.Error("the new session has a value of the old one")
	}
}

func TestReadOnlyServiceDoesNotStartASessionOver(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.ReadOnly = true })
	s.failLoads(djangosession.ErrStartOver)
	session, err := s.Load(t.Context(), djangosession.NewKey())
	must(err)
	if session.Key() != "" || session.Modified() || s.engine.creates.Load() != 0 {
		t.Errorf("key: %v, modified: %v, created %d", session.Key() != "", session.Modified(), s.engine.creates.Load())
	}
}

func TestSessionThatCannotStartOverIsNotLoaded(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.failLoads(djangosession.ErrStartOver)
	s.engine.saveErr = errBroken
	if _, err := s.Load(t.Context(), djangosession.NewKey()); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// TestUndecodableSessionThatStartsOverIsReported is about a cookie with a bad signature.
func TestUndecodableSessionThatStartsOverIsReported(t *testing.T) {
	bad := fmt.Errorf("%w: %w", djangosession.ErrStartOver, &djangosession.DecodeError{Reason: signing.BadSignature})
	newer := fmt.Errorf("%w: %w", djangosession.ErrStartOver, &djangosession.DecodeError{
		Reason: signing.BadSignature, SignedAt: noon.Add(60e9),
	})
	for _, test := range []struct {
		name      string
		err       error
		strict    bool
		wantErr   bool
		wantStart bool
		wantTold  int // an error that Load returns need not be told
	}{
		{name: "old", err: bad, wantStart: true, wantTold: 1},
		{name: "old and strict", err: bad, strict: true, wantErr: true},
		{name: "of newer settings", err: newer, wantTold: 1},
		{name: "of newer settings and strict", err: newer, strict: true, wantErr: true, wantTold: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, "6.1", func(s *djangosession.Settings) { s.ExportedAt = noon })
			s.use(func(o *djangosession.Options) { o.StrictLoad, o.OnLoadError = test.strict, o.OnError })
			s.failLoads(test.err)
			s.wait(3600e9)
			key := djangosession.NewKey()
			session, err := s.Load(t.Context(), key)
			if (err != nil) != test.wantErr {
				t.Fatalf("error %v", err)
			}
			if err == nil && (session.Key() != key) != test.wantStart {
				t.Errorf("a new key: %v", session.Key() != key)
			}
			if errs, _ := s.told(); len(errs) != test.wantTold {
				t.Errorf("told of %v", errs)
			}
		})
	}
}

func TestUnknownFormatIsLeftAlone(t *testing.T) {
	for _, merge := range []bool{false, true} {
		s := newShop(t, "6.1", nil)
		s.use(func(o *djangosession.Options) { o.MergeSaves, o.OnLoadError = merge, o.OnError })
		s.failLoads(fmt.Errorf("cache: %w", djangosession.ErrUnknownFormat))
		key := djangosession.NewKey()
		session, err := s.Load(t.Context(), key)
		must(err)
		if session.Key() != key || session.Modified() {
			t.Error("not an empty session with its key")
		}
		if errs, _ := s.told(); len(errs) != 1 || !errors.Is(errs[0], djangosession.ErrUnknownFormat) {
			t.Errorf("told of %v", errs)
		}
		if log := s.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "unknown format") {
			t.Errorf("log: %s", log)
		}
		session.Set("n", 1)
		for name, call := range map[string]error{"save": session.Save(t.Context()), "cycle": session.CycleKey(t.Context())} {
			if !errors.Is(call, djangosession.ErrUnknownFormat) || !errors.Is(call, djangosession.ErrOutdatedSettings) {
				t.Errorf("%s returns %v", name, call)
			}
		}
		if s.engine.saves.Load()+s.engine.creates.Load() != 0 {
			t.Error("something was stored")
		}
		must(session.Create(t.Context()))
		if session.Key() == key {
			t.Error("create kept the key")
		}
		s.use(func(o *djangosession.Options) { o.StrictLoad = true })
		if _, err := s.Load(t.Context(), key); !errors.Is(err, djangosession.ErrUnknownFormat) {
			t.Errorf("a strict load returns %v", err)
		}
	}
}

// movingEngine chooses the keys itself, as an engine in cookies does.
type movingEngine struct{ *spy }

func TestCycleAdoptsTheKeyThatTheEngineChooses(t *testing.T) {
	s := newShop(t, "6.1", nil)
	engine := movingEngine{s.engine}
	manager, err := djangosession.NewManager(engine, s.settings, s.options)
	must(err)
	session := manager.New()
	session.Set("n", 1)
	must(session.Save(t.Context()))
	must(session.CycleKey(t.Context()))
	if _, _, ok := s.engine.Row(session.Key()); !ok || !strings.HasPrefix(session.Key(), "engine") {
		t.Error("the session has another key than the engine")
	}
}

func (e movingEngine) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	return e.spy.Cycle(ctx, old, func(r *djangosession.Record) error {
		err := change(r)
		r.Key = "engine" + r.Key
		return err
	})
}
