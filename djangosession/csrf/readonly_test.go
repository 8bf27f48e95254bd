package csrf_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// In a service that never writes, pages have tokens of the secrets that are there, and get an error where there is none.
func TestReadOnlySessionsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored any
		want   error
	}{
		"a secret":                 {secret, nil},
		"a masked one of before":   {token1, nil},
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
