package signedcookies_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// oneUser are the users of a site with one user.
type oneUser struct{}

func (oneUser) Get(context.Context, string) (*auth.User, error) {
	return &auth.User{ID: "1", Username: "ada", IsActive: true, Password: "pbkdf2_sha256$1$x$y"}, nil
}

func (u oneUser) GetByUsername(ctx context.Context, _ string) (*auth.User, error) {
	return u.Get(ctx, "1")
}
func (oneUser) SetLastLogin(context.Context, string, time.Time) error { return nil }
func (oneUser) ReplacePassword(context.Context, string, auth.Secret, auth.Secret) error {
	return nil
}

func (oneUser) Groups(context.Context, *auth.User) ([]string, error) { return nil, nil }

func (oneUser) Permissions(context.Context, *auth.User) ([]string, error) { return nil, nil }

// TestLoginAndLogout has one visitor log in and out, also after the header of a response,
// when the browser cannot learn of it.
func TestLoginAndLogout(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	login, err := auth.New(s.sessions, oneUser{}, auth.Options{})
	must(t, err)
	name, cookie := "", one
	visit := func(use func(w http.ResponseWriter, r *http.Request)) (set []*http.Cookie) {
		t.Helper()
		s.errs = nil
		w := s.visit(t, cookie, func(w http.ResponseWriter, r *http.Request) {
			login.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, err := auth.UserFrom(r.Context())
				must(t, err)
				if name = ""; user != nil {
					name = user.Username
				}
				use(w, r)
			})).ServeHTTP(w, r)
		})
		set = cookiesOf(w)
		if len(set) > 0 {
			cookie = set[0].Value
		}
		return set
	}
	quiet := func(http.ResponseWriter, *http.Request) {}
	logIn := func(_ http.ResponseWriter, r *http.Request) {
		user, err := oneUser{}.Get(r.Context(), "1")
		must(t, errors.Join(err, login.Login(r.Context(), user)))
	}

	if set := visit(logIn); len(set) != 1 {
		t.Fatalf("the login sets %v", set)
	}
	if visit(quiet); name != "ada" {
		t.Fatal("nobody is logged in")
	}
	stolen := cookie
	visit(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		if err := login.Logout(r.Context()); !errors.Is(err, djangosession.ErrHeaderSent) {
			t.Errorf("a late logout returns %v", err)
		}
	})
	if len(s.errs) == 0 || !errors.Is(s.errs[0], djangosession.ErrHeaderSent) {
		t.Errorf("of a late logout, %v is reported", s.errs)
	}
	if visit(quiet); name != "ada" {
		t.Error("a late logout has an effect that its error denies")
	}
	set := visit(func(_ http.ResponseWriter, r *http.Request) { must(t, login.Logout(r.Context())) })
	if len(set) != 1 || set[0].MaxAge >= 0 || set[0].Value != "" {
		t.Errorf("the logout sets %v", set)
	}
	if visit(quiet); name != "" {
		t.Error("the logout has no effect")
	}
	cookie = stolen
	if visit(quiet); name != "ada" {
		t.Error("a copy of the cookie is not valid, although Django accepts it")
	}
	if n, err := login.LogoutEverywhere(t.Context(), "1"); n != 0 || !errors.Is(err, djangosession.ErrStateless) {
		t.Errorf("LogoutEverywhere: %d, %v", n, err)
	}
	visit(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		user, err := oneUser{}.Get(r.Context(), "1")
		must(t, err)
		if err := login.UpdateSessionAuthHash(r.Context(), user); !errors.Is(err, djangosession.ErrHeaderSent) {
			t.Errorf("a late change of the hash returns %v", err)
		}
	})
}

// TestCSRFSecretInTheSession has CSRF_USE_SESSIONS: the page with the form sets the
// cookie that the form needs.
func TestCSRFSecretInTheSession(t *testing.T) {
	t.Parallel()
	var use djangosession.Settings
	s := newShop(t, func(set *djangosession.Settings, _ *djangosession.Options) {
		set.CSRFUseSessions, set.AllowedHosts = true, []string{"*"}
		use = *set
	})
	protection, err := csrf.New(use, csrf.Options{})
	must(t, err)
	var token string
	page := s.visit(t, "", func(w http.ResponseWriter, r *http.Request) {
		protection.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			token, err = csrf.Token(r.Context())
			must(t, err)
		})).ServeHTTP(w, r)
	})
	set := cookiesOf(page)
	if len(set) != 1 || !strings.Contains(set[0].Value, ":") {
		t.Fatalf("the page sets %v", set)
	}
	for _, cookie := range []string{set[0].Value, ""} {
		passed := false
		w := s.visit(t, cookie, func(w http.ResponseWriter, r *http.Request) {
			r.Method = http.MethodPost
			r.Header.Set("X-Csrftoken", token)
			protection.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed = true })).ServeHTTP(w, r)
		})
		if passed != (cookie != "") {
			t.Errorf("with the cookie %q: status %d", cookie, w.Code)
		}
	}
}
