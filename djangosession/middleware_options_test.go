package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// TestRenewsWhenLittleIsLeft follows a session that is used but never changed through its
// life.
func TestRenewsWhenLittleIsLeft(t *testing.T) {
	const day = 24 * time.Hour
	read := func(s *djangosession.Session) { s.Get("n") }
	for _, c := range []struct {
		name    string
		release string // 6.1 if empty
		below   float64
		expire  func(*djangosession.Session)
		use     func(*djangosession.Session)
		renewed []int // on which of the days 1 to 14
	}{
		{name: "off", use: read},
		{name: "half of two weeks", below: 0.5, use: read, renewed: []int{8}},
		{name: "nine tenths", below: 0.9, use: read, renewed: []int{2, 4, 6, 8, 10, 12, 14}},
		{name: "only loaded", below: 0.5, use: func(*djangosession.Session) {}, renewed: []int{8}},
		{name: "only loaded, in a release that forgets Vary", release: "4.2", below: 0.5, use: func(*djangosession.Session) {}, renewed: []int{8}},
		{name: "not used", below: 0.5},
		{name: "an expiry of its own", below: 0.5, use: read, expire: func(s *djangosession.Session) { s.SetExpiry(4 * 86400) }, renewed: []int{3, 6, 9, 12}},
		{name: "until the browser closes", below: 0.5, use: read, expire: func(s *djangosession.Session) { s.SetExpiry(0) }, renewed: []int{8}},
		{name: "a date to end at", below: 0.5, use: read, expire: func(s *djangosession.Session) { s.SetExpiryTime(noon.Add(20 * day)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			release := "6.1"
			if c.release != "" {
				release = c.release
			}
			s := newShop(t, release, nil)
			s.use(func(o *djangosession.Options) { o.RenewBelow = c.below })
			first := s.visit("", func(_ http.ResponseWriter, r *http.Request) {
				session := s.session(r)
				session.Set("n", "old")
				if c.expire != nil {
					c.expire(session)
				}
			})
			_, key := setCookie(t, first.Header)
			s.told()
			var renewed []int
			for n := 1; n <= 14; n++ {
				s.wait(day)
				r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
					if c.use != nil {
						c.use(s.session(r))
					}
				})
				set, _ := setCookie(t, r.Header)
				_, events := s.told()
				wrote := len(events) == 1 && events[0].Reason == djangosession.SaveRenewed
				if wrote != (set != "") || wrote && r.Header.Get("Vary") != "Cookie" {
					t.Errorf("day %d: %v, Set-Cookie %q, Vary %q", n, events, set, r.Header.Get("Vary"))
				}
				if wrote {
					renewed = append(renewed, n)
				}
				if c.name == "off" && n == 13 {
					break // it does not exist on the next day
				}
			}
			if fmt.Sprint(renewed) != fmt.Sprint(c.renewed) {
				t.Errorf("renewed on the days %v, want %v", renewed, c.renewed)
			}
		})
	}
}

func TestPartitionedCookies(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.Partitioned = true })
	set, _ := setCookie(t, s.visit("", func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", 1) }).Header)
	if want := "sessionid=<key>; expires=Tue, 28 Nov 2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Partitioned; Path=/; SameSite=Lax; Secure"; set != want {
		t.Errorf("set by\n%s, want\n%s", set, want)
	}
	deleted, _ := setCookie(t, s.visit(tooShort, func(http.ResponseWriter, *http.Request) {}).Header)
	if want := `sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Partitioned; Path=/; SameSite=Lax; Secure`; deleted != want {
		t.Errorf("deleted by\n%s, want\n%s", deleted, want)
	}
}

// TestReadOnlyNeverWrites has handlers that try everything, with all kinds of settings.
func TestReadOnlyNeverWrites(t *testing.T) {
	type use = func(*djangosession.Session, context.Context) error
	for _, c := range []struct {
		name    string
		cookie  string
		use     use
		refused bool // the call returns ErrReadOnly
		status  int
	}{
		{name: "read", use: func(s *djangosession.Session, _ context.Context) error { s.Get("n"); return nil }, status: 200},
		{name: "untouched", status: 200},
		{name: "unknown", cookie: unknown, use: func(s *djangosession.Session, _ context.Context) error { s.Get("n"); return nil }, status: 200},
		{name: "too short", cookie: tooShort, status: 200},
		{name: "set", use: func(s *djangosession.Session, _ context.Context) error { s.Set("n", "new"); return nil }, status: 500},
		{name: "save", use: (*djangosession.Session).Save, refused: true, status: 200},
		{name: "create", use: (*djangosession.Session).Create, refused: true, status: 200},
		{name: "flush", use: (*djangosession.Session).Flush, refused: true, status: 200},
		{name: "cycle", use: (*djangosession.Session).CycleKey, refused: true, status: 200},
		{name: "delete", use: (*djangosession.Session).DeleteStored, refused: true, status: 200},
	} {
		for _, merge := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, merge %v", c.name, merge), func(t *testing.T) {
				s := newShop(t, "6.1", func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true })
				key := s.visitor(map[string]any{"n": "old"})
				s.use(func(o *djangosession.Options) { o.MergeSaves, o.ReadOnly, o.RenewBelow = merge, true, 1 })
				text, expire, _ := s.engine.Row(key)
				s.engine.saves.Store(0)
				s.engine.creates.Store(0)
				s.wait(time.Hour)
				cookie := c.cookie
				if cookie == "" {
					cookie = "sessionid=" + key
				}
				r := s.visit(cookie, func(_ http.ResponseWriter, r *http.Request) {
					if c.use == nil {
						return
					}
					if err := c.use(s.session(r), r.Context()); errors.Is(err, djangosession.ErrReadOnly) != c.refused {
						t.Error(err)
					}
				})
				if r.StatusCode != c.status || r.Header.Get("Set-Cookie") != "" {
					t.Errorf("status %d, %v", r.StatusCode, r.Header)
				}
				now, until, ok := s.engine.Row(key)
				if n := s.engine.saves.Load() + s.engine.creates.Load() + s.engine.deletes.Load(); n != 0 || !ok || now != text || !until.Equal(expire) {
					t.Errorf("%d calls to write", n)
				}
				if errs, _ := s.told(); c.status == 500 && (len(errs) != 1 || !errors.Is(errs[0], djangosession.ErrReadOnly)) {
					t.Errorf("told of %v", errs)
				}
			})
		}
	}
}

// TestMiddlewareInsideComesBeforeTheSave checks that changes by inner middleware to the
// session are saved, and changes to the header are sent.
func TestMiddlewareInsideComesBeforeTheSave(t *testing.T) {
	s := newShop(t, "6.1", nil)
	r := s.visit("", func(w http.ResponseWriter, r *http.Request) {
		shared := httpmw.From(r.Context())
		for _, name := range []string{"outer", "inner"} {
			shared.BeforeHeader(func(status int, h http.Header) {
				h.Add("X-Order", fmt.Sprint(name, status))
				s.session(r).Set("n", name)
			})
		}
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusAccepted)
	})
	_, key := setCookie(t, r.Header)
	if got := fmt.Sprint(r.Header["X-Order"]); got != "[inner201 outer201]" || s.stored(key) != "outer" {
		t.Errorf("order %s, stored %q", got, s.stored(key))
	}
	if httpmw.From(context.Background()) != nil {
		t.Error("there is something outside of the middleware")
	}
}

type contextKey struct{}

// TestContextIsTheRequestsOwn checks its values, end and deadline.
func TestContextIsTheRequestsOwn(t *testing.T) {
	s := newShop(t, "6.1", nil)
	outer, cancel := context.WithTimeout(context.WithValue(t.Context(), contextKey{}, "value"), time.Hour)
	r := httptest.NewRequestWithContext(outer, http.MethodGet, "/", http.NoBody)
	s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inner, done := context.WithCancel(r.Context())
		defer done()
		if inner.Value(contextKey{}) != "value" {
			t.Error("a value is missing")
		}
		if _, ok := inner.Deadline(); !ok {
			t.Error("the deadline is missing")
		}
		cancel()
		<-inner.Done()
		if !errors.Is(inner.Err(), context.Canceled) {
			t.Error(inner.Err())
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
}

// TestSavesEndAfterTheSaveTimeout has an engine that never answers on its own.
func TestSavesEndAfterTheSaveTimeout(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.SaveTimeout = 10 * time.Millisecond })
	s.engine.saveWait = func(ctx context.Context) error {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > time.Second {
			return errors.New("another deadline")
		}
		<-ctx.Done()
		return ctx.Err()
	}
	r := s.visit("", func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", "1") })
	errs, _ := s.told()
	// The removal of the session that may be stored has as little time, and may be reported too.
	if r.StatusCode != http.StatusInternalServerError || len(errs) == 0 || !errors.Is(errs[0], context.DeadlineExceeded) {
		t.Errorf("status %d, told of %v", r.StatusCode, errs)
	}
}

func TestSavesHaveTenSecondsByDefault(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{0, -1} {
		s := newShop(t, "6.1", nil)
		s.use(func(o *djangosession.Options) { o.SaveTimeout = timeout })
		s.engine.saveWait = func(ctx context.Context) error {
			end, ok := ctx.Deadline()
			if left := time.Until(end); !ok || left > djangosession.DefaultSaveTimeout || left < djangosession.DefaultSaveTimeout/2 {
				t.Errorf("%v are left", left)
			}
			return nil
		}
		if r := s.visit("", func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", "1") }); r.StatusCode != http.StatusOK {
			t.Errorf("status %d", r.StatusCode)
		}
	}
}

// TestRenewedSessionsCanBeSavedLater changes a session after its renewal, in the same
// request.
func TestRenewedSessionsCanBeSavedLater(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.RenewBelow = 0.5 })
	s.use(func(o *djangosession.Options) { o.SaveTimeout = time.Second })
	key := s.visitor(map[string]any{"n": "old"})
	s.wait(10 * 24 * time.Hour)
	r := s.visit("sessionid="+key, func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Get("n")
		w.WriteHeader(http.StatusOK)
		session.Set("n", "late")
	})
	errs, events := s.told()
	if errs != nil || len(events) != 2 || events[0].Reason != djangosession.SaveRenewed || events[1].Reason != djangosession.SaveLate {
		t.Errorf("told of %v, %v", errs, events)
	}
	if r.Header.Get("Set-Cookie") == "" || s.stored(key) != "late" {
		t.Errorf("stored %q, header %v", s.stored(key), r.Header)
	}
}

// TestReadOnlySessionsRefuseEverything calls everything that would write. Nothing
// changes, not even in memory.
func TestReadOnlySessionsRefuseEverything(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		s := newShop(t, "6.1", nil)
		s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
		key := s.visitor(map[string]any{"n": "old"})
		s.use(func(o *djangosession.Options) { o.ReadOnly = true })
		s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
			session := s.session(r)
			if !session.ReadOnly() {
				t.Error("it does not say so")
			}
			for name, write := range map[string]func(context.Context) error{
				"Save": session.Save, "SaveMustCreate": session.SaveMustCreate, "Create": session.Create, "Flush": session.Flush,
				"CycleKey": session.CycleKey, "DeleteStored": session.DeleteStored,
			} {
				if err := write(r.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
					t.Errorf("%s: error %v", name, err)
				}
				if v, _ := session.Get("n"); v != "old" || session.Key() != key || session.Modified() {
					t.Errorf("%s: something was changed", name)
				}
			}
		})
		if s.stored(key) != "old" {
			t.Errorf("stored %q", s.stored(key))
		}
		unsaved := s.New()
		unsaved.Set("n", "new")
		if err := unsaved.Flush(t.Context()); !errors.Is(err, djangosession.ErrReadOnly) || !unsaved.Contains("n") {
			t.Errorf("Flush of a session that was never saved: error %v", err)
		}
		if !s.ReadOnly() || !s.New().ReadOnly() {
			t.Error("the manager and sessions outside of requests do not say so")
		}
		_, clearErr := s.ClearExpired(t.Context(), djangosession.ClearOptions{})
		for _, err := range []error{clearErr, s.Delete(t.Context(), key), s.New().Save(t.Context())} {
			if !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("outside of requests: error %v", err)
			}
		}
	}
}
