package enginetest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

func faultTests() []test {
	return []test{
		{"damaged data is reported and stays as it is", needText, testCorrupt},
		{"damaged data is overwritten by a save, as in Django", needText, testCorruptSave},
		{"damaged data makes a strict manager fail", needText, testStrict},
		{"a context that has ended changes nothing", needStore, testEndedContext},
		{"a value that cannot be stored changes nothing", needStore, testUnstorable},
	}
}

// corruptRows returns texts that do not decode, with the errors.
func corruptRows() map[string]djangosession.DecodeError {
	return map[string]djangosession.DecodeError{
		"":              {Reason: signing.Malformed},
		"not a session": {Reason: signing.Malformed},
		"{}":            {Reason: signing.Malformed},
		"e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8": {Reason: signing.BadSignature}, // signed with another key
		"\xff\xfe\x00:a:b": {Reason: signing.BadSignature},
	}
}

// setRow stores text unchanged, and reports whether the store accepts such text.
func (s *suite) setRow(t *testing.T, key, text string) bool {
	t.Helper()
	if s.SetRow == nil {
		t.Fatal("the backend has neither SetRow nor Lacks.Text")
	}
	return s.SetRow(t, key, text, s.clock.Now().Add(time.Hour))
}

func testCorrupt(t *testing.T, s *suite) {
	for text, want := range corruptRows() {
		key := djangosession.NewKey()
		if !s.setRow(t, key, text) {
			continue
		}
		var refused *djangosession.DecodeError
		if _, err := s.Engine.Load(t.Context(), key); !errors.As(err, &refused) || refused.Reason != want.Reason {
			t.Errorf("%q: error %v, want the reason %s", text, err, want.Reason)
		}
		var reported error
		sessions := s.newManager(t, s.Engine, djangosession.Options{
			Logger:      slog.New(slog.DiscardHandler),
			OnLoadError: func(_ context.Context, err error) { reported = err },
		})
		session, err := sessions.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if session.Key() != key || len(session.Keys()) != 0 || session.Modified() {
			t.Errorf("%q: not an empty session with its key", text)
		}
		if !errors.As(reported, &refused) {
			t.Errorf("%q: reported %v", text, reported)
		}
		if ok, err := s.Engine.Exists(t.Context(), key); !ok || err != nil {
			t.Errorf("%q: loading removed it (%v)", text, err)
		}
	}
}

func testCorruptSave(t *testing.T, s *suite) {
	key := djangosession.NewKey()
	if !s.setRow(t, key, "garbage") {
		t.Fatal("the store does not take plain text")
	}
	s.use(t, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
	session := s.loaded(t, key)
	session.Set("a", 1)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"a": 1})
}

func testStrict(t *testing.T, s *suite) {
	key := djangosession.NewKey()
	if !s.setRow(t, key, "garbage") {
		t.Fatal("the store does not take plain text")
	}
	s.use(t, djangosession.Options{StrictLoad: true})
	var refused *djangosession.DecodeError
	if _, err := s.sessions.Load(t.Context(), key); !errors.As(err, &refused) {
		t.Errorf("error %v, want a DecodeError", err)
	}
}

func testEndedContext(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"a": 1}).Key()
	s.ending(t, s.start.Add(-time.Hour))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelLate()
	for _, c := range []struct {
		ctx  context.Context //nolint:containedctx // the case
		want error
	}{{canceled, context.Canceled}, {late, context.DeadlineExceeded}} {
		fresh := djangosession.NewKey()
		_, loadErr := s.Engine.Load(c.ctx, key)
		_, existsErr := s.Engine.Exists(c.ctx, key)
		_, clearErr := s.Engine.ClearExpired(c.ctx, djangosession.ClearOptions{})
		_, dryErr := s.Engine.ClearExpired(c.ctx, djangosession.ClearOptions{DryRun: true})
		for what, err := range map[string]error{
			"Load": loadErr, "Exists": existsErr, "ClearExpired": clearErr, "ClearExpired, dry": dryErr,
			"Create": s.Engine.Create(c.ctx, s.record(fresh, nil)),
			"Save":   s.Engine.Save(c.ctx, s.record(key, nil)),
			"Delete": s.Engine.Delete(c.ctx, key),
		} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: error %v, want %v", what, err, c.want)
			}
		}
		s.wantMissing(t, fresh)
	}
	s.wantValues(t, key, map[string]any{"a": 1})
	want := int64(1)
	if s.Lacks.Clear {
		want = 0
	}
	if n, err := s.Engine.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true}); n != want || err != nil {
		t.Errorf("%d expired sessions are left (%v), want %d", n, err, want)
	}
}

func testUnstorable(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"a": 1}).Key()
	for _, value := range []any{make(chan int), unstorable{}} {
		session := s.loaded(t, key)
		session.Set("a", 2)
		session.Set("bad", value)
		var bad *djangosession.ValueError
		if err := session.Save(t.Context()); !errors.As(err, &bad) || bad.Name != "bad" {
			t.Errorf("error %v, want a ValueError", err)
		}
	}
	s.wantValues(t, key, map[string]any{"a": 1})
	fresh := s.unstorableRecord(djangosession.NewKey())
	if err := s.Engine.Create(t.Context(), fresh); err == nil {
		t.Error("Create: no error")
	}
	s.wantMissing(t, fresh.Key)
}

// unstorable is a value that a session accepts and that no engine can store.
type unstorable struct{}

// Resolve implements [py.Lazy].
func (unstorable) Resolve() any { return make(chan int) }

// unstorableRecord returns a record with such a value.
func (s *suite) unstorableRecord(key string) *djangosession.Record {
	r := s.record(key, nil)
	r.Data.Set("bad", unstorable{})
	return r
}
