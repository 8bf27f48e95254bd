package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// site is a shop whose sessions are in memory.
type site struct {
	t        *testing.T
	sessions *djangosession.Manager
	csrf     *csrf.Protection
	errs     []error
}

func newSite(t *testing.T) *site {
	t.Helper()
	gin.SetMode(gin.TestMode)
	settings, err := djangosession.NewSettingsFor("6.1", "k")
	if err != nil {
		t.Fatal(err)
	}
	settings.AllowedHosts = []string{"example.com"}
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t}
	if s.sessions, err = djangosession.NewManager(engine, settings, djangosession.Options{
		Logger:  slog.New(slog.DiscardHandler),
		OnError: func(_ context.Context, err error) { s.errs = append(s.errs, err) },
	}); err != nil {
		t.Fatal(err)
	}
	if s.csrf, err = csrf.New(settings, csrf.Options{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) send(r http.Handler, method, target, cookies string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	q := httptest.NewRequestWithContext(s.t.Context(), method, "http://example.com"+target, strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header.Set("Cookie", cookies)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w
}

// cookies returns the cookies of a response as a browser sends them.
func cookies(w *httptest.ResponseRecorder) string {
	pairs := make([]string, 0, len(w.Header()["Set-Cookie"]))
	for _, line := range w.Header()["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, ";")
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "; ")
}

func TestGinPagesKeepTheSession(t *testing.T) {
	s := newSite(t)
	r := routes(func(next http.Handler) http.Handler { return s.sessions.Middleware(s.csrf.Middleware(next)) })
	first := s.send(r, http.MethodGet, "/cart", "", nil)
	token := regexp.MustCompile(`value="(\w{64})"`).FindStringSubmatch(first.Body.String())
	if token == nil {
		t.Fatalf("status %d, %s", first.Code, first.Body)
	}
	if refused := s.send(r, http.MethodPost, "/cart", cookies(first), nil); refused.Code != http.StatusForbidden {
		t.Errorf("without a token: status %d", refused.Code)
	}
	added := s.send(r, http.MethodPost, "/cart", cookies(first), url.Values{"csrfmiddlewaretoken": {token[1]}})
	if added.Code != http.StatusSeeOther || !strings.Contains(cookies(added), "sessionid=") {
		t.Fatalf("status %d, cookies %q", added.Code, cookies(added))
	}
	again := s.send(r, http.MethodGet, "/cart", cookies(first)+"; "+cookies(added), nil)
	if page := again.Body.String(); !strings.Contains(page, "<p>1 items</p>") {
		t.Error(page)
	}
}

// TestGinHandlersThatWriteNothing expects the status that gin has recorded.
func TestGinHandlersThatWriteNothing(t *testing.T) {
	for status, saved := range map[int]bool{http.StatusNoContent: true, http.StatusInternalServerError: false} {
		s := newSite(t)
		r := gin.New()
		r.Use(Adapt(s.sessions.Middleware))
		r.GET("/", func(c *gin.Context) {
			session, err := djangosession.FromContext(c.Request.Context())
			if err != nil {
				t.Error(err)
				return
			}
			session.Set("a", 1)
			c.Status(status)
		})
		got := s.send(r, http.MethodGet, "/", "", nil)
		if got.Code != status || (cookies(got) != "") != saved {
			t.Errorf("status %d, want %d; cookies %q", got.Code, status, cookies(got))
		}
		if s.errs != nil {
			t.Errorf("reported %v", s.errs)
		}
	}
}

// TestGinRecoveryAnswersAPanic uses gin's recovery around the adapter.
func TestGinRecoveryAnswersAPanic(t *testing.T) {
	s := newSite(t)
	r := gin.New()
	r.Use(gin.RecoveryWithWriter(io.Discard), Adapt(s.sessions.Middleware))
	r.GET("/", func(*gin.Context) { panic("a bug") })
	if got := s.send(r, http.MethodGet, "/", "", nil); got.Code != http.StatusInternalServerError {
		t.Errorf("status %d", got.Code)
	}
}

// TestUsualAdaptersAreReported tries adapters that leave gin's own writer in place, or
// that call the handlers after the middleware has returned.
func TestUsualAdaptersAreReported(t *testing.T) {
	for name, adapter := range map[string]func(func(http.Handler) http.Handler) gin.HandlerFunc{
		"the writer stays": func(m func(http.Handler) http.Handler) gin.HandlerFunc {
			return func(c *gin.Context) {
				m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					c.Request = r
					c.Next()
				})).ServeHTTP(c.Writer, c.Request)
			}
		},
		"the handlers run later": func(m func(http.Handler) http.Handler) gin.HandlerFunc {
			return func(c *gin.Context) {
				m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.Request = r })).ServeHTTP(c.Writer, c.Request)
				c.Next()
			}
		},
		"WrapH": func(m func(http.Handler) http.Handler) gin.HandlerFunc {
			return gin.WrapH(m(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		},
	} {
		s := newSite(t)
		r := gin.New()
		r.Use(adapter(s.sessions.Middleware))
		r.GET("/", func(c *gin.Context) {
			session, err := djangosession.FromContext(c.Request.Context())
			if err != nil {
				if name != "WrapH" || !errors.Is(err, djangosession.ErrNoMiddleware) {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			session.Set("a", 1)
			c.String(http.StatusOK, "page")
		})
		s.send(r, http.MethodGet, "/", "", nil)
		if reported := len(s.errs) > 0 && errors.Is(s.errs[0], djangosession.ErrHeaderSent); reported != (name != "WrapH") {
			t.Errorf("%s: reported %v", name, s.errs)
		}
	}
}
