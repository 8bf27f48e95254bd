package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
)

// TestAcceptFlagsSettleWhatOpensTheSite compares the refused findings of the doctor and of
// settings check with the refusals of the commands that open the site.
func TestAcceptFlagsSettleWhatOpensTheSite(t *testing.T) {
	t.Parallel()
	const ownDatabase = "shop.db"
	with := func(d map[string]any, name string, value any) map[string]any {
		d[name] = value
		return d
	}
	both := func(sessions, users map[string]any) map[string]any {
		return map[string]any{"SESSION_DATABASE": sessions, "USER_DATABASE": users}
	}
	own := func(name string, value any) map[string]any {
		return both(with(database("default", ownDatabase), name, value), with(database("default", ownDatabase), name, value))
	}
	override := userModel(t)
	override["overrides"] = map[string]any{"shop.User": []string{"has_perm"}}
	cacheTable := cachedSessions(databaseBackend)
	cacheTable["USER_DATABASE"] = database("default", ownDatabase)
	with(cacheTable["SESSION_CACHE"].(map[string]any), "database", database("cache", ownDatabase))
	unknownStore := map[string]any{
		"SESSION_ENGINE": ownEngine, "SESSION_STORE_CLASS": map[string]any{"mro": []string{ownEngine + ".SessionStore"}},
	}
	for name, c := range map[string]struct {
		changes map[string]any
		flags   acceptFlags
		users   bool   // are in another database
		refused string // the settings
	}{
		"nothing to settle": {},
		"engine":            {changes: unknownStore, flags: acceptFlags{AcceptEngine: ownEngine}},
		"engine of a cache": {changes: subclass(cacheEngine), flags: acceptFlags{AcceptEngine: ownEngine}},
		"another engine":    {changes: unknownStore, flags: acceptFlags{AcceptEngine: "other"}, refused: "SESSION_ENGINE"},
		"no engine": {
			changes: map[string]any{"SESSION_ENGINE": nil}, flags: acceptFlags{AcceptEngine: enginePackage + dbEngine},
			refused: "SESSION_ENGINE",
		},
		"engine of files": {
			changes: subclass(fileEngine), flags: acceptFlags{AcceptEngine: ownEngine}, refused: "SESSION_ENGINE",
		},
		"engine of cookies": {
			changes: subclass(signedCookiesEngine), flags: acceptFlags{AcceptEngine: ownEngine}, refused: "SESSION_ENGINE",
		},
		"database": {changes: own("time_zone", nil), flags: acceptFlags{AcceptDatabaseEngine: ownDatabase}},
		"database with a schema": {
			changes: own("search_path", "shop"), flags: acceptFlags{AcceptDatabaseEngine: ownDatabase},
		},
		"another database": {
			changes: own("time_zone", nil), flags: acceptFlags{AcceptDatabaseEngine: "other"},
			refused: "SESSION_DATABASE USER_DATABASE",
		},
		"database with an error": {
			changes: own("error", "E"), flags: acceptFlags{AcceptDatabaseEngine: ownDatabase},
			refused: "SESSION_DATABASE USER_DATABASE",
		},
		"database that is written elsewhere": {
			changes: own("write_alias", "primary"), flags: acceptFlags{AcceptDatabaseEngine: ownDatabase},
			refused: "SESSION_DATABASE USER_DATABASE",
		},
		"database of another vendor": {
			changes: both(with(database("default", sqliteEngine), "vendor", "mysql"), database("default", sqliteEngine)),
			flags:   acceptFlags{AcceptDatabaseEngine: sqliteEngine}, refused: "SESSION_DATABASE",
		},
		"no database": {
			changes: both(nil, database("default", sqliteEngine)), flags: acceptFlags{AcceptDatabaseEngine: sqliteEngine},
			refused: "SESSION_DATABASE",
		},
		"one of two databases": {
			changes: both(database("default", ownDatabase), database("people", "other")), users: true,
			flags: acceptFlags{AcceptDatabaseEngine: ownDatabase}, refused: "USER_DATABASE",
		},
		"database of a cache": {changes: cacheTable, users: true, flags: acceptFlags{AcceptDatabaseEngine: ownDatabase}},
		"override": {
			changes: map[string]any{"USER_MODEL": override}, flags: acceptFlags{KnownOverride: texts{"shop.User.has_perm"}},
		},
		"another override": {
			changes: map[string]any{"USER_MODEL": override}, flags: acceptFlags{KnownOverride: texts{"shop.User.name"}},
			refused: "USER_MODEL",
		},
		"no name of an override": {
			changes: own("error", "E"), flags: acceptFlags{KnownOverride: texts{""}}, refused: "SESSION_DATABASE USER_DATABASE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := siteSource{acceptFlags: c.flags, Settings: siteSettings(t, c.changes), Database: demoDatabase(t)}
			if c.users {
				source.UsersDatabase = demoDatabase(t)
			}
			site, refusal := source.open(djangobridge.Options{}, false)
			if refusal == nil {
				site.close()
			}
			if (refusal != nil) != (c.refused != "") {
				t.Errorf("opening the site: %v, want a refusal of %q", refusal, c.refused)
			}
			d, closers, err := (&doctorCommand{siteSource: source}).deployment()
			for _, closer := range closers {
				closer()
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := refusedSettings(d.Review); got != c.refused {
				t.Errorf("the doctor finds %q, want %q: %v", got, c.refused, refusal)
			}
			data, err := os.ReadFile(source.Settings)
			if err != nil {
				t.Fatal(err)
			}
			_, found, err := (&settingsCheckCommand{acceptFlags: c.flags}).review(data)
			if got := refusedSettings(found); err != nil || got != c.refused {
				t.Errorf("settings check finds %q, %v, want %q: %v", got, err, c.refused, refusal)
			}
			for _, f := range d.Settings.Review() {
				if !f.Refused && !slices.Contains(d.Review, f) {
					t.Errorf("flags settle the note %q", f)
				}
			}
		})
	}
}

// refusedSettings returns the names of the settings in refused findings, each once.
func refusedSettings(found []djangosession.Finding) string {
	var names []string
	for _, f := range found {
		if f.Refused {
			names = append(names, f.Setting)
		}
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), " ")
}

// ownEngine is a SESSION_ENGINE of a site.
const ownEngine = "shop.sessions"

// subclass has a subclass of an engine of Django that may store sessions elsewhere, and
// no table.
func subclass(base string) map[string]any {
	changes := cachedSessions(redisBackend)
	changes["SESSION_ENGINE"] = ownEngine
	changes["SESSION_STORE_CLASS"] = map[string]any{
		"mro": []string{
			ownEngine + ".SessionStore", enginePackage + base + ".SessionStore", enginePackage + "base.SessionBase",
		},
		"overrides":        map[string]any{ownEngine + ".SessionStore": []string{"load"}},
		"cache_key_prefix": "django.contrib.sessions.cache",
	}
	return changes
}

// userModel is the USER_MODEL of siteSettings.
func userModel(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile("../../testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Model map[string]any `json:"USER_MODEL"`
	}
	if err := json.Unmarshal(data[bytes.IndexByte(data, '{'):], &settings); err != nil {
		t.Fatal(err)
	}
	return settings.Model
}
