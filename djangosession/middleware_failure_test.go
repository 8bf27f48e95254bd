package djangosession_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

var errBroken = errors.New("the database is broken")

// TestFailedSaveReplacesTheResponse checks that the response is replaced before any of it
// is sent, and that nothing of the handler's page follows.
func TestFailedSaveReplacesTheResponse(t *testing.T) {
	for name, begin := range map[string]func(w http.ResponseWriter) error{
		"Write":       func(w http.ResponseWriter) error { _, err := w.Write([]byte("success")); return err },
		"WriteString": func(w http.ResponseWriter) error { _, err := io.WriteString(w, "success"); return err },
		"ReadFrom":    func(w http.ResponseWriter) error { _, err := io.Copy(w, strings.NewReader("success")); return err },
		"Flush":       func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"Hijack": func(w http.ResponseWriter) error {
			_, _, err := http.NewResponseController(w).Hijack()
			return err
		},
		"WriteHeader": func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusCreated)
			_, err := w.Write([]byte("success"))
			return err
		},
		"nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			s.engine.saveErr = errBroken
			server := s.serve(func(w http.ResponseWriter, r *http.Request) {
				s.session(r).Set("n", 1)
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Length", "7")
				w.Header().Set("ETag", `"1"`)
				w.Header().Add("Set-Cookie", "remember=me")
				if begin == nil {
					return
				}
				if err := begin(w); !errors.Is(err, errBroken) {
					t.Errorf("the handler gets %v", err)
				}
				w.WriteHeader(http.StatusTeapot)
				if _, err := w.Write([]byte("more")); !errors.Is(err, errBroken) {
					t.Errorf("and then %v", err)
				}
			}, func(server *httptest.Server) { server.Config.ErrorLog = log.New(&s.log, "net/http: ", 0) })
			r := get(t, server, http.MethodGet)
			if r.StatusCode != http.StatusInternalServerError {
				t.Errorf("status %d", r.StatusCode)
			}
			if text := r.Body; text != "Internal Server Error\n" {
				t.Errorf("the page is %q", text)
			}
			for _, field := range []string{"ETag", "Set-Cookie", "Vary"} {
				if r.Header.Get(field) != "" {
					t.Errorf("%s: %q", field, r.Header.Get(field))
				}
			}
			if errs, events := s.told(); len(errs) != 1 || !errors.Is(errs[0], errBroken) || events != nil {
				t.Errorf("told of %v, %v", errs, events)
			}
			if text := s.log.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, errBroken.Error()) ||
				strings.Contains(text, "net/http") {
				t.Errorf("log: %s", text)
			}
		})
	}
}

// TestReplacedResponseKeepsTheOuterHeader checks that header fields of outer middleware
// remain.
func TestReplacedResponseKeepsTheOuterHeader(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.engine.saveErr = errBroken
	inner := s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", 1)
		w.Header().Set("X-Frame-Options", "SAMEORIGIN")
		w.Header().Set("X-Inner", "1")
	}))
	w := httptest.NewRecorder()
	w.Header().Set("X-Frame-Options", "DENY")
	inner.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if h := w.Header(); w.Code != 500 || h.Get("X-Frame-Options") != "DENY" || h.Get("X-Inner") != "" {
		t.Errorf("status %d, header %v", w.Code, h)
	}
}

// TestLogoutElsewhereInterrupts deletes the session while the handler runs. It must stay
// deleted.
func TestLogoutElsewhereInterrupts(t *testing.T) {
	for _, c := range []struct {
		name, release, location string
		status                  int
		handler                 func(http.ResponseWriter, *http.Request, error)
	}{
		{name: "6.1", release: "6.1", status: 400},
		{name: "1.11", release: "1.11", status: 400},
		{name: "1.10", release: "1.10", status: 302, location: "/cart"},
		{
			name: "own handler", release: "6.1", status: 409,
			handler: func(w http.ResponseWriter, r *http.Request, err error) {
				if !errors.Is(err, djangosession.ErrSessionGone) || r.URL.Path != "/cart" {
					t.Errorf("%v for %s", err, r.URL.Path)
				}
				w.WriteHeader(http.StatusConflict)
			},
		},
		{name: "a handler that writes nothing", release: "6.1", status: 400, handler: func(http.ResponseWriter, *http.Request, error) {}},
	} {
		for _, merge := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				s := newShop(t, c.release, nil)
				s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
				s.use(func(o *djangosession.Options) { o.ErrorHandler = c.handler })
				key := s.visitor(map[string]any{"n": "old"})
				r := s.visit("sessionid="+key, func(w http.ResponseWriter, r *http.Request) {
					s.session(r).Set("n", "new")
					if err := s.Delete(r.Context(), key); err != nil {
						t.Error(err)
					}
					_, _ = io.WriteString(w, "success")
				})
				if r.StatusCode != c.status || r.Header.Get("Location") != c.location || r.Header.Get("Set-Cookie") != "" {
					t.Errorf("status %d, %v", r.StatusCode, r.Header)
				}
				if text := r.Body; strings.Contains(text, "success") {
					t.Errorf("the page is %q", text)
				}
				if there, err := s.Exists(t.Context(), key); err != nil || there {
					t.Errorf("it is there again: %v, %v", there, err)
				}
				if errs, _ := s.told(); len(errs) != 1 || !errors.Is(errs[0], djangosession.ErrSessionGone) {
					t.Errorf("told of %v", errs)
				}
				if text := s.log.String(); !strings.Contains(text, "level=WARN") || strings.Contains(text, key) {
					t.Errorf("log: %s", text)
				}
			})
		}
	}
}

// TestRedirectStaysOnTheSite checks the redirect of an interrupted request to its own
// path, as in Django 1.10.
func TestRedirectStaysOnTheSite(t *testing.T) {
	s := newShop(t, "1.10", nil)
	s.engine.saveErr = djangosession.ErrSessionGone
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.test//evil.test/", http.NoBody)
	w := httptest.NewRecorder()
	s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", 1) })).ServeHTTP(w, r)
	if to := w.Header().Get("Location"); to != "/evil.test/" {
		t.Errorf("to %q", to)
	}
}

func TestUnstorableValueFailsTheRequest(t *testing.T) {
	for name, value := range map[string]any{
		"no Python form": make(chan int), "an expiry that is none": []int{1},
		"an expiry from which Django cannot compute Max-Age": "2030-01-01T00:00:00", // no zone
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			r := s.visit("", func(w http.ResponseWriter, r *http.Request) {
				s.session(r).Set(djangosession.ExpiryName, value)
				_, _ = io.WriteString(w, "success")
			})
			errs, _ := s.told()
			if r.StatusCode != http.StatusInternalServerError || len(errs) != 1 || s.engine.creates.Load() != 0 {
				t.Errorf("status %d, told of %v", r.StatusCode, errs)
			}
		})
	}
}

// TestFailedLoadIsTheHandlersToAnswer checks that the handler gets the error, and that
// later calls do not try again.
func TestFailedLoadIsTheHandlersToAnswer(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.engine.loadErr = errBroken
	r := s.visit(unknown, func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			if _, err := djangosession.FromContext(r.Context()); !errors.Is(err, errBroken) {
				t.Errorf("FromContext: %v", err)
			}
		}
		w.WriteHeader(http.StatusBadGateway)
	})
	if n := s.engine.loads.Load(); n != 1 || r.StatusCode != http.StatusBadGateway || r.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d loads, status %d", n, r.StatusCode)
	}
	s = newShop(t, "6.1", func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true })
	s.engine.loadErr = errBroken
	if r := s.visit(unknown, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("a session that is to be saved each time cannot be loaded: status %d", r.StatusCode)
	}
}

// TestOnlyStoredDataIsALoadError has a database that fails, which the caller is told.
func TestOnlyStoredDataIsALoadError(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) {
		o.OnLoadError = func(_ context.Context, err error) { t.Errorf("reported %v", err) }
	})
	s.engine.loadErr = errBroken
	if _, err := s.Load(t.Context(), strings.TrimPrefix(unknown, "sessionid=")); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
	if text := s.log.String(); text != "" {
		t.Errorf("logged %s", text)
	}
}

// TestOthersMayLoadWhenOneGaveUp checks that a call that ran out of time does not affect
// the others.
func TestOthersMayLoadWhenOneGaveUp(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		if _, err := djangosession.FromContext(ctx); err == nil {
			t.Error("it was loaded though the time was up")
		}
		if n, _ := s.session(r).Get("n"); n != "old" {
			t.Errorf("then it is %v", n)
		}
	})
}

func TestOutsideOfTheMiddlewareThereIsNoSession(t *testing.T) {
	if _, err := djangosession.FromContext(t.Context()); !errors.Is(err, djangosession.ErrNoMiddleware) {
		t.Error(err)
	}
}

// TestChangesAfterTheHeader checks that late changes are saved if the browser has the
// key, and reported if they are lost.
func TestChangesAfterTheHeader(t *testing.T) {
	type use = func(s *djangosession.Session, r *http.Request) error
	set := func(s *djangosession.Session, _ *http.Request) error { s.Set("n", "late"); return nil } //nolint:unparam // a use
	read := func(s *djangosession.Session, _ *http.Request) error { s.Get("n"); return nil }
	for _, c := range []struct {
		name          string
		known         bool
		before, after use
		status        int
		stored        string // under the key that the browser has
		lost          bool
		reason        djangosession.SaveReason // of the last event
	}{
		{name: "set", known: true, before: read, after: set, stored: "late", reason: djangosession.SaveLate},
		{name: "set twice", known: true, before: set, after: set, stored: "late", reason: djangosession.SaveLate},
		{name: "set, of a session made before", before: set, after: set, stored: "late", reason: djangosession.SaveLate},
		{name: "set, without a cookie", before: read, after: set, lost: true},
		{name: "set, when the session was not used before", known: true, after: set, stored: "late", lost: true, reason: djangosession.SaveLate},
		{name: "read, when the session was not used before", known: true, after: read, stored: "old", lost: true},
		{name: "read", known: true, before: read, after: read, stored: "old"},
		{name: "cycled", known: true, before: read, after: func(s *djangosession.Session, r *http.Request) error {
			return s.CycleKey(r.Context())
		}, lost: true},
		{name: "flushed", known: true, before: read, after: func(s *djangosession.Session, r *http.Request) error { return s.Flush(r.Context()) }},
		{name: "flushed and set", known: true, before: read, after: func(s *djangosession.Session, r *http.Request) error {
			return errors.Join(s.Flush(r.Context()), set(s, r))
		}, lost: true},
		{name: "set, of a response that failed", known: true, before: read, after: set, status: 500, stored: "old"},
		{name: "gone meanwhile", known: true, before: read, after: func(s *djangosession.Session, r *http.Request) error {
			s.Set("n", "late")
			return s.DeleteStored(r.Context())
		}, lost: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			cookie, key := "", ""
			if c.known {
				key = s.visitor(map[string]any{"n": "old"})
				cookie = "sessionid=" + key
			}
			r := s.visit(cookie, func(w http.ResponseWriter, r *http.Request) {
				if c.before != nil {
					if err := c.before(s.session(r), r); err != nil {
						t.Error(err)
					}
				}
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				_, _ = io.WriteString(w, "page")
				if err := c.after(s.session(r), r); err != nil {
					t.Error(err)
				}
			})
			if _, set := setCookie(t, r.Header); set != "" {
				key = set
			}
			if n := s.stored(key); n != c.stored {
				t.Errorf("stored is %q, want %q", n, c.stored)
			}
			errs, events := s.told()
			if lost := len(errs) == 1 && errors.Is(errs[0], djangosession.ErrHeaderSent); lost != c.lost || !c.lost && errs != nil {
				t.Errorf("reported %v", errs)
			}
			if c.reason != "" && (len(events) == 0 || events[len(events)-1].Reason != c.reason) {
				t.Errorf("told of %v", events)
			}
			if got := r.Body; got != "page" {
				t.Errorf("the page is %q", got)
			}
		})
	}
}
