package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// siteSettings writes the settings of the site of fixtures.DemoSQL, with changes.
func siteSettings(t *testing.T, changes map[string]any) string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := json.Unmarshal(data[bytes.IndexByte(data, '{'):], &settings); err != nil {
		t.Fatal(err)
	}
	maps.Copy(settings, changes)
	if data, err = json.Marshal(settings); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "site.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func demoDatabase(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "db.sqlite3")
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(name, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // committed
	if _, err := db.ExecContext(t.Context(), fixtures.DemoSQL); err != nil {
		t.Fatal(err)
	}
	return name
}

// database is SESSION_DATABASE or USER_DATABASE of an SQLite database.
func database(alias, engine string) map[string]any {
	return map[string]any{"alias": alias, "write_alias": alias, "engine": engine, "vendor": "sqlite", "time_zone": nil}
}

const sqliteEngine = "django.db.backends.sqlite3"

// cachedSessions are the settings of a site with sessions in a cache.
func cachedSessions(backend string) map[string]any {
	return map[string]any{
		"SESSION_ENGINE": enginePackage + "cache", "SESSION_DATABASE": nil,
		"SESSION_STORE_CLASS": map[string]any{
			"mro":              []string{enginePackage + "cache.SessionStore", enginePackage + "base.SessionBase", "builtins.object"},
			"cache_key_prefix": "django.contrib.sessions.cache",
		},
		"SESSION_CACHE": map[string]any{
			"alias": "default", "backend": backend, "location": []string{"redis://127.0.0.1:1"}, "version": "1", "options": map[string]any{},
			"database": database("cache", sqliteEngine),
		},
	}
}

func TestSiteOpensForReading(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changes  map[string]any
		database bool
		users    bool
	}{
		"one database":         {database: true},
		"two databases":        {changes: map[string]any{"USER_DATABASE": database("people", sqliteEngine)}, database: true, users: true},
		"a cache":              {changes: cachedSessions(redisBackend), database: true},
		"a cache, other flag":  {changes: cachedSessions(redisBackend), users: true},
		"a table as the cache": {changes: cachedSessions(databaseBackend), database: true, users: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := siteSource{Settings: siteSettings(t, test.changes)}
			if test.database {
				source.Database = demoDatabase(t)
			}
			if test.users {
				source.UsersDatabase = demoDatabase(t)
			}
			site, err := source.open(djangobridge.Options{}, false)
			if err != nil {
				t.Fatal(err)
			}
			defer site.close()
			if _, err := site.Users.Get(t.Context(), "1"); err != nil {
				t.Errorf("the user: %v", err)
			}
			if err := site.Users.SetLastLogin(t.Context(), "1", site.Settings.Clock()); !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("writing: %v", err)
			}
			if _, err := site.users.db.ExecContext(t.Context(), "DELETE FROM auth_user"); err == nil {
				t.Error("the connection can write")
			}
		})
	}
}

func TestSiteOpensForWriting(t *testing.T) {
	t.Parallel()
	source := siteSource{Settings: siteSettings(t, nil), Database: demoDatabase(t)}
	site, err := source.open(djangobridge.Options{KnownOverrides: []string{"shop.User.name"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer site.close()
	if err := site.Users.SetLastLogin(context.Background(), "1", site.Settings.Clock()); err != nil {
		t.Error(err)
	}
}

func TestDatabaseComesFromTheEnvironment(t *testing.T) {
	t.Setenv(databaseVariable, demoDatabase(t))
	t.Setenv(usersDatabaseVariable, demoDatabase(t))
	source := siteSource{Settings: siteSettings(t, map[string]any{"USER_DATABASE": database("people", sqliteEngine)})}
	site, err := source.open(djangobridge.Options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	site.close()
	for _, variable := range []string{databaseVariable, usersDatabaseVariable} {
		if !strings.Contains(siteHelp, variable) {
			t.Errorf("the help text lacks %s", variable)
		}
	}
}

func TestSiteRefusalsNameTheFlag(t *testing.T) {
	t.Parallel()
	db := demoDatabase(t)
	two := map[string]any{"USER_DATABASE": database("people", sqliteEngine)}
	own := map[string]any{"SESSION_DATABASE": database("default", "shop.db"), "USER_DATABASE": database("default", "shop.db")}
	engine := map[string]any{"SESSION_ENGINE": "shop.sessions", "SESSION_STORE_CLASS": map[string]any{"mro": []string{"shop.sessions.SessionStore"}}}
	for name, test := range map[string]struct {
		changes map[string]any
		source  siteSource
		want    string
	}{
		"no file":          {source: siteSource{Settings: "/nowhere/site.json"}, want: "--settings"},
		"no database":      {want: `"<database>", or DATABASE_URL`},
		"no users":         {changes: two, source: siteSource{Database: db}, want: "--users-database, or USERS_DATABASE_URL"},
		"users twice":      {source: siteSource{Database: db, UsersDatabase: db}, want: "leave out --users-database"},
		"two, one needed":  {changes: cachedSessions(redisBackend), source: siteSource{Database: db, UsersDatabase: db}, want: "--users-database, not both"},
		"none, one needed": {changes: cachedSessions(redisBackend), want: `"<database>", or DATABASE_URL`},
		"another product":  {source: siteSource{Database: "postgresql://127.0.0.1:1/shop"}, want: "postgresql database, but the settings"},
		"wrong users":      {changes: two, source: siteSource{Database: db, UsersDatabase: "/nowhere"}, want: "--users-database: "},
		"own engine":       {changes: engine, source: siteSource{Database: db}, want: "--accept-engine"},
		"other engine":     {source: siteSource{Database: db, acceptFlags: acceptFlags{AcceptEngine: "shop"}}, want: "--accept-engine must be"},
		"own database":     {changes: own, source: siteSource{Database: db}, want: "--accept-database-engine"},
		"other own":        {changes: own, source: siteSource{Database: db, acceptFlags: acceptFlags{AcceptDatabaseEngine: "x"}}, want: "which is shop.db"},
		"no user model":    {changes: map[string]any{"USER_MODEL": nil}, source: siteSource{Database: db}, want: "USER_MODEL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := test.source
			if source.Settings == "" {
				source.Settings = siteSettings(t, test.changes)
			}
			site, err := source.open(djangobridge.Options{}, false)
			if err == nil {
				site.close()
			}
			if _, is := errors.AsType[usageError](err); !is || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want a usage error about %q", err, test.want)
			}
		})
	}
	source := siteSource{Settings: siteSettings(t, own), Database: db, acceptFlags: acceptFlags{AcceptDatabaseEngine: "shop.db"}}
	site, err := source.open(djangobridge.Options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	site.close()
}
