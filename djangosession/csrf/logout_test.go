package csrf_test

import (
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSecretOutlivesALogout: Django reads the secret before the view runs, so a page
// rendered after a logout has a token of the earlier secret.
func TestSecretOutlivesALogout(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", func(set *djangosession.Settings) { set.CSRFUseSessions = true })
	cookie := s.visitor(secret)
	w := s.serve(page(t, cookie), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		if err := session.Flush(r.Context()); err != nil {
			t.Error(err)
		}
		withToken(w, r)
	}))
	_, key := sessionCookie(w)
	if got := s.stored("sessionid=" + key); got != secret {
		t.Errorf("the new session has %q, want the earlier secret", got)
	}
}
