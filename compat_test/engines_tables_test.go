package compat_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// tableEngineCases are the engines on a database: "db", and "cache" on a database cache.
func tableEngineCases() []engineCase {
	db := engineCase{
		name: "db",
		start: func(t *testing.T, at *engineSite) map[string]any {
			at.stop, at.resume, at.keeps = awayTable(t, at, "django_session")
			return nil
		},
		open: func(_ *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
			return tables.New(at.db, s, tables.Options{})
		},
		damage: func(t *testing.T, p *enginePair, key string) {
			if _, err := p.at.db.ExecContext(t.Context(), "UPDATE django_session SET session_data = 'x' WHERE session_key = ?", key); err != nil {
				t.Fatal(err)
			}
		},
		held: func(t *testing.T, p *enginePair, key string) string {
			var text string
			row := p.at.db.QueryRowContext(t.Context(), "SELECT session_data FROM django_session WHERE session_key = ?", key)
			if err := row.Scan(&text); err != nil {
				t.Fatal(err)
			}
			return text
		},
	}
	products := databases()
	all := make([]engineCase, 0, 1+len(products))
	all = append(all, db)
	for _, product := range products {
		all = append(all, databaseCacheCase(product))
	}
	return all
}

// databaseCacheCase is the engine "cache" on a database cache.
func databaseCacheCase(product string) engineCase {
	return engineCase{
		name: "cache on a table/" + product, product: product, bothUseTZ: true, pickles: true,
		start: func(t *testing.T, at *engineSite) map[string]any {
			at.stop, at.resume, at.keeps = awayTable(t, at, "my_cache")
			return map[string]any{
				"SESSION_ENGINE": "django.contrib.sessions.backends.cache",
				"CACHES": map[string]any{"default": map[string]any{
					"BACKEND": tables.CacheBackend, "LOCATION": "my_cache", "OPTIONS": map[string]any{"MAX_ENTRIES": 1000},
				}},
			}
		},
		made: func(t *testing.T, p *enginePair) {
			p.django.do(t, "python", map[string]any{
				"code": "from django.core.management import call_command\ncall_command('createcachetable', verbosity=0)",
			})
		},
		open: func(_ *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
			c, err := tables.NewCache(at.db, s, tables.CacheOptions{})
			if err != nil {
				return nil, err
			}
			return caches.NewEngine(c, s, caches.Options{})
		},
	}
}

// awayTable makes a table disappear, and come back as it was.
func awayTable(t *testing.T, at *engineSite, name string) (stop, resume func(), keeps bool) {
	t.Helper()
	rename := func(from, to string) func() {
		return func() {
			if _, err := at.db.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
				t.Fatal(err)
			}
		}
	}
	return rename(name, name+"_away"), rename(name+"_away", name), true
}
