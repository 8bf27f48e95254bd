package main

import (
	"database/sql"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/sitetest"
)

// eachSite runs a test on a site in memory, and on a copy of the site's database. Both
// have the user ada.
func eachSite(t *testing.T, o djangobridge.Options, test func(t *testing.T, site *sitetest.Site)) {
	t.Helper()
	settings := filepath.Join("testdata", "site.json")
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		site := sitetest.New(t, sitetest.Options{File: settings, Bridge: o})
		site.AddUser(t, sitetest.User{Username: "ada"})
		test(t, site)
	})
	t.Run("in the database", func(t *testing.T) {
		t.Parallel()
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+"?_busy_timeout=10&_synchronous=FULL")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if _, err := db.ExecContext(t.Context(), fixtures.DemoSQL); err != nil {
			t.Fatal(err)
		}
		withDB := o // the other test reads o at the same time
		withDB.DB = db
		test(t, sitetest.Open(t, settings, withDB))
	})
}

func TestTheAccountIsForUsers(t *testing.T) {
	t.Parallel()
	eachSite(t, djangobridge.Options{}, func(t *testing.T, site *sitetest.Site) {
		browser := site.Client(t, newHandler(site.Site))
		browser.Get("/").WantStatus(http.StatusOK).WantBody("Nobody is logged in")
		browser.Get("/account").WantRedirect(site.Settings.LoginURL + "?next=/account")
		browser.LogIn(site.User(t, "ada"))
		browser.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")
		browser.LogOut()
		browser.Get("/account").WantStatus(http.StatusFound)
	})
}

func TestTheCartIsInTheSession(t *testing.T) {
	t.Parallel()
	eachSite(t, djangobridge.Options{}, func(t *testing.T, site *sitetest.Site) {
		browser := site.Client(t, newHandler(site.Site))
		browser.SetSession("cart", map[string]int{"jam": 3})
		tea := url.Values{"item": {"tea"}}
		browser.Post("/cart", tea).WantRedirect("/")
		browser.Post("/cart", tea).Follow().WantStatus(http.StatusOK).WantBody("<li>tea: 2", "<li>jam: 3")
		var cart map[string]int
		if err := browser.Session().Scan("cart", &cart); err != nil || !maps.Equal(cart, map[string]int{"tea": 2, "jam": 3}) {
			t.Errorf("the session has %v, %v", cart, err)
		}
	})
}

func TestFormsNeedTheTokenOfTheirPage(t *testing.T) {
	t.Parallel()
	eachSite(t, djangobridge.Options{}, func(t *testing.T, site *sitetest.Site) {
		browser := site.Client(t, newHandler(site.Site))
		browser.EnforceCSRF = true
		browser.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusForbidden)
		token := hidden.FindStringSubmatch(browser.Get("/").Body.String())
		if token == nil {
			t.Fatal("the page has no token")
		}
		browser.Post("/cart", url.Values{"item": {"tea"}, "csrfmiddlewaretoken": {token[1]}}).WantRedirect("/")
	})
}

func TestBrokenCartsAreAnError(t *testing.T) {
	t.Parallel()
	eachSite(t, djangobridge.Options{}, func(t *testing.T, site *sitetest.Site) {
		browser := site.Client(t, newHandler(site.Site))
		browser.SetSession("cart", "not a cart")
		browser.Get("/").WantStatus(http.StatusServiceUnavailable).WantBody("Please try again later.")
		browser.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusServiceUnavailable)
		if value, _ := browser.Session().Get("cart"); value != "not a cart" {
			t.Errorf("the cart was replaced by %v", value)
		}
	})
}

func TestReadOnlyPagesHaveNoForm(t *testing.T) {
	t.Parallel()
	eachSite(t, djangobridge.Options{ReadOnly: true}, func(t *testing.T, site *sitetest.Site) {
		browser := site.Client(t, newHandler(site.Site))
		browser.LogIn(site.User(t, "ada"))
		browser.Get("/").WantStatus(http.StatusOK).WantBody("Hello, ada").WantNotInBody("<form")
		browser.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusForbidden)
	})
}
