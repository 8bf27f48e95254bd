package sitetest_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/sitetest"
)

// siteFile describes the site whose database is fixtures.DemoSQL. Django wrote both.
const siteFile = "../examples/service/testdata/site.json"

// database opens a database.
func database(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open(sqlitedriver.Name, "file:"+file+"?_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// demo returns a database with users and sessions that Django wrote.
func demo(t testing.TB) *sql.DB {
	t.Helper()
	db := database(t, filepath.Join(t.TempDir(), "db.sqlite3"))
	if _, err := db.ExecContext(t.Context(), fixtures.DemoSQL); err != nil {
		t.Fatal(err)
	}
	return db
}

// openSite opens the site of the demo.
func openSite(t testing.TB) *sitetest.Site {
	t.Helper()
	return sitetest.Open(t, siteFile, djangobridge.Options{DB: demo(t)})
}

// content returns all rows of sessions and users.
func content(t *testing.T, db *sql.DB) string {
	t.Helper()
	var all string
	const query = `SELECT (SELECT group_concat(session_key || session_data || expire_date) FROM django_session) ||
		(SELECT group_concat(id || password || coalesce(last_login, '') || username) FROM auth_user)`
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestASiteInADatabaseIsLeftAsItWas(t *testing.T) { //nolint:tparallel // it checks what they leave
	t.Parallel()
	db := demo(t)
	before := content(t, db)
	for _, readOnly := range []bool{false, true} {
		t.Run("", func(t *testing.T) {
			site := sitetest.Open(t, siteFile, djangobridge.Options{DB: db, ReadOnly: readOnly})
			c := site.Client(t, newHandler(site.Site))
			c.SetSession("cart", map[string]int{"tea": 1})
			c.LogIn(site.User(t, "ada"))
			c.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")
			if content(t, db) == before {
				t.Error("nothing was written")
			}
			if readOnly {
				return
			}
			c.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusSeeOther)
			if got := cartOf(t, c); got["tea"] != 2 {
				t.Errorf("the cart has %v", got)
			}
			site.LogIn(t, c.NewRequest(http.MethodGet, "/", http.NoBody), site.User(t, "ada"))
			other := site.Client(t, newHandler(site.Site))
			other.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusSeeOther) // the handler creates the session
			c.Post("/logout", nil).WantStatus(http.StatusOK)
		})
		if after := content(t, db); after != before {
			t.Errorf("read-only %v: the database has %d characters more", readOnly, len(after)-len(before))
		}
	}
}

func TestSessionsOfOthersAreNotDeleted(t *testing.T) { //nolint:tparallel // it checks what they leave
	t.Parallel()
	const adas = "5mx9bk0h1plc8bt5z2tdwysdphaitqc3" // a session that Django wrote
	db := demo(t)
	t.Run("", func(t *testing.T) {
		site := sitetest.Open(t, siteFile, djangobridge.Options{DB: db})
		c := site.Client(t, newHandler(site.Site))
		c.Header.Set("Cookie", site.Settings.SessionCookieName+"="+adas)
		c.Post("/cart", url.Values{"item": {"tea"}}).WantStatus(http.StatusSeeOther)
		c.Get("/account").WantStatus(http.StatusOK)
	})
	if !strings.Contains(content(t, db), adas) {
		t.Error("the session is gone")
	}
}
