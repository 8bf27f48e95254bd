package csrf_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// TestCookieThatTheHandlerHasWrittenStays: the response of a Django server behind a proxy
// sets the secret of its page.
func TestCookieThatTheHandlerHasWrittenStays(t *testing.T) {
	t.Parallel()
	const django = "csrftoken=" + other + "; expires=Fri, 27 Nov 2026 00:00:00 GMT; Max-Age=31449600; Path=/; SameSite=Lax"
	for name, c := range map[string]struct {
		brought string // cookie of the request
		use     func(r *http.Request) error
		logged  bool
	}{
		"unused":               {brought: secret, use: func(*http.Request) error { return nil }},
		"no cookie":            {use: func(*http.Request) error { return nil }},
		"malformed cookie":     {brought: "x", use: func(*http.Request) error { return nil }},
		"token returned":       {brought: secret, use: func(r *http.Request) error { _, err := csrf.Token(r.Context()); return err }, logged: true},
		"rotated":              {brought: secret, use: func(r *http.Request) error { return csrf.Rotate(r.Context()) }, logged: true},
		"token of that secret": {brought: other, use: func(r *http.Request) error { _, err := csrf.Token(r.Context()); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1", nil)
			header := ""
			if c.brought != "" {
				header = "csrftoken=" + c.brought
			}
			w := s.serve(page(t, header), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := c.use(r); err != nil {
					t.Error(err)
				}
				w.Header().Add("Set-Cookie", django)
			}))
			if got := w.Header()["Set-Cookie"]; !slices.Equal(got, []string{django}) {
				t.Errorf("cookies %q", got)
			}
			if logged := strings.Contains(s.log.String(), "already sets this cookie"); logged != c.logged {
				t.Errorf("logged %q", s.log.String())
			}
			if strings.Contains(s.log.String(), other) {
				t.Error("the log has a secret")
			}
		})
	}
}
