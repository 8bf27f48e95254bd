package djangosession_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// plainEngine is an engine that can neither merge nor list.
type plainEngine struct{ djangosession.Engine }

func TestMergingNeedsAMerger(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	store, err := memory.New(settings)
	must(err)
	o := djangosession.Options{MergeSaves: true}
	if m, err := djangosession.NewManager(plainEngine{store}, settings, o); m != nil || !errors.Is(err, djangosession.ErrNoMerge) {
		t.Errorf("error %v, want ErrNoMerge", err)
	}
	o.ReadOnly = true // before the merge
	if _, err := djangosession.NewManager(plainEngine{store}, settings, o); err != nil {
		t.Error(err)
	}
}

func TestListingNeedsALister(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	store, err := memory.New(settings)
	must(err)
	for _, readOnly := range []bool{false, true} {
		o := djangosession.Options{ReadOnly: readOnly}
		m, err := djangosession.NewManager(plainEngine{store}, settings, o)
		must(err)
		count := 0
		for r, err := range m.Records(t.Context()) {
			count++
			if r != nil || !errors.Is(err, djangosession.ErrNoList) {
				t.Errorf("listed %v, %v", r, err)
			}
		}
		if count != 1 {
			t.Errorf("read-only %v: %d errors", readOnly, count)
		}
		m, err = djangosession.NewManager(store, settings, o)
		must(err)
		for _, err := range m.Records(t.Context()) {
			t.Errorf("an empty store: %v", err)
		}
	}
}

func TestManagersNeedAnEngineAndSettings(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	if m, err := djangosession.NewManager(nil, settings, djangosession.Options{}); err == nil || m != nil {
		t.Errorf("without an engine: %v", err)
	}
	store, err := memory.New(settings)
	must(err)
	if m, err := djangosession.NewManager(store, djangosession.Settings{}, djangosession.Options{}); !errors.Is(err, djangosession.ErrIncompleteSettings) || m != nil {
		t.Errorf("without settings: %v", err)
	}
}

// failing is an engine whose methods all fail.
type failing struct{ err error }

func (e failing) Load(context.Context, string) (*djangosession.Record, error) { return nil, e.err }

func (e failing) Exists(context.Context, string) (bool, error)        { return false, e.err }
func (e failing) Create(context.Context, *djangosession.Record) error { return e.err }
func (e failing) Save(context.Context, *djangosession.Record) error   { return e.err }
func (e failing) Delete(context.Context, string) error                { return e.err }
func (e failing) Merge(context.Context, string, func(*djangosession.Record) error) error {
	return e.err
}

func (e failing) Cycle(context.Context, string, func(*djangosession.Record) error) error {
	return e.err
}

func (e failing) ClearExpired(context.Context, djangosession.ClearOptions) (int64, error) {
	return 3, e.err
}

func (e failing) Records(context.Context) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) { yield(nil, e.err) }
}

const someKey = "abcdefghijklmnopqrstuvwxyz012345"

// TestErrorsOfTheEngineReachTheCaller checks that every call returns the engine's error.
func TestErrorsOfTheEngineReachTheCaller(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		settings := djangosession.NewSettings("key")
		store, err := memory.New(settings)
		must(err)
		working, err := djangosession.NewManager(store, settings, djangosession.Options{})
		must(err)
		m, err := djangosession.NewManager(failing{errBroken}, settings, djangosession.Options{MergeSaves: merge})
		must(err)
		ctx := t.Context()
		for name, call := range map[string]func() error{
			"Manager.Load":         func() error { _, err := m.Load(ctx, someKey); return err },
			"Manager.Exists":       func() error { _, err := m.Exists(ctx, someKey); return err },
			"Manager.Delete":       func() error { return m.Delete(ctx, someKey) },
			"Manager.ClearExpired": func() error { _, err := m.ClearExpired(ctx, djangosession.ClearOptions{}); return err },
			"Manager.Records": func() error {
				for _, err := range m.Records(ctx) {
					return err
				}
				return nil
			},
			"Session.Load":   func() error { return m.Open(someKey).Load(ctx) },
			"Session.Exists": func() error { _, err := m.New().Exists(ctx, someKey); return err },
			"Save of a new session": func() error {
				s := m.New()
				err := s.Save(ctx)
				if s.Key() != "" || s.Modified() {
					t.Error("it has a key, or is modified")
				}
				return err
			},
			"Save": func() error {
				s := m.Open(someKey)
				s.Clear()
				return s.Save(ctx)
			},
			"SaveMustCreate of a new session": func() error { return m.New().SaveMustCreate(ctx) },
			"SaveMustCreate":                  func() error { return m.Open(someKey).SaveMustCreate(ctx) },
			"Create":                          func() error { return m.New().Create(ctx) },
			"DeleteStored":                    func() error { return m.Open(someKey).DeleteStored(ctx) },
			"Flush": func() error {
				s := m.Open(someKey)
				err := s.Flush(ctx)
				if s.Key() != someKey {
					t.Error("the key is gone, but the session is still stored")
				}
				return err
			},
			"CycleKey": func() error {
				s := m.Open(someKey)
				s.Clear()
				err := s.CycleKey(ctx)
				if s.Key() != someKey {
					t.Error("the key was changed")
				}
				return err
			},
			"CycleKey of a new session": func() error { return m.New().CycleKey(ctx) },
		} {
			if err := call(); !errors.Is(err, errBroken) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if n, err := m.ClearExpired(ctx, djangosession.ClearOptions{}); n != 3 || !errors.Is(err, errBroken) {
			t.Errorf("ClearExpired: %d, %v", n, err)
		}
		if err := working.New().DeleteStored(ctx); err != nil {
			t.Errorf("DeleteStored of a new session: %v", err)
		}
	}
}

// TestNewKeysAreSoughtForAWhile has an engine in which every key is taken.
func TestNewKeysAreSoughtForAWhile(t *testing.T) {
	t.Parallel()
	m, err := djangosession.NewManager(failing{djangosession.ErrKeyTaken}, djangosession.NewSettings("key"), djangosession.Options{})
	must(err)
	for name, create := range map[string]func(*djangosession.Session) error{
		"Create":   func(s *djangosession.Session) error { return s.Create(t.Context()) },
		"Save":     func(s *djangosession.Session) error { return s.Save(t.Context()) },
		"CycleKey": func(s *djangosession.Session) error { return s.CycleKey(t.Context()) },
	} {
		s := m.New()
		if err := create(s); err == nil || errors.Is(err, djangosession.ErrKeyTaken) || s.Key() != "" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestCallsWaitForEachOther ends the context of calls that wait for another one.
func TestCallsWaitForEachOther(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	store, err := memory.New(settings)
	must(err)
	engine := &spy{Engine: store}
	m, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	must(err)
	s := m.New()
	must(s.Save(t.Context()))
	entered, leave := make(chan struct{}), make(chan struct{})
	engine.mu.Lock()
	engine.saveWait = func(context.Context) error {
		close(entered)
		<-leave
		return nil
	}
	engine.mu.Unlock()
	first := make(chan error)
	go func() { first <- s.Save(t.Context()) }()
	<-entered
	for name, call := range map[string]func(context.Context) error{
		"Load": s.Load, "Save": s.Save, "SaveMustCreate": s.SaveMustCreate, "Create": s.Create, "Flush": s.Flush,
		"CycleKey": s.CycleKey,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v", name, err)
		}
		cancel()
	}
	engine.mu.Lock()
	engine.saveWait = nil
	engine.mu.Unlock()
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := s.Save(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestLiveSessionsAreAskedForOnce checks that a deleted session stays deleted, whatever
// is tried.
func TestLiveSessionsAreAskedForOnce(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	s.Set("a", 1)
	must(s.Save(t.Context()))
	key := s.Key()
	must(m.Delete(t.Context(), key))
	for range 2 {
		if err := s.CycleKey(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) || s.Key() != key {
			t.Errorf("error %v", err)
		}
	}
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("Save: %v", err)
	}
	must(s.Flush(t.Context()))
	s.Set("a", 2)
	if err := s.Save(t.Context()); err != nil || s.Key() == key || s.Key() == "" {
		t.Errorf("a new one: %v", err)
	}
}
