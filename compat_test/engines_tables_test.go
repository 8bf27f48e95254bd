package compat_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// tableEngineCases are the engines on a database: "db", and "cache" and "cached_db" on a
// database cache.
func tableEngineCases() []engineCase {
	products := databases()
	all := make([]engineCase, 0, 1+2*len(products))
	all = append(all, dbEngineCase())
	for _, product := range products {
		c := databaseCacheCase(product)
		all = append(all, c, cachedDBCase("cached_db on a table/"+product, c, openDatabaseCache))
	}
	return all
}

func dbEngineCase() engineCase {
	return engineCase{
		name: "db",
		start: func(t *testing.T, at *engineSite) map[string]any {
			at.stop, at.resume, at.keeps = awayTable(t, at, "django_session")
			return nil
		},
		open: func(_ *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
			return tables.New(at.db, s, tables.Options{})
		},
		damage: func(t *testing.T, p *enginePair, key string) {
			if _, err := p.at.db.ExecContext(t.Context(), "UPDATE django_session SET session_data = 'x' WHERE session_key = '"+key+"'"); err != nil {
				t.Fatal(err)
			}
		},
		held: func(t *testing.T, p *enginePair, key string) string {
			var text string
			row := p.at.db.QueryRowContext(t.Context(), "SELECT session_data FROM django_session WHERE session_key = '"+key+"'")
			if err := row.Scan(&text); err != nil {
				t.Fatal(err)
			}
			return text
		},
	}
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
		open: func(t *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
			c, err := openDatabaseCache(t, s, at)
			if err != nil {
				return nil, err
			}
			return caches.NewEngine(c, s, caches.Options{})
		},
	}
}

func openDatabaseCache(_ *testing.T, s djangosession.Settings, at *engineSite) (caches.Cache, error) {
	return tables.NewCache(at.db, s, tables.CacheOptions{})
}

// cachedDBCase is the engine "cached_db" on the cache of a case. A damaged copy in the
// cache does no harm, so the row is damaged.
func cachedDBCase(
	name string, c engineCase, open func(t *testing.T, s djangosession.Settings, at *engineSite) (caches.Cache, error),
) engineCase {
	db, start := dbEngineCase(), c.start
	c.name, c.pickles, c.held = name, false, db.held
	c.damage = func(t *testing.T, p *enginePair, key string) {
		p.django.do(t, "python", map[string]any{
			"key": key, "code": "session = store(key)\nsession._cache.delete(session.cache_key_prefix + key)",
		})
		db.damage(t, p, key)
	}
	c.start = func(t *testing.T, at *engineSite) map[string]any {
		settings := start(t, at)
		settings["SESSION_ENGINE"] = cachedDBEngine
		leave, come, _ := awayTable(t, at, "django_session")
		stop, resume := at.stop, at.resume
		at.stop, at.resume = func() { leave(); stop() }, func() { come(); resume() }
		return settings
	}
	c.open = func(t *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
		cache, err := open(t, s, at)
		if err != nil {
			return nil, err
		}
		table, err := tables.New(at.db, s, tables.Options{AcceptEngine: cachedDBEngine})
		if err != nil {
			return nil, err
		}
		return caches.NewCachedDB(table, cache, s, caches.Options{})
	}
	return c
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
