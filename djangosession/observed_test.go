package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
)

// observedCalls records the events of a manager as words.
type observedCalls struct {
	words []string
	odd   []string // events with a time that cannot be right
}

func (c *observedCalls) hooks(o *djangosession.Options) {
	began := time.Now()
	inTime := func(start time.Time, took time.Duration) bool {
		return took >= 0 && !start.Before(began) && !start.Add(took).After(time.Now())
	}
	o.OnLoad = func(_ context.Context, e djangosession.LoadEvent) {
		c.words = append(c.words, "load "+string(e.Outcome))
		if !inTime(e.Start, e.Duration) {
			c.odd = append(c.odd, c.words[len(c.words)-1])
		}
	}
	o.OnStore = func(_ context.Context, e djangosession.StoreEvent) {
		c.words = append(c.words, fmt.Sprintf("%s %s %d", e.Operation, e.Outcome, e.Attempts))
		if !inTime(e.Start, e.Duration) {
			c.odd = append(c.odd, c.words[len(c.words)-1])
		}
	}
}

func (c *observedCalls) take() string {
	words := strings.Join(c.words, ", ")
	c.words = nil
	return words
}

func TestCallsToTheEngineAreObserved(t *testing.T) {
	t.Parallel()
	set := func(s *djangosession.Session, _ context.Context) error { s.Set("n", "new"); return nil }
	for _, c := range []struct {
		name  string
		spoil func(s *shop, key string)
		new   bool // the request has no cookie
		use   func(s *djangosession.Session, ctx context.Context) error
		merge bool
		want  string
	}{
		{name: "untouched", want: ""},
		{name: "read", use: func(s *djangosession.Session, _ context.Context) error { s.Get("n"); return nil }, want: "load ok"},
		{name: "set", use: set, want: "load ok, save ok 1"},
		{name: "set and merged", use: set, merge: true, want: "load ok, merge ok 1"},
		{name: "missing", spoil: func(s *shop, key string) { _ = s.engine.Engine.Delete(t.Context(), key) }, use: set, want: "load missing, create ok 1"},
		{name: "no cookie", new: true, use: set, want: "create ok 1"},
		{name: "corrupt", spoil: func(s *shop, key string) { s.engine.SetRow(key, "garbage", noon.Add(time.Hour)) }, use: set, want: "load corrupt, save ok 1"},
		{name: "cycle", use: (*djangosession.Session).CycleKey, want: "load ok, cycle_key ok 1, save ok 1"},
		{name: "flush", use: (*djangosession.Session).Flush, want: "load ok, delete ok 1"},
		{name: "unreachable", spoil: func(s *shop, _ string) { s.engine.saveErr = errBroken }, use: set, want: "load ok, save failed 1"},
		{name: "disconnected", spoil: func(s *shop, _ string) { s.engine.saveErr = context.Canceled }, use: set, want: "load ok, save canceled 1"},
		{name: "gone", use: func(s *djangosession.Session, ctx context.Context) error {
			s.Set("n", "new")
			return s.DeleteStored(ctx)
		}, want: "load ok, delete ok 1, save gone 1"},
		{name: "gone before a cycle", use: func(s *djangosession.Session, ctx context.Context) error {
			_ = s.DeleteStored(ctx)
			if err := s.CycleKey(ctx); !errors.Is(err, djangosession.ErrSessionGone) {
				t.Error(err)
			}
			return nil
		}, want: "load ok, delete ok 1, cycle_key gone 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "6.1", nil)
			calls := &observedCalls{}
			key := s.visitor(map[string]any{"n": "old"})
			s.use(calls.hooks)
			s.use(func(o *djangosession.Options) { o.MergeSaves = c.merge })
			if c.spoil != nil {
				c.spoil(s, key)
			}
			cookie := "sessionid=" + key
			if c.new {
				cookie = ""
			}
			s.visit(cookie, func(_ http.ResponseWriter, r *http.Request) {
				if c.use != nil {
					if err := c.use(s.session(r), r.Context()); err != nil {
						t.Error(err)
					}
				}
			})
			if got := calls.take(); got != c.want || len(calls.odd) > 0 {
				t.Errorf("observed %q, want %q; at odd times: %q", got, c.want, calls.odd)
			}
		})
	}
}

// contended is an engine in which another writer comes first, twice.
type contended struct{ *memory.Engine }

func (e contended) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	for range 2 {
		if err := change(&djangosession.Record{Key: key, Data: py.NewDict(0)}); err != nil {
			return err
		}
	}
	return e.Engine.Merge(ctx, key, change)
}

func TestConflictsAreCountedAsAttempts(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	calls, options := &observedCalls{}, djangosession.Options{MergeSaves: true}
	calls.hooks(&options)
	m, err := djangosession.NewManager(contended{s.engine.Engine}, s.settings, options)
	if err != nil {
		t.Fatal(err)
	}
	session, err := m.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	session.Set("n", "new")
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := calls.take(); got != "load ok, merge ok 3" {
		t.Errorf("observed %q", got)
	}
}

// TestOutdatedSettingsAreObserved has a session signed with a key that the service does
// not know, after its settings were exported.
func TestOutdatedSettingsAreObserved(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", func(s *djangosession.Settings) { s.ExportedAt = noon.Add(-time.Hour) })
	other := newShop(t, "6.1", func(s *djangosession.Settings) { s.SecretKey = "another" })
	key := other.visitor(map[string]any{"n": "old"})
	text, ends, _ := other.engine.Row(key)
	s.engine.SetRow(key, text, ends)
	calls := &observedCalls{}
	s.use(calls.hooks)
	if _, err := s.Load(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), key); err != nil {
		t.Error(err)
	}
	if got := calls.take(); got != "load outdated, delete ok 1" {
		t.Errorf("observed %q", got)
	}
}

// onlyEngine hides the capabilities of an engine.
type onlyEngine struct{ djangosession.Engine }

// TestObservedEnginesKeepTheirCapabilities lists and renews sessions of engines that can
// list and merge, and of one that cannot.
func TestObservedEnginesKeepTheirCapabilities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		hide   bool
		listed bool
		want   string
	}{
		{name: "all of them", listed: true, want: "load ok, merge ok 1"},
		{name: "none", hide: true, want: "load ok, save ok 1"},
	} {
		s := newShop(t, "6.1", nil)
		key := s.visitor(map[string]any{"n": "old"})
		var engine djangosession.Engine = s.engine
		if c.hide {
			engine = onlyEngine{s.engine}
		}
		calls, options := &observedCalls{}, djangosession.Options{RenewBelow: 1}
		calls.hooks(&options)
		m, err := djangosession.NewManager(engine, s.settings, options)
		if err != nil {
			t.Fatal(err)
		}
		s.Manager = m
		s.wait(time.Hour)
		s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) { s.session(r).Get("n") })
		if got := calls.take(); got != c.want {
			t.Errorf("%s: observed %q, want %q", c.name, got, c.want)
		}
		listed := false
		for r, err := range m.Records(t.Context()) {
			if err != nil && !errors.Is(err, djangosession.ErrNoList) {
				t.Error(err)
			}
			listed = listed || r != nil
		}
		if listed != c.listed {
			t.Errorf("%s: listed %v", c.name, listed)
		}
		if n, err := m.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
			t.Errorf("%s: cleared %d, %v", c.name, n, err)
		}
	}
}

// TestReadOnlyManagersAreObserved checks that a refusal is not a failure.
func TestReadOnlyManagersAreObserved(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	calls := &observedCalls{}
	s.use(calls.hooks)
	s.use(func(o *djangosession.Options) { o.ReadOnly = true })
	if err := s.Delete(t.Context(), key); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Error(err)
	}
	if got := calls.take(); got != "delete refused 1" {
		t.Errorf("observed %q", got)
	}
}
