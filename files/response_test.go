package files_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSessionThatStartsOverIsNotLeftBehind has a session that has ended, and responses
// that cannot carry the cookie of the new one.
func TestSessionThatStartsOverIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  int
		foreign bool // the handler sets a session cookie itself
		set     bool // a value
		stored  int
		cookie  bool
		errs    int
	}{
		{name: "read", status: 200, stored: 1, cookie: true},
		{name: "set", status: 200, set: true, stored: 1, cookie: true},
		{name: "failed", status: 500},
		{name: "set and failed", status: 500, set: true},
		{name: "foreign cookie", status: 200, foreign: true, cookie: true},
		{name: "set and foreign cookie", status: 200, foreign: true, set: true, cookie: true, errs: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			errs := 0
			s := newSite(t, djangosession.Options{OnError: func(context.Context, error) { errs++ }})
			key := s.created(t).Key()
			old := time.Now().Add(-20 * 24 * time.Hour)
			must(t, os.Chtimes(s.path(key), old, old))
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Header.Set("Cookie", "sessionid="+key)
			s.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				session, err := djangosession.FromContext(r.Context())
				must(t, err)
				if session.Contains("a") {
					t.Error("the session has not ended")
				}
				if c.set {
					session.Set("b", 1)
				}
				if c.foreign {
					w.Header().Add("Set-Cookie", "sessionid=theirs")
				}
				w.WriteHeader(c.status)
			})).ServeHTTP(w, r)
			left := names(t, s.folder)
			if len(left) != c.stored || len(left) == 1 && left[0] == "sessionid"+key {
				t.Errorf("the folder contains %v", left)
			}
			if has := len(w.Header()["Set-Cookie"]) == 1; has != c.cookie || errs != c.errs {
				t.Errorf("cookies %v, %d errors", w.Header()["Set-Cookie"], errs)
			}
		})
	}
}
