package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

func TestRequestsKnowTheirUser(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	mux := http.NewServeMux()
	whoami := func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			if _, err := auth.UserFrom(r.Context()); err != nil {
				t.Error(err)
			}
		}
		u, _ := auth.UserFrom(r.Context())
		if u == nil {
			write(w, "nobody")
			return
		}
		write(w, u.Username)
	}
	mux.HandleFunc("/whoami", whoami)
	mux.HandleFunc("/static", func(w http.ResponseWriter, _ *http.Request) { write(w, "static") })
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		u, err := site.auth.Authenticate(r.Context(), "anne", "password")
		if err == nil {
			err = site.auth.Login(r.Context(), u)
		}
		if err != nil {
			t.Error(err)
		}
		whoami(w, r)
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if err := site.auth.Logout(r.Context()); err != nil {
			t.Error(err)
		}
		whoami(w, r)
	})
	mux.HandleFunc("/password", func(w http.ResponseWriter, r *http.Request) {
		u, err := auth.UserFrom(r.Context())
		if err != nil {
			t.Error(err)
		}
		site.people.mu.Lock()
		site.people.byID["1"].password = bobsPassword
		site.people.mu.Unlock()
		u.Password = bobsPassword
		if err := site.auth.UpdateSessionAuthHash(r.Context(), u); err != nil {
			t.Error(err)
		}
		whoami(w, r)
	})
	b := site.serve(t, mux)
	other := newBrowser(t, b.url)
	var last string
	for _, step := range []struct {
		path, body string
		varies     bool
		gets       int // calls to Get
		cookie     bool
	}{
		{"/whoami", "nobody", true, 0, false},
		{"/login", "anne", true, 0, true},
		{"/static", "static", false, 0, false},
		{"/whoami", "anne", true, 1, false},
		{"/password", "anne", true, 1, true},
		{"/whoami", "anne", true, 1, false},
		{"/logout", "nobody", true, 0, true},
		{"/whoami", "nobody", true, 0, false},
	} {
		before := site.people.asked["Get"]
		header, body := b.get(t, step.path)
		if body != step.body || (header.Get("Vary") != "") != step.varies || site.people.asked["Get"]-before != step.gets ||
			(len(header["Set-Cookie"]) > 0) != step.cookie {
			t.Errorf("%s: %q, Vary %q, %d calls, cookies %d", step.path, body, header.Get("Vary"), site.people.asked["Get"]-before, len(header["Set-Cookie"]))
		}
		if step.cookie && b.key(t) == last {
			t.Errorf("%s: the key is the same", step.path)
		}
		last = b.key(t)
	}
	if _, body := other.get(t, "/whoami"); body != "nobody" {
		t.Errorf("another browser is %s", body)
	}
}

func TestOutsideTheMiddlewareNothingIsKnown(t *testing.T) {
	t.Parallel()
	site, other := newSite(t, "5.2.19", nil), newSite(t, "5.2.19", nil)
	_, err := auth.UserFrom(t.Context())
	_, realErr := auth.RealUserFrom(t.Context())
	for what, err := range map[string]error{
		"user": err, "real user": realErr, "login": site.auth.Login(t.Context(), site.people.user("1")), "logout": site.auth.Logout(t.Context()),
		"update": site.auth.UpdateSessionAuthHash(t.Context(), site.people.user("1")),
	} {
		if !errors.Is(err, auth.ErrNoMiddleware) {
			t.Errorf("%s: %v", what, err)
		}
	}
	b := site.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		write(w, strconv.FormatBool(errors.Is(other.auth.Logout(r.Context()), auth.ErrNoMiddleware)))
	}))
	if _, body := b.get(t, "/"); body != "true" {
		t.Error("another Auth takes part in the request")
	}
}

// TestReadOnlyMiddlewareIsReadOnlyForLogins asks for the user of a session that would
// otherwise be flushed, and of one that would get a new key.
func TestReadOnlyMiddlewareIsReadOnlyForLogins(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.SecretKey, s.SecretKeyFallbacks = "new", []string{secretKey}
	})
	writable := site.manager
	site.with(t, djangosession.Options{ReadOnly: true})
	readOnly := site.manager
	h := site.manager.Middleware(site.auth.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := auth.UserFrom(r.Context())
		if err != nil {
			t.Error(err)
		}
		if err := site.auth.Logout(r.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("logout: %v", err)
		}
		if err := site.auth.Login(r.Context(), site.people.user("1")); !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("login: %v", err)
		}
		if n, err := site.auth.LogoutEverywhere(r.Context(), "2"); n != 0 || !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("logout everywhere: %d, %v", n, err)
		}
		if again, err := auth.UserFrom(r.Context()); err != nil || (again == nil) != (u == nil) {
			t.Errorf("the user is another afterwards: %v, %v", again, err)
		}
		write(w, u.String())
	})))
	for hash, want := range map[string]string{newHash: "bob", sha256Hash: "bob", sha1Hash: "AnonymousUser"} {
		site.manager = writable
		key := site.session(t, bob(map[string]any{auth.HashSessionKey: hash})).Key()
		site.manager = readOnly
		before, _, _ := site.engine.Row(key)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		after, _, _ := site.engine.Row(key)
		if w.Code != http.StatusOK || w.Body.String() != want || len(w.Result().Cookies()) > 0 || after != before {
			t.Errorf("%s: %d %s, cookies %v, written %v", want, w.Code, w.Body, w.Result().Cookies(), after != before)
		}
	}
}
