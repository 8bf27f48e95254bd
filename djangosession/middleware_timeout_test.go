package djangosession_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// timer is a context whose deadline passes when end is closed.
type timer struct {
	context.Context //nolint:containedctx // it changes this one
	end             chan struct{}
}

func (c timer) Done() <-chan struct{} { return c.end }

func (c timer) Err() error {
	select {
	case <-c.end:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// timeOut sends a request to a handler. The function end lets the deadline of the request
// pass, and returns when the handler has.
func (s *shop) timeOut(cookie string, handler func(end func()) http.Handler) *httptest.ResponseRecorder {
	s.t.Helper()
	ctx, answered := timer{s.t.Context(), make(chan struct{})}, make(chan struct{})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	handler(func() { close(ctx.end); <-answered }).ServeHTTP(w, r)
	close(answered)
	return w
}

// TestTimeoutsAroundTheMiddlewareAreReported has an http.TimeoutHandler that has sent its
// own response before the handler returns. Cookies do not reach the browser then.
func TestTimeoutsAroundTheMiddlewareAreReported(t *testing.T) {
	t.Parallel()
	login := func(ctx context.Context, s *djangosession.Session) error {
		s.Set("n", "new")
		return s.CycleKey(ctx)
	}
	for name, c := range map[string]struct {
		visitor bool // the browser has a session
		early   bool // the handler writes its response before the timeout
		use     func(ctx context.Context, s *djangosession.Session) error
		reports int
		stored  []string // values of the sessions that remain
	}{
		"a new session":    {use: func(_ context.Context, s *djangosession.Session) error { s.Set("n", "new"); return nil }, reports: 1},
		"a login":          {visitor: true, use: login, reports: 1},
		"an early login":   {visitor: true, early: true, use: login, reports: 1},
		"a new login":      {use: login, reports: 1},
		"a known session":  {visitor: true, use: func(_ context.Context, s *djangosession.Session) error { s.Set("n", "new"); return nil }, stored: []string{"new"}},
		"a logout":         {visitor: true, use: func(ctx context.Context, s *djangosession.Session) error { return s.Flush(ctx) }},
		"an unchanged one": {visitor: true, use: func(_ context.Context, s *djangosession.Session) error { s.Get("n"); return nil }, stored: []string{"old"}},
	} {
		s := newShop(t, "6.1", nil)
		cookie := ""
		if c.visitor {
			cookie = "sessionid=" + s.visitor(map[string]any{"n": "old"})
		}
		done := make(chan struct{})
		w := s.timeOut(cookie, func(end func()) http.Handler {
			inner := s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				must(c.use(r.Context(), s.session(r)))
				if c.early {
					_, _ = io.WriteString(w, "page")
				}
				end()
				_, _ = io.WriteString(w, "the rest")
			}))
			return http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				inner.ServeHTTP(w, r)
			}), time.Hour, "")
		})
		<-done
		if w.Code != http.StatusServiceUnavailable || w.Header()["Set-Cookie"] != nil {
			t.Errorf("%s: status %d, header %v", name, w.Code, w.Header())
		}
		errs, _ := s.told()
		for _, err := range errs {
			if !errors.Is(err, djangosession.ErrHeaderSent) || !strings.Contains(err.Error(), "http.TimeoutHandler") {
				t.Errorf("%s: told of %v", name, err)
			}
		}
		var stored []string
		for record, err := range s.Records(t.Context()) {
			must(err)
			stored = append(stored, s.stored(record.Key))
		}
		if len(errs) != c.reports || strings.Join(stored, " ") != strings.Join(c.stored, " ") {
			t.Errorf("%s: told of %v, stored %q, want %q", name, errs, stored, c.stored)
		}
	}
}

// TestTimeoutsInsideTheMiddlewareSendTheCookie is the order of the documentation: the
// response of the timeout passes through the middleware.
func TestTimeoutsInsideTheMiddlewareSendTheCookie(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	old := s.visitor(map[string]any{"n": "old"})
	done := make(chan struct{})
	w := s.timeOut("sessionid="+old, func(end func()) http.Handler {
		return s.Middleware(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			session := s.session(r)
			must(session.CycleKey(r.Context()))
			end()
			session.Set("n", "late")
			w.WriteHeader(http.StatusOK)
		}), time.Hour, ""))
	})
	<-done
	_, key := setCookie(t, w.Header())
	if w.Code != http.StatusServiceUnavailable || key == "" || key == old {
		t.Fatalf("status %d, header %v", w.Code, w.Header())
	}
	if n := s.stored(key); n != "old" {
		t.Errorf("stored is %q", n)
	}
	if errs, _ := s.told(); errs != nil {
		t.Errorf("told of %v", errs)
	}
}

// TestContextsThatEndAreNoTimeouts has a middleware that answers in the handler's place
// after a deadline, as that of chi does.
func TestContextsThatEndAreNoTimeouts(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"the handler answers": http.StatusOK, "the middleware answers": http.StatusGatewayTimeout} {
		s := newShop(t, "6.1", nil)
		w := s.timeOut("", func(end func()) http.Handler {
			h := s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.session(r).Set("n", "new")
				go end()
				<-r.Context().Done()
				if status == http.StatusOK {
					w.WriteHeader(status)
				}
			}))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r)
				if status != http.StatusOK {
					w.WriteHeader(status)
				}
			})
		})
		_, key := setCookie(t, w.Header())
		if errs, _ := s.told(); w.Code != status || errs != nil || s.stored(key) != "new" {
			t.Errorf("%s: status %d, told of %v", name, w.Code, errs)
		}
	}
}
