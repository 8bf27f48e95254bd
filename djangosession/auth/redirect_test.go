package auth_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// TestLoginPageOnAnotherHostGetsTheWholeAddress compares with the answers of Django 5.2
// to /zoo/?q=z on shop.example.com.
func TestLoginPageOnAnotherHostGetsTheWholeAddress(t *testing.T) {
	t.Parallel()
	const path, plain, secure = "/zoo/%3Fq%3Dz", "http%3A//shop.example.com/zoo/%3Fq%3Dz", "https%3A//shop.example.com/zoo/%3Fq%3Dz"
	for _, c := range []struct {
		login         string
		http, overTLS string
	}{
		{login: "https://sso.example.com/in", http: plain, overTLS: secure},
		{login: "https://shop.example.com/in", http: plain, overTLS: path},
		{login: "http://shop.example.com/in", http: path, overTLS: secure},
		{login: "//shop.example.com/in", http: path, overTLS: path},
		{login: "//other/in", http: plain, overTLS: secure},
		{login: "/in/", http: path, overTLS: path},
	} {
		for _, origin := range []bool{false, true} {
			for _, https := range []bool{false, true} {
				site := newSite(t, "5.2.19", func(s *djangosession.Settings, o *auth.Options) {
					s.LoginURL = c.login
					if origin {
						o.Origin = func(r *http.Request) (scheme, host string) { return r.Header.Get("X-Scheme"), "shop.example.com" }
					}
				})
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/zoo/?q=z", http.NoBody)
				r.Host = "shop.example.com"
				want := c.http
				if https {
					want = c.overTLS
				}
				switch {
				case origin: // behind a proxy that forwards HTTP to an internal host
					r.Host = "10.0.0.1:8000"
					r.Header.Set("X-Scheme", map[bool]string{false: "http", true: "https"}[https])
				case https:
					r.TLS = &tls.ConnectionState{}
				}
				w := httptest.NewRecorder()
				site.auth.RedirectToLogin(w, r)
				if got := w.Header().Get("Location"); got != c.login+"?next="+want {
					t.Errorf("%s, origin %v, https %v: %s", c.login, origin, https, got)
				}
			}
		}
	}
}

// TestQueryOfTheLoginPageIsWrittenAsDjangoWritesIt compares with the answers of Django
// 5.2 to /zoo/?q=z.
func TestQueryOfTheLoginPageIsWrittenAsDjangoWritesIt(t *testing.T) {
	t.Parallel()
	const next = "next=/zoo/%3Fq%3Dz"
	for login, want := range map[string]string{
		"/in/?a_b-c.d~e=f_g":           "/in/?a_b-c.d~e=f_g&" + next,
		"/in/?a=%4":                    "/in/?a=%254&" + next,
		"/in/?a=%":                     "/in/?a=%25&" + next,
		"/in/?a=%4z&b=zoo":             "/in/?a=%254z&b=zoo&" + next,
		"/in/?a=%zz":                   "/in/?a=%25zz&" + next,
		"/in/?a=%41":                   "/in/?a=A&" + next,
		"/in/?a=1&&b":                  "/in/?a=1&b=&" + next,
		"/in/?z=a+b&next=old&next=old": "/in/?z=a%20b&" + next,
		"/zebra/":                      "/zebra/?" + next,
		"/in/#top":                     "/in/?" + next + "#top",
		"/in/?next=x#top":              "/in/?" + next + "#top",
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) { s.LoginURL = login })
		w := httptest.NewRecorder()
		site.auth.RedirectToLogin(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/zoo/?q=z", http.NoBody))
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%s: %s, want %s", login, got, want)
		}
	}
}

// optionsProblem returns the error of New for these options.
func (s *site) optionsProblem(o auth.Options) error {
	_, err := auth.New(s.manager, s.people, o)
	return err
}

// loginURLProblem returns the error of New for a LOGIN_URL.
func (s *site) loginURLProblem(t *testing.T, url string) error {
	t.Helper()
	settings := s.manager.Settings()
	settings.LoginURL = url
	manager, err := djangosession.NewManager(s.engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = auth.New(manager, s.people, auth.Options{})
	return err
}

func TestLoginURLThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	for _, login := range []string{"/in now/", "/in/\t", "/in/\n", "/in/\r", " /in/", "http://[::1/in", "/in/%zz", "login", "accounts:login"} {
		for setting, err := range map[string]error{
			"LOGIN_URL":     site.loginURLProblem(t, login),
			"AdminLoginURL": site.optionsProblem(auth.Options{AdminLoginURL: login}),
		} {
			if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != setting {
				t.Errorf("%s %q: %v", setting, login, err)
			}
		}
	}
}

// TestLoginLeadsBackToWhatTheClientAskedFor uses routers that strip a prefix, and request
// targets with a scheme.
func TestLoginLeadsBackToWhatTheClientAskedFor(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	for _, c := range []struct{ name, requestURI, path, want string }{
		{name: "a stripped prefix", requestURI: "/shop/cart/?page=2", path: "/cart/", want: "/shop/cart/%3Fpage%3D2"},
		{name: "a target with a scheme", requestURI: "http://example.com/cart/?page=2", path: "/cart/", want: "/cart/%3Fpage%3D2"},
		{name: "a target without a path", requestURI: "http://example.com", path: "/", want: "/"},
		{name: "no target", requestURI: "", path: "/cart/", want: "/cart/"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.RequestURI, r.URL.Path = c.requestURI, c.path
		w := httptest.NewRecorder()
		site.auth.RedirectToLogin(w, r)
		if got, want := w.Header().Get("Location"), "/accounts/login/?next="+c.want; got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
}
