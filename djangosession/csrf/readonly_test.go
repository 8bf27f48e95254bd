package csrf_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// In a read-only service, pages get tokens of existing secrets, and an error if there is
// no secret.
func TestReadOnlySessionsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored any
		want   error
	}{
		"a secret":                 {secret, nil},
		"an earlier masked one":    {token1, nil},
		"none":                     {nil, djangosession.ErrReadOnly},
		"a secret, then a new one": {secret, nil},
	} {
		site := newSite(t, "6.1", func(s *djangosession.Settings) { s.CSRFUseSessions = true })
		cookie := site.visitor(c.stored)
		readOnly, err := djangosession.NewManager(site.engine, site.manager.Settings(), djangosession.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		readOnly.Middleware(site.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			token, err := csrf.Token(r.Context())
			if !errors.Is(err, c.want) || (err == nil) != (len(token) == len(token1)) {
				t.Errorf("%s: %q, %v", name, token, err)
			}
			if name == "a secret, then a new one" {
				if err := csrf.Rotate(r.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}))).ServeHTTP(w, page(t, cookie))
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", name, w.Code)
		}
		if want, _ := c.stored.(string); site.stored(cookie) != want {
			t.Errorf("%s: stored is %q", name, site.stored(cookie))
		}
	}
}

// A read-only service sets no cookie: neither a new secret nor a replacement of the
// browser's cookie.
func TestReadOnlyServicesSetNoCookie(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		release, cookie string
		want            error
		varies          bool
	}{
		"a secret":                {release: "6.1", cookie: "csrftoken=" + secret, varies: true},
		"a masked one":            {release: "6.1", cookie: "csrftoken=" + token1, varies: true},
		"a secret that 4.0 masks": {release: "4.0", cookie: "csrftoken=" + secret, varies: true},
		"a masked one of 3.2":     {release: "3.2", cookie: "csrftoken=" + token1, varies: true},
		"none":                    {release: "6.1", want: djangosession.ErrReadOnly},
		"an invalid secret":       {release: "6.1", cookie: "csrftoken=short", want: djangosession.ErrReadOnly},
		"an invalid secret, 3.2":  {release: "3.2", cookie: "csrftoken=short", want: djangosession.ErrReadOnly},
	} {
		for what, handler := range map[string]func(*http.Request) error{
			"nothing": nil,
			"token":   func(r *http.Request) error { _, err := csrf.Token(r.Context()); return err },
			"rotate":  func(r *http.Request) error { return csrf.Rotate(r.Context()) },
		} {
			site := newSite(t, c.release, nil)
			readOnly, err := djangosession.NewManager(site.engine, site.manager.Settings(), djangosession.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			readOnly.Middleware(site.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				want := c.want
				if what == "rotate" {
					want = djangosession.ErrReadOnly
				}
				if handler == nil {
					return
				}
				if err := handler(r); !errors.Is(err, want) {
					t.Errorf("%s, %s: %v, want %v", name, what, err, want)
				}
			}))).ServeHTTP(w, page(t, c.cookie))
			if got := w.Header()["Set-Cookie"]; len(got) > 0 || site.loads.Load() > 0 {
				t.Errorf("%s, %s: sets %q, and loads %d sessions", name, what, got, site.loads.Load())
			}
			if varies := w.Header().Get("Vary") != ""; what == "token" && varies != c.varies {
				t.Errorf("%s: Vary: %v, want %v", name, varies, c.varies)
			}
		}
	}
}
