package sitetest_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/sitetest"
	"github.com/djangobridge/djangobridge/tables"
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

// TestTheCacheIsInTheDatabaseOfTheUsers opens a site with cached_db whose sessions are in
// another database than its users and the copies of the sessions.
func TestTheCacheIsInTheDatabaseOfTheUsers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(siteFile)
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := json.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	const backends = "django.contrib.sessions.backends."
	users := map[string]any{
		"alias": "users", "write_alias": "users", "engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": nil,
	}
	settings["SESSION_ENGINE"] = backends + "cached_db"
	settings["SESSION_STORE_CLASS"] = map[string]any{
		"mro": []string{backends + "cached_db.SessionStore", backends + "db.SessionStore", backends + "base.SessionBase"},
	}
	settings["USER_DATABASE"] = users
	settings["SESSION_CACHE"] = map[string]any{
		"alias": "default", "backend": tables.CacheBackend, "location": []string{"cache"}, "version": "1",
		"options": map[string]any{"MAX_ENTRIES": 9}, "database": users,
	}
	text, err = json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	file, userDB := filepath.Join(t.TempDir(), "site.json"), demo(t)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	const table = "CREATE TABLE cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires datetime NOT NULL)"
	if _, err := userDB.ExecContext(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	site := sitetest.Open(t, file, djangobridge.Options{DB: demo(t), UserDB: userDB})
	c := site.Client(t, newHandler(site.Site))
	c.SetSession("cart", map[string]int{"tea": 1})
	c.LogIn(site.User(t, "ada"))
	c.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")
	copies := 0
	if err := userDB.QueryRowContext(t.Context(), "SELECT count(*) FROM cache").Scan(&copies); err != nil || copies != 1 {
		t.Errorf("the cache has %d sessions, %v", copies, err)
	}
}
