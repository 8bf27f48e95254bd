package exercise

import (
	"errors"
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// pages returns the handler of the site.
func pages(t testing.TB, site *djangobridge.Site) http.Handler {
	mux := http.NewServeMux()
	page := func(path string, use func(w http.ResponseWriter, r *http.Request, s *djangosession.Session) error) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s, err := djangosession.FromContext(r.Context())
			if err != nil {
				http.Error(w, "no session", http.StatusServiceUnavailable)
				return
			}
			if err := use(w, r, s); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		})
	}
	page("/read", func(_ http.ResponseWriter, _ *http.Request, s *djangosession.Session) error {
		s.Get(valueName)
		return nil
	})
	page("/change", func(_ http.ResponseWriter, _ *http.Request, s *djangosession.Session) error {
		s.Set(valueName, value)
		return nil
	})
	page("/cycle", func(_ http.ResponseWriter, r *http.Request, s *djangosession.Session) error {
		return s.CycleKey(r.Context())
	})
	page("/gone", func(_ http.ResponseWriter, r *http.Request, s *djangosession.Session) error { // as if by a logout elsewhere
		s.Set(valueName, value)
		return site.Sessions.Delete(r.Context(), s.Key())
	})
	page("/late", func(w http.ResponseWriter, _ *http.Request, s *djangosession.Session) error {
		w.WriteHeader(http.StatusOK)
		s.Set(valueName, value)
		return nil
	})
	page("/foreign", func(w http.ResponseWriter, _ *http.Request, s *djangosession.Session) error {
		s.Set(valueName, value)
		w.Header().Add("Set-Cookie", "sessionid=a-key-that-another-program-has-set")
		return nil
	})
	page("/otherhash", func(_ http.ResponseWriter, _ *http.Request, s *djangosession.Session) error {
		s.Set(auth.HashSessionKey, "the hash of another password")
		return nil
	})
	page("/user", func(_ http.ResponseWriter, r *http.Request, _ *djangosession.Session) error {
		_, err := auth.UserFrom(r.Context())
		return err
	})
	page("/logout", func(_ http.ResponseWriter, r *http.Request, _ *djangosession.Session) error {
		return site.Login.Logout(r.Context())
	})
	page("/login", func(w http.ResponseWriter, r *http.Request, _ *djangosession.Session) error {
		user, err := site.Login.Authenticate(r.Context(), r.PostFormValue("username"), r.PostFormValue("password"))
		if errors.Is(err, auth.ErrBadCredentials) {
			http.Error(w, "wrong user name or password", http.StatusUnauthorized)
			return nil
		}
		if err != nil {
			return err
		}
		return site.Login.Login(r.Context(), user)
	})
	return mux
}
