package djangosession_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestNewKeyReachesTheBrowserThoughTheResponseFails checks that no session remains under
// a key that no browser has.
func TestNewKeyReachesTheBrowserThoughTheResponseFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int   // of the handler
		broken error // of the save at the end
		want   int
	}{
		{name: "the handler fails", status: http.StatusInternalServerError, want: http.StatusInternalServerError},
		{name: "the save fails", status: http.StatusOK, broken: errBroken, want: http.StatusInternalServerError},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			old := s.visitor(map[string]any{"n": "old"})
			r := s.visit("sessionid="+old, func(w http.ResponseWriter, r *http.Request) {
				if err := s.session(r).CycleKey(r.Context()); err != nil {
					t.Error(err)
				}
				s.engine.saveErr = c.broken
				s.session(r).Set("n", "new")
				w.WriteHeader(c.status)
			})
			if r.StatusCode != c.want {
				t.Errorf("status %d, want %d", r.StatusCode, c.want)
			}
			_, key := setCookie(t, r.Header)
			if key == "" || key == old {
				t.Fatal("the browser does not get the new key")
			}
			if n := s.stored(key); n != "old" {
				t.Errorf("stored is %q", n)
			}
			if r.Header.Get("Vary") != "Cookie" {
				t.Errorf("Vary: %q", r.Header.Get("Vary"))
			}
		})
	}
}

func TestFailedFlushLeavesTheSessionAsItWas(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.engine.deleteErr = errBroken
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		if err := session.Flush(r.Context()); !errors.Is(err, errBroken) {
			t.Errorf("error %v", err)
		}
		if n, _ := djangosession.Value[string](session, "n"); n != "old" || session.Key() != key || session.Modified() {
			t.Errorf("the session has %q, modified: %v", n, session.Modified())
		}
	})
	if n := s.stored(key); n != "old" {
		t.Errorf("stored is %q", n)
	}
}
