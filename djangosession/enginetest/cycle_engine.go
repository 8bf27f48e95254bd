package enginetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func engineCycleTests() []test {
	return []test{
		{"a change of key that is refused changes nothing", needStore, testCycleRefused},
		{"a change of key refuses a session that is gone", needStore, testCycleOfNothing},
		{"a change of key is told that the data is damaged", needText, testCycleCorrupt},
		{"the key of a session that has expired and is there is changed", needStore | needClock | needExpired, testCycleExpired},
		{"a context that ends during a change of key leaves all or nothing", needStore, testCycleEndedContext},
		{"of many changes of one key one finds the session", needStore, testCycleRace},
		{"a session whose change of key failed is what it was", needStore, testCycleFailed},
		{"a session whose change of key may have happened revives nothing", needStore, testCycleUnknown},
	}
}

// renamed returns a change to a record that gives it this key and these values.
func (s *suite) renamed(key string, values map[string]any) func(*djangosession.Record) error {
	return func(r *djangosession.Record) error {
		*r = *s.record(key, values)
		return nil
	}
}

func testCycleRefused(t *testing.T, s *suite) {
	values := map[string]any{"a": 1}
	key, taken := s.created(t, values).Key(), s.created(t, map[string]any{"b": 1}).Key()
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		change func(*djangosession.Record) error
		want   error
	}{
		"an error of change": {change: func(r *djangosession.Record) error {
			*r = *s.record(djangosession.NewKey(), nil)
			return refused
		}, want: refused},
		"a taken key":  {change: s.renamed(taken, nil), want: djangosession.ErrKeyTaken},
		"the same key": {change: s.renamed(key, nil), want: djangosession.ErrKeyTaken},
		"no key":       {change: s.renamed("", nil), want: djangosession.ErrBadKey},
		"a bad key":    {change: s.renamed("null\x00byte-in-the-key", nil), want: djangosession.ErrBadKey},
		"no data": {change: func(r *djangosession.Record) error {
			*r = djangosession.Record{Key: djangosession.NewKey(), ExpireDate: r.ExpireDate}
			return nil
		}},
		"what is not stored": {change: func(r *djangosession.Record) error {
			*r = *s.unstorableRecord(djangosession.NewKey())
			return nil
		}},
	} {
		before := s.count(t)
		if err := s.Engine.Cycle(t.Context(), key, c.change); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		s.wantValues(t, key, values)
		s.wantValues(t, taken, map[string]any{"b": 1})
		if n := s.count(t); n != before {
			t.Errorf("%s: %d sessions, before %d", name, n, before)
		}
	}
}

func testCycleOfNothing(t *testing.T, s *suite) {
	witness := s.created(t, map[string]any{"a": 1}).Key()
	for _, old := range append(hostileKeys(), djangosession.NewKey()) {
		before := s.count(t)
		err := s.Engine.Cycle(t.Context(), old, func(*djangosession.Record) error {
			t.Errorf("Cycle(%.20q) found a session", old)
			return nil
		})
		if !errors.Is(err, djangosession.ErrSessionGone) || s.count(t) != before {
			t.Errorf("Cycle(%.20q): error %v, want ErrSessionGone", old, err)
		}
	}
	s.wantValues(t, witness, map[string]any{"a": 1})
}

func testCycleCorrupt(t *testing.T, s *suite) {
	old, key := djangosession.NewKey(), djangosession.NewKey()
	if !s.setRow(t, old, "garbage") {
		t.Fatal("the store does not take plain text")
	}
	err := s.Engine.Cycle(t.Context(), old, func(r *djangosession.Record) error { return r.Err })
	if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok {
		t.Errorf("error %v, want a DecodeError", err)
	}
	err = s.Engine.Cycle(t.Context(), old, func(r *djangosession.Record) error {
		if r.Data != nil {
			t.Error("garbage has data")
		}
		return s.renamed(key, map[string]any{"a": 1})(r)
	})
	if err != nil {
		t.Error(err)
	}
	s.wantMissing(t, old)
	s.wantValues(t, key, map[string]any{"a": 1})
}

func testCycleExpired(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"a": 1})
	old := session.Key()
	s.clock.Set(s.start.Add(2 * s.settings.SessionCookieAge))
	if err := session.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantMissing(t, old)
	s.wantValues(t, session.Key(), map[string]any{"a": 1})
}

func testCycleEndedContext(t *testing.T, s *suite) {
	values := map[string]any{"a": 1}
	for range 5 {
		old, key := s.created(t, values).Key(), djangosession.NewKey()
		before := s.count(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Engine.Cycle(ctx, old, func(r *djangosession.Record) error {
			cancel()
			return s.renamed(key, map[string]any{"b": 2})(r)
		})
		switch {
		case err == nil:
			s.wantMissing(t, old)
			s.wantValues(t, key, map[string]any{"b": 2})
		case !errors.Is(err, context.Canceled):
			t.Errorf("error %v, want the context's", err)
		default:
			s.wantMissing(t, key)
			s.wantValues(t, old, values)
		}
		if n := s.count(t); n != before {
			t.Errorf("%d sessions, before %d", n, before)
		}
		err = s.Engine.Cycle(ctx, old, func(*djangosession.Record) error {
			t.Error("the context has ended")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	}
}

func testCycleRace(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"a": 1}).Key()
	sessions := make([]*djangosession.Session, workers)
	for i := range sessions {
		sessions[i] = s.loaded(t, key)
	}
	before := s.count(t)
	var won atomic.Int64
	parallel(func(i int) {
		switch err := sessions[i].CycleKey(t.Context()); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, djangosession.ErrSessionGone):
			t.Error(err)
		}
	})
	if n := s.count(t); won.Load() != 1 || n != before {
		t.Errorf("%d have the session, %d sessions, before %d", won.Load(), n, before)
	}
	s.wantMissing(t, key)
}

var errLost = errors.New("the connection broke")

// breaking is an engine whose connection breaks during a key change: before it takes
// effect, or after.
type breaking struct {
	djangosession.Engine

	before, after bool
}

func (b *breaking) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	err := b.Engine.Cycle(ctx, old, func(r *djangosession.Record) error {
		err := change(r)
		if b.before && err == nil {
			err = errLost
		}
		return err
	})
	if b.after && err == nil {
		return errLost
	}
	return err
}

// onBreaking loads the session with this key through an engine that breaks, and changes
// it.
func (s *suite) onBreaking(t *testing.T, key string, b *breaking, merge bool) *djangosession.Session {
	t.Helper()
	b.Engine = s.Engine
	sessions := s.newManager(t, b, djangosession.Options{})
	if merger, ok := s.Engine.(djangosession.Merger); ok && merge {
		sessions = s.newManager(t, struct {
			*breaking
			merging
		}{b, merging{merger}}, djangosession.Options{MergeSaves: true})
	}
	session, err := sessions.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// merging adds a Merge method to an engine.
type merging struct{ merger djangosession.Merger }

func (m merging) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	return m.merger.Merge(ctx, key, change)
}

func testCycleFailed(t *testing.T, s *suite) {
	for _, merge := range []bool{false, true} {
		for _, modified := range []bool{false, true} {
			key := s.created(t, map[string]any{"a": 1}).Key()
			b := &breaking{before: true}
			mine := s.onBreaking(t, key, b, merge)
			if modified {
				mine.Set("b", 2)
			}
			before := s.count(t)
			for range 2 {
				if err := mine.CycleKey(t.Context()); !errors.Is(err, errLost) || mine.Key() != key || mine.Modified() != modified {
					t.Errorf("error %v, key changed: %v, modified: %v", err, mine.Key() != key, mine.Modified())
				}
			}
			if n := s.count(t); n != before {
				t.Errorf("%d sessions, before %d", n, before)
			}
			s.wantValues(t, key, map[string]any{"a": 1})
			b.before = false
			mine.Set("c", 3)
			if err := mine.CycleKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"a": 1, "c": 3}
			if modified {
				want["b"] = 2
			}
			s.wantValues(t, mine.Key(), want)
		}
	}
}

func testCycleUnknown(t *testing.T, s *suite) {
	for _, merge := range []bool{false, true} {
		before := s.count(t)
		key := s.created(t, map[string]any{"a": 1}).Key()
		b := &breaking{after: true}
		mine := s.onBreaking(t, key, b, merge)
		if err := mine.CycleKey(t.Context()); !errors.Is(err, errLost) || mine.Key() != key || mine.Modified() {
			t.Errorf("error %v, key changed: %v", err, mine.Key() != key)
		}
		s.wantMissing(t, key)
		mine.Set("b", 2)
		for name, err := range map[string]error{
			"Save": mine.Save(t.Context()), "CycleKey": mine.CycleKey(t.Context()),
		} {
			if !errors.Is(err, djangosession.ErrSessionGone) || mine.Key() != key {
				t.Errorf("%s: error %v, want ErrSessionGone", name, err)
			}
		}
		if err := mine.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if n := s.count(t); n != before {
			t.Errorf("%d sessions after the logout, before %d", n, before)
		}
	}
}
