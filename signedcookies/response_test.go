package signedcookies_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signedcookies"
)

// The cookie of {"a": 1}, signed by Django 4.2.30 at the start of the tests.
const one = "eyJhIjoxfQ:1r31eq:AJu16St_lXmPR35BcDlMtqC8Z-L-JTNezUHSXtss5hs"

var (
	signed = at(1700000000.5)
	later  = signed.Add(100 * time.Second)
	end    = signed.Add(14 * 24 * time.Hour) // when that cookie is too old
)

// shop is a site whose sessions are in cookies.
type shop struct {
	engine   *signedcookies.Engine
	sessions *djangosession.Manager
	options  djangosession.Options
	now      time.Time
	errs     []error
}

func newShop(t *testing.T, change func(*djangosession.Settings, *djangosession.Options)) *shop {
	t.Helper()
	s := &shop{now: later}
	set := settings(t, "6.1.3", nil)
	set.Now, set.ExportedAt = func() time.Time { return s.now }, end
	s.options = djangosession.Options{
		Logger:  slog.New(slog.DiscardHandler),
		OnError: func(_ context.Context, err error) { s.errs = append(s.errs, err) },
	}
	if change != nil {
		change(&set, &s.options)
	}
	s.engine = newEngine(t, set)
	var err error
	if s.sessions, err = djangosession.NewManager(s.engine, set, s.options); err != nil {
		t.Fatal(err)
	}
	return s
}

// visit sends a request with this cookie, or none if it is "", and returns the response.
func (s *shop) visit(t *testing.T, cookie string, use func(http.ResponseWriter, *http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	if cookie != "" {
		r.Header.Set("Cookie", "sessionid="+cookie)
	}
	s.sessions.Middleware(http.HandlerFunc(use)).ServeHTTP(w, r)
	return w
}

// shown describes the session cookie of a response: "none", "deletion", or the values in
// it, which are signed now.
func (s *shop) shown(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	cookies := cookiesOf(w)
	switch {
	case len(cookies) == 0:
		return "none"
	case len(cookies) > 1 || cookies[0].Name != "sessionid":
		return fmt.Sprint(cookies)
	case cookies[0].Value == "":
		return "deletion"
	}
	record, err := s.engine.Load(t.Context(), cookies[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(cookies[0].Value, ":")
	if want := s.engineStamp(t); parts[1] != want {
		t.Errorf("the cookie is of %s, want %s", parts[1], want)
	}
	var values []string
	for name, value := range record.Data.All() {
		values = append(values, fmt.Sprintf("%v=%v", name, value))
	}
	return "{" + strings.Join(values, " ") + "}"
}

// cookiesOf returns the cookies that a response sets.
func cookiesOf(w *httptest.ResponseRecorder) (all []*http.Cookie) {
	for _, line := range w.Header()["Set-Cookie"] {
		if c, err := http.ParseSetCookie(line); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// engineStamp returns the stamp of a cookie that is signed now.
func (s *shop) engineStamp(t *testing.T) string {
	t.Helper()
	session := s.sessions.New()
	session.Set("a", 1)
	must(t, session.Save(t.Context()))
	return strings.Split(session.Key(), ":")[1]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// use is what a handler does with the session.
type use func(ctx context.Context, s *djangosession.Session) error

func read(_ context.Context, s *djangosession.Session) error    { s.Get("a"); return nil }
func set(_ context.Context, s *djangosession.Session) error     { s.Set("b", 2); return nil }
func flush(ctx context.Context, s *djangosession.Session) error { return s.Flush(ctx) }

// TestResponses holds the cookies that Django 2.2 to 6.1 set.
func TestResponses(t *testing.T) {
	t.Parallel()
	const bad, short = one + "x", "short"
	empty := func(_ context.Context, s *djangosession.Session) error { s.Clear(); return nil }
	cycle := func(ctx context.Context, s *djangosession.Session) error { return s.CycleKey(ctx) }
	create := func(ctx context.Context, s *djangosession.Session) error { return s.Create(ctx) }
	save := func(ctx context.Context, s *djangosession.Session) error { return s.Save(ctx) }
	deleted := func(ctx context.Context, s *djangosession.Session) error { return s.DeleteStored(ctx) }
	same := func(_ context.Context, s *djangosession.Session) error { s.Set("a", 1); return nil }
	expire := func(seconds int64) use {
		return func(_ context.Context, s *djangosession.Session) error { s.SetExpiry(seconds); return nil }
	}
	for _, c := range []struct {
		name   string
		cookie string
		uses   []use // nil: the session is not requested
		status int
		every  bool // SESSION_SAVE_EVERY_REQUEST
		want   string
		vary   bool
		age    string // Max-Age
	}{
		{name: "untouched", cookie: one, want: "none"},
		{name: "untouched and bad", cookie: bad, want: "none"},
		{name: "read", cookie: one, uses: []use{read}, want: "none", vary: true},
		{name: "read, bad", cookie: bad, uses: []use{read}, want: "{}", vary: true, age: "1209600"},
		{name: "read, of another engine", cookie: djangosession.NewKey(), uses: []use{read}, want: "{}", vary: true},
		{name: "read, short", cookie: short, uses: []use{read}, want: "deletion", vary: true},
		{name: "set", cookie: one, uses: []use{set}, want: "{a=1 b=2}", vary: true, age: "1209600"},
		{name: "set to the same", cookie: one, uses: []use{same}, want: "{a=1}", vary: true},
		{name: "set, bad", cookie: bad, uses: []use{set}, want: "{b=2}", vary: true},
		{name: "set, no cookie", uses: []use{set}, want: "{b=2}", vary: true},
		{name: "clear", cookie: one, uses: []use{empty}, want: "{}", vary: true},
		{name: "flush", cookie: one, uses: []use{flush}, want: "deletion", vary: true},
		{name: "delete", cookie: one, uses: []use{deleted}, want: "deletion", vary: true},
		{name: "flush and set", cookie: one, uses: []use{flush, set}, want: "{b=2}", vary: true},
		{name: "delete and set", cookie: one, uses: []use{deleted, set}, want: "{b=2}", vary: true},
		{name: "cycle_key", cookie: one, uses: []use{cycle}, want: "{a=1}", vary: true},
		{name: "cycle_key and set", cookie: one, uses: []use{cycle, set}, want: "{a=1 b=2}", vary: true},
		{name: "create", cookie: one, uses: []use{create}, want: "{a=1}", vary: true},
		{name: "create, no cookie", uses: []use{create}, want: "none"},
		{name: "create and set, no cookie", uses: []use{create, set}, want: "{b=2}", vary: true},
		{name: "save, no cookie", uses: []use{save}, want: "{}", vary: true},
		{name: "cycle_key, no cookie", uses: []use{cycle}, want: "{}", vary: true},
		{name: "expiry 3600", cookie: one, uses: []use{expire(3600)}, want: "{a=1 _session_expiry=3600}", vary: true, age: "3600"},
		{name: "expiry 0", cookie: one, uses: []use{expire(0)}, want: "{a=1 _session_expiry=0}", vary: true},
		{name: "expiry of 30 days", cookie: one, uses: []use{expire(2592000)}, want: "{a=1 _session_expiry=2592000}", vary: true, age: "2592000"},
		{name: "expiry in the past", cookie: one, uses: []use{expire(-5)}, want: "{a=1 _session_expiry=-5}", vary: true, age: "-5"},
		{name: "every request", cookie: one, every: true, want: "{a=1}", vary: true},
		{name: "every request, bad", cookie: bad, every: true, want: "{}", vary: true},
		{name: "every request, no cookie", every: true, want: "none"},
		{name: "set, 500", cookie: one, uses: []use{set}, status: 500, want: "none", vary: true},
		{name: "set and saved, 500", cookie: one, uses: []use{set, save}, status: 500, want: "none", vary: true},
		{name: "cycle_key, 503", cookie: one, uses: []use{cycle}, status: 503, want: "none", vary: true},
		{name: "read, bad, 500", cookie: bad, uses: []use{read}, status: 500, want: "none", vary: true},
		{name: "flush, 500", cookie: one, uses: []use{flush}, status: 500, want: "deletion", vary: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, func(set *djangosession.Settings, _ *djangosession.Options) { set.SessionSaveEveryRequest = c.every })
			r := s.visit(t, c.cookie, func(w http.ResponseWriter, r *http.Request) {
				for _, use := range c.uses {
					session, err := djangosession.FromContext(r.Context())
					must(t, errors.Join(err, use(r.Context(), session)))
				}
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
			})
			if got := s.shown(t, r); got != c.want {
				t.Errorf("the cookie is %s, want %s", got, c.want)
			}
			if vary := r.Header().Get("Vary") == "Cookie"; vary != c.vary {
				t.Errorf("Vary: %v, want %v", vary, c.vary)
			}
			if line := r.Header().Get("Set-Cookie"); c.age != "" && !strings.Contains(line, "; Max-Age="+c.age+";") {
				t.Errorf("Max-Age is not %s in %s", c.age, line)
			}
			if len(s.errs) > 0 {
				t.Errorf("reported %v", s.errs)
			}
		})
	}
}

// TestLateChangesAreReported is about changes that the browser cannot learn, because the
// header of the response was sent.
func TestLateChangesAreReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		uses []use
		want int
	}{
		{name: "read", uses: []use{read}},
		{name: "set", uses: []use{set}, want: 1},
		{name: "set and saved", uses: []use{set, func(ctx context.Context, s *djangosession.Session) error { return s.Save(ctx) }}, want: 1},
		{name: "saved", uses: []use{func(ctx context.Context, s *djangosession.Session) error { return s.Save(ctx) }}},
		{name: "cycled", uses: []use{func(ctx context.Context, s *djangosession.Session) error { return s.CycleKey(ctx) }}, want: 1},
		{name: "flushed", uses: []use{flush}, want: 1},
		{name: "flushed and set", uses: []use{flush, set}, want: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, nil)
			r := s.visit(t, one, func(w http.ResponseWriter, r *http.Request) {
				session, err := djangosession.FromContext(r.Context())
				must(t, err)
				session.Get("a")
				w.WriteHeader(http.StatusOK)
				for _, use := range c.uses {
					must(t, use(r.Context(), session))
				}
			})
			if got := s.shown(t, r); got != "none" {
				t.Errorf("the cookie is %s", got)
			}
			late := slices.DeleteFunc(slices.Clone(s.errs), func(err error) bool { return !errors.Is(err, djangosession.ErrHeaderSent) })
			if len(late) != c.want || len(s.errs) != c.want {
				t.Errorf("reported %v, want %d", s.errs, c.want)
			}
		})
	}
}

// TestRenewal checks when a session that is only read gets a new cookie.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		expiry any
		after  time.Duration
		want   bool
	}{
		{name: "young", after: 6 * 24 * time.Hour},
		{name: "old", after: 8 * 24 * time.Hour, want: true},
		{name: "an hour, young", expiry: int64(3600), after: 29 * time.Minute},
		{name: "an hour, old", expiry: int64(3600), after: 31 * time.Minute, want: true},
		{name: "a month, young", expiry: int64(2592000), after: 6 * 24 * time.Hour},
		{name: "a month, old", expiry: int64(2592000), after: 8 * 24 * time.Hour, want: true},
		{name: "a date", expiry: "2023-11-15T22:13:20+00:00", after: 23 * time.Hour},
		{name: "a date after the age, young", expiry: "2024-11-15T22:13:20+00:00", after: 6 * 24 * time.Hour},
		{name: "a date after the age, old", expiry: "2024-11-15T22:13:20+00:00", after: 8 * 24 * time.Hour, want: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, useTZ := range []bool{true, false} {
				if text, isText := c.expiry.(string); isText && !useTZ {
					c.expiry = strings.TrimSuffix(text, "+00:00")
				}
				s := newShop(t, func(set *djangosession.Settings, o *djangosession.Options) {
					o.RenewBelow, set.UseTZ = 0.5, useTZ
				})
				s.now = signed
				session := s.sessions.New()
				session.Set("a", 1)
				if c.expiry != nil {
					session.Set(djangosession.ExpiryName, c.expiry)
				}
				must(t, session.Save(t.Context()))
				s.now = signed.Add(c.after)
				r := s.visit(t, session.Key(), func(_ http.ResponseWriter, r *http.Request) {
					_, err := djangosession.FromContext(r.Context())
					must(t, err)
				})
				if renewed := s.shown(t, r) != "none"; renewed != c.want {
					t.Errorf("USE_TZ %v: renewed %v, want %v", useTZ, renewed, c.want)
				}
			}
		})
	}
}

// TestNothingIsStored covers what needs a store.
func TestNothingIsStored(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	if ok, err := s.sessions.Exists(t.Context(), one); ok || err != nil {
		t.Errorf("exists: %v, %v", ok, err)
	}
	if err := s.sessions.Delete(t.Context(), one); !errors.Is(err, djangosession.ErrStateless) {
		t.Errorf("delete: %v", err)
	}
	if n, err := s.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
		t.Errorf("clear: %d, %v", n, err)
	}
	for _, err := range s.sessions.Records(t.Context()) {
		if !errors.Is(err, djangosession.ErrStateless) || !errors.Is(err, djangosession.ErrNoList) {
			t.Errorf("list: %v", err)
		}
	}
	set := settings(t, "6.1.3", nil)
	if _, err := djangosession.NewManager(s.engine, set, djangosession.Options{MergeSaves: true}); !errors.Is(err, djangosession.ErrNoMerge) {
		t.Errorf("merge: %v", err)
	}
	if err := s.engine.Create(t.Context(), &djangosession.Record{}); !errors.Is(err, djangosession.ErrNoData) {
		t.Errorf("no data: %v", err)
	}
}
