package sitetest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/sitetest"
)

func TestAccountGreetsTheUser(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t, sitetest.Options{})
	ada := site.AddUser(t, sitetest.User{Username: "ada"})
	browser := site.Client(t, newHandler(site.Site))
	browser.Get("/account").WantRedirect("/accounts/login/?next=/account")
	browser.LogIn(ada)
	browser.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")
}

// cartOf returns the cart in the session of a client.
func cartOf(t *testing.T, c *sitetest.Client) map[string]int {
	t.Helper()
	cart := map[string]int{}
	if err := c.Session().Scan("cart", &cart); err != nil {
		t.Fatal(err)
	}
	return cart
}

func TestLoginsByEmailCanBeTested(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t, sitetest.Options{Bridge: djangobridge.Options{LoginFields: []string{"email"}, LoginIgnoresCase: true}})
	site.AddUser(t, sitetest.User{Username: "ada", Email: "ada@example.com", Password: "tea"})
	if u, err := site.Login.Authenticate(t.Context(), "Ada@Example.com", "tea"); err != nil || u.Username != "ada" {
		t.Errorf("%v, %v", u, err)
	}
	if u, err := site.Login.Authenticate(t.Context(), "ada", "tea"); !errors.Is(err, auth.ErrBadCredentials) {
		t.Errorf("%v, %v", u, err)
	}
}

func TestStepsOfTheClockAddUp(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t, sitetest.Options{})
	began := site.Clock.Now()
	const routines, each = 4, 500
	var wait sync.WaitGroup
	for range routines {
		wait.Go(func() {
			for range each {
				site.Clock.Advance(time.Second)
			}
		})
	}
	wait.Wait()
	if got := site.Clock.Now().Sub(began); got != routines*each*time.Second {
		t.Errorf("the clock has moved by %v", got)
	}
}

// TestClientsWorkOnEverySite runs the same test on sites that differ in what clients have
// to send.
func TestClientsWorkOnEverySite(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"2.2.28", "3.2.25", "4.2.30", "5.2.19", "6.1.3"} {
		for name, change := range map[string]func(*djangosession.Settings, *djangobridge.Options){
			"defaults":           func(*djangosession.Settings, *djangobridge.Options) {},
			"secret in sessions": func(s *djangosession.Settings, _ *djangobridge.Options) { s.CSRFUseSessions = true },
			"HTTPS": func(s *djangosession.Settings, _ *djangobridge.Options) {
				s.SessionCookieSecure, s.CSRFCookieSecure, s.CSRFCookieDomain = true, true, ".example.com"
				s.SecureProxySSLHeader = [2]string{"HTTP_X_FORWARDED_PROTO", "https"}
			},
			"signed cookies": func(s *djangosession.Settings, _ *djangobridge.Options) {
				s.SessionEngine = "django.contrib.sessions.backends.signed_cookies"
			},
			"names": func(s *djangosession.Settings, _ *djangobridge.Options) {
				s.SessionCookieName, s.CSRFCookieName, s.CSRFHeaderName, s.SessionSaveEveryRequest = "sid", "c", "HTTP_X_TOKEN", true
			},
			"partitioned": func(_ *djangosession.Settings, b *djangobridge.Options) { b.Sessions.Partitioned = true },
		} {
			t.Run(release+" "+name, func(t *testing.T) {
				t.Parallel()
				settings, err := djangosession.NewSettingsFor(release, "k")
				if err != nil {
					t.Fatal(err)
				}
				var bridge djangobridge.Options
				change(&settings, &bridge)
				site := sitetest.New(t, sitetest.Options{Settings: settings, Bridge: bridge})
				ada := site.AddUser(t, sitetest.User{Username: "ada", Password: "secret"})
				c := site.Client(t, newHandler(site.Site))
				c.SetSession("cart", map[string]int{"tea": 1})
				c.Post("/cart", url.Values{"item": {"tea"}}).WantRedirect("/account").WantMessages("Added tea.")
				c.LogIn(ada)
				if got := cartOf(t, c); got["tea"] != 2 {
					t.Errorf("the cart has %v", got)
				}
				c.Post("/cart", url.Values{"item": {"jam"}}).WantMessages("Added tea.", "Added jam.").
					Follow().WantStatus(http.StatusOK).WantBody("Hello, ada\nsuccess: Added tea.\nsuccess: Added jam.").WantMessages()
				c.Post("/cart", url.Values{"item": {"tea"}}).WantMessages("Added tea.")
				if got := cartOf(t, c); got["tea"] != 3 || c.User() == nil {
					t.Errorf("the cart has %v, and the user is %v", got, c.User())
				}
				c.LogOut()
				c.Get("/account").WantStatus(http.StatusFound)
				c.Post("/login", url.Values{"username": {"ada"}, "password": {"secret"}}).WantStatus(http.StatusOK)
				if u := c.User(); u == nil || u.Username != "ada" || u.LastLogin.IsZero() {
					t.Errorf("after the login page, the user is %v", u)
				}
				c.Post("/logout", nil).WantStatus(http.StatusOK)
				if u := c.User(); u != nil {
					t.Errorf("after the logout, the user is %v", u)
				}
				c.EnforceCSRF = true
				c.Post("/cart", nil).WantStatus(http.StatusForbidden)
				token := c.Token()
				c.Post("/cart", url.Values{"item": {"tea"}, "csrfmiddlewaretoken": {token}}).WantStatus(http.StatusSeeOther)
				c.JSON(http.MethodDelete, "/cart", 1).WantStatus(http.StatusForbidden)
			})
		}
	}
}

func TestRequestsCanBeLoggedIn(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t, sitetest.Options{})
	site.AddGroup(t, "clerks", "shop.view_order")
	bob := site.AddUser(t, sitetest.User{Username: "bob", Groups: []string{"clerks"}})
	eve := site.AddUser(t, sitetest.User{Username: "eve", Permissions: []string{"shop.add_order"}})
	handler := newHandler(site.Site)
	for username, want := range map[string]int{"bob": http.StatusOK, "eve": http.StatusFound} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/orders", http.NoBody)
		site.LogIn(t, r, site.User(t, username))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", username, w.Code, want)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/cart", http.NoBody)
	site.LogIn(t, r, bob)
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, r); w.Code != http.StatusSeeOther {
		t.Errorf("a form: status %d", w.Code)
	}
	if eve.ID == bob.ID || !site.User(t, "bob").LastLogin.IsZero() {
		t.Error("LogIn has changed the user")
	}
}

func TestTheClockEndsSessions(t *testing.T) {
	t.Parallel()
	start := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	site := sitetest.New(t, sitetest.Options{Now: start})
	c := site.Client(t, newHandler(site.Site))
	c.LogIn(site.AddUser(t, sitetest.User{Username: "ada"}))
	r := c.NewRequest(http.MethodGet, "/account", http.NoBody)
	c.Do(r).WantStatus(http.StatusOK)
	site.Clock.Advance(14*24*time.Hour - time.Second)
	c.Get("/account").WantStatus(http.StatusOK)
	site.Clock.Advance(2 * time.Second)
	c.Get("/account").WantStatus(http.StatusFound) // the browser has dropped the cookie
	again := c.NewRequest(http.MethodGet, "/account", http.NoBody)
	again.Header["Cookie"] = r.Header["Cookie"]
	c.Do(again).WantStatus(http.StatusFound) // the session has ended
	site.Clock.Set(start)
	c.Do(again).WantStatus(http.StatusOK)
}

func TestReadOnlyServicesCanBeTested(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t, sitetest.Options{Bridge: djangobridge.Options{ReadOnly: true}})
	c := site.Client(t, newHandler(site.Site))
	c.LogIn(site.AddUser(t, sitetest.User{Username: "ada"}))
	c.SetSession("cart", map[string]int{"tea": 1})
	c.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")
	c.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusForbidden)
	if got := cartOf(t, c); got["tea"] != 1 {
		t.Errorf("the cart has %v", got)
	}
}

func TestUserIsFoundByTheNameOfTheLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields     []string
		ignoreCase bool
		login      string
	}{
		"user name":     {login: "ada"},
		"address":       {fields: []string{"email"}, login: "ada@example.com"},
		"one of two":    {fields: []string{"email", "username"}, login: "ada"},
		"in upper case": {fields: []string{"email"}, ignoreCase: true, login: "ADA@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := sitetest.New(t, sitetest.Options{
				Bridge: djangobridge.Options{LoginFields: c.fields, LoginIgnoresCase: c.ignoreCase},
			})
			added := site.AddUser(t, sitetest.User{Username: "ada", Email: "ada@example.com", Password: "secret"})
			if found := site.User(t, c.login); found.ID != added.ID {
				t.Errorf("found %v", found)
			}
			if _, err := site.Login.Authenticate(t.Context(), c.login, "secret"); err != nil {
				t.Errorf("the login: %v", err)
			}
		})
	}
}
