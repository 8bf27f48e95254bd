package tables_test

import (
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// cacheSettings are the settings of a site with a database cache on SQLite.
func cacheSettings() djangosession.Settings {
	s := djangosession.NewSettings("tables-secret-key")
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: tables.CacheBackend, Location: []string{"my_cache"},
		Database: djangosession.Database{
			Alias: "default", WriteAlias: "default", Engine: "django.db.backends.sqlite3", Vendor: "sqlite",
		},
	}
	return s
}

// newCache makes a database cache in a new file.
func newCache(t *testing.T, s djangosession.Settings) (*tables.Cache, *sql.DB) {
	t.Helper()
	db := openFile(t, "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+"?_busy_timeout=20")
	c, err := tables.NewCache(db, s, tables.CacheOptions{LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, db
}

func execute(t *testing.T, db *sql.DB, statement string, values ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, values...); err != nil {
		t.Fatal(err)
	}
}

func TestTableIsACache(t *testing.T) {
	t.Parallel()
	for name, useTZ := range map[string]bool{"USE_TZ": true, "without USE_TZ": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cachetest.Run(t, func(t *testing.T, given djangosession.Settings) cachetest.Backend {
				t.Helper()
				s := cacheSettings()
				s.Now, s.UseTZ = given.Now, useTZ
				c, db := newCache(t, s)
				return cachetest.Backend{Cache: c, Second: time.Second, SetRaw: func(t *testing.T, key string, data []byte) {
					t.Helper()
					execute(t, db, "INSERT OR REPLACE INTO my_cache VALUES (?, ?, '2050-01-01 00:00:00')",
						key, base64.StdEncoding.EncodeToString(data))
				}}
			})
		})
	}
}

func TestTableCacheKeepsSessions(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, given djangosession.Settings) enginetest.Backend {
		t.Helper()
		s := cacheSettings()
		s.Now, s.UseTZ, s.TimeZone = given.Now, given.UseTZ, given.TimeZone
		s.SessionCache.Options = map[string]any{"MAX_ENTRIES": 100_000.0}
		c, db := newCache(t, s)
		e, err := caches.NewEngine(c, s, caches.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{
			Engine: e,
			SetUnknown: func(t *testing.T, key string) {
				t.Helper()
				execute(t, db, "INSERT OR REPLACE INTO my_cache VALUES (?, 'garbage', '2050-01-01 00:00:00')",
					":1:django.contrib.sessions.cache"+key)
			},
			Lacks: enginetest.Lacks{Text: true, Expired: true, Clear: true, Microseconds: true},
		}
	})
}

// TestLoadLeavesExpiredRowsInTheCache: a user who may only read can load.
func TestLoadLeavesExpiredRowsInTheCache(t *testing.T) {
	t.Parallel()
	path, key := filepath.Join(t.TempDir(), "db.sqlite3"), strings.Repeat("k", 32)
	for _, mode := range []string{"rwc", "ro", "rw"} {
		db := openFile(t, "file:"+path+"?mode="+mode)
		c, err := tables.NewCache(db, cacheSettings(), tables.CacheOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if mode == "rwc" {
			if err := c.CreateTable(t.Context()); err != nil {
				t.Fatal(err)
			}
			const expired = "INSERT INTO my_cache VALUES (':1:django.contrib.sessions.cache' || ?, '', '2001-01-01 00:00:00')"
			execute(t, db, expired, key)
			continue
		}
		e, err := caches.NewEngine(c, cacheSettings(), caches.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Load(t.Context(), key); !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("mode %s: error %v", mode, err)
		}
		var rows int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM my_cache").Scan(&rows); err != nil || rows != 1 {
			t.Errorf("mode %s: %d rows are left (%v)", mode, rows, err)
		}
	}
}

// TestCachedDBInOneTransaction keeps sessions and their copies in one SQLite database. A
// copy on a connection of its own would wait for the lock of the row's transaction.
func TestCachedDBInOneTransaction(t *testing.T) {
	t.Parallel()
	s := cacheSettings()
	s.SessionEngine = "django.contrib.sessions.backends.cached_db"
	s.SessionDatabase = s.SessionCache.Database
	cache, db := newCache(t, s)
	table, err := tables.New(db, s, tables.Options{AcceptEngine: s.SessionEngine})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, err := caches.NewCachedDB(table, cache, s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(e, s, djangosession.Options{MergeSaves: true})
	if err != nil {
		t.Fatal(err)
	}
	session := sessions.New()
	for _, step := range []func() error{
		func() error { return session.Save(t.Context()) },
		func() error {
			session.Set("a", 1)
			return session.Save(t.Context())
		},
		func() error { return session.CycleKey(t.Context()) },
	} {
		began := time.Now()
		if err := step(); err != nil || time.Since(began) > 20*time.Second {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
	}
	count := func(table string) (n int) {
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if rows, copies := count("django_session"), count("my_cache"); rows != 1 || copies != 1 {
		t.Errorf("%d rows and %d copies, want one of each", rows, copies)
	}
	// A transaction that is rolled back leaves no copy.
	execute(t, db, "ALTER TABLE my_cache RENAME COLUMN expires TO ends")
	session.Set("a", 2)
	if err := session.Save(t.Context()); !errors.Is(err, tables.ErrColumn) {
		t.Errorf("saving without the cache: %v", err)
	}
	execute(t, db, "ALTER TABLE my_cache RENAME COLUMN ends TO expires")
	again, err := sessions.Load(t.Context(), session.Key())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := djangosession.Value[int](again, "a"); got != 1 || err != nil {
		t.Errorf("the row has %d, %v", got, err)
	}
	if err := again.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if rows, copies := count("django_session"), count("my_cache"); rows != 0 || copies != 0 {
		t.Errorf("%d rows and %d copies are left", rows, copies)
	}
}

// TestDatabaseCacheCulls counts what stays in a cache with MAX_ENTRIES 10.
func TestDatabaseCacheCulls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		frequency     any
		live, expired int      // before
		left          []string // the first of the live ones, after one more, and how many there are
		count         int
	}{
		"full":                      {live: 10, left: []string{"live00"}, count: 11},
		"more than full":            {live: 11, left: []string{"live03"}, count: 9},  // 11 // 3 are removed
		"many more":                 {live: 31, left: []string{"live10"}, count: 22}, // 31 // 3
		"expired values go first":   {live: 10, expired: 1, left: []string{"live00"}, count: 11},
		"and then others":           {live: 20, expired: 10, left: []string{"live06"}, count: 15},
		"every second":              {frequency: 2.0, live: 12, left: []string{"live06"}, count: 7},
		"all":                       {frequency: 0.0, live: 11, left: nil, count: 1},
		"of one, as in Django, all": {frequency: 1.0, live: 11, left: []string{"live00"}, count: 12}, // OFFSET 11 has no row
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := cacheSettings()
			now := time.Unix(1_700_000_000, 0)
			s.Now = func() time.Time { return now }
			s.SessionCache.Options = map[string]any{"MAX_ENTRIES": 10.0, "CULL_FREQUENCY": c.frequency}
			cache, db := newCache(t, s)
			for i := range c.live {
				execute(t, db, "INSERT INTO my_cache VALUES (?, '', '2050-01-01 00:00:00')", fmt.Sprintf("live%02d", i))
			}
			for i := range c.expired {
				execute(t, db, "INSERT INTO my_cache VALUES (?, '', '2001-01-01 00:00:00')", fmt.Sprintf("expired%02d", i))
			}
			if err := cache.Add(t.Context(), "new", py.NewDict(0), time.Hour); err != nil {
				t.Fatal(err)
			}
			var count int
			var first string
			row := db.QueryRowContext(t.Context(), "SELECT COUNT(*), COALESCE(MIN(cache_key), '') FROM my_cache WHERE cache_key LIKE 'live%'")
			if err := row.Scan(&count, &first); err != nil {
				t.Fatal(err)
			}
			if count+1 != c.count || len(c.left) > 0 && first != c.left[0] {
				t.Errorf("%d are left, the first is %q; want %d, %q", count+1, first, c.count, c.left)
			}
			if err := cache.Replace(t.Context(), "new", py.NewDict(0), time.Hour); err != nil {
				t.Errorf("the new value has gone: %v", err)
			}
		})
	}
}

// TestSecondOfExpiry agrees with Django: the value is there until the second has begun,
// but no longer exists in it.
func TestSecondOfExpiry(t *testing.T) {
	t.Parallel()
	s := cacheSettings()
	clock := time.UnixMilli(1_700_000_000_500)
	s.Now = func() time.Time { return clock }
	cache, _ := newCache(t, s)
	if err := cache.Add(t.Context(), "key", py.NewDict(0), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after         time.Duration
		found, exists bool
	}{
		{after: 9 * time.Second, found: true, exists: true},
		{after: 9499 * time.Millisecond, found: true, exists: true},
		{after: 9500 * time.Millisecond, found: true, exists: false},
		{after: 9501 * time.Millisecond, found: false, exists: false},
	} {
		clock = time.UnixMilli(1_700_000_000_500).Add(c.after)
		exists, existsErr := cache.Exists(t.Context(), "key")
		_, err := cache.Get(t.Context(), "key")
		if existsErr != nil || exists != c.exists || (err == nil) != c.found {
			t.Errorf("after %v: exists %v, %v; get %v", c.after, exists, existsErr, err)
		}
	}
}

func TestCacheChecksItsTable(t *testing.T) {
	t.Parallel()
	cache, db := newCache(t, cacheSettings())
	if err := cache.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		statement string
		want      error
	}{
		{"ALTER TABLE my_cache RENAME COLUMN expires TO ends", tables.ErrColumn},
		{"ALTER TABLE my_cache RENAME COLUMN ends TO expires", nil},
		{"ALTER TABLE my_cache RENAME TO other", tables.ErrNoTable},
	} {
		execute(t, db, c.statement)
		if err := cache.Check(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.statement, err)
		}
	}
	_, err := cache.Get(t.Context(), "key")
	if !errors.Is(err, tables.ErrNoTable) || errors.Is(err, caches.ErrMiss) {
		t.Errorf("without the table: %v", err)
	}
	if err := cache.Add(t.Context(), "key", py.NewDict(0), time.Hour); !errors.Is(err, tables.ErrNoTable) {
		t.Errorf("without the table: %v", err)
	}
}

func TestNewCacheRefuses(t *testing.T) {
	t.Parallel()
	db := openFile(t, ":memory:")
	for name, change := range map[string]func(c *djangosession.SessionCache){
		"another backend":         func(c *djangosession.SessionCache) { c.Backend = "shop.caches.DatabaseCache" },
		"no table":                func(c *djangosession.SessionCache) { c.Location = nil },
		"a quoted name":           func(c *djangosession.SessionCache) { c.Location = []string{`"other"."my_cache"`} },
		"an unknown database":     func(c *djangosession.SessionCache) { c.Database = djangosession.Database{} },
		"a router for each write": func(c *djangosession.SessionCache) { c.Database.WriteAlias = "other" },
	} {
		s := cacheSettings()
		change(&s.SessionCache)
		_, err := tables.NewCache(db, s, tables.CacheOptions{})
		if _, ok := errors.AsType[*djangosession.SettingError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tables.NewCache(nil, cacheSettings(), tables.CacheOptions{}); err == nil {
		t.Error("no database: no error")
	}
}

// TestListsKeysWithPrefix also has more keys than one page, and characters that LIKE
// knows.
func TestListsKeysWithPrefix(t *testing.T) {
	t.Parallel()
	cache, db := newCache(t, cacheSettings())
	execute(t, db, "INSERT INTO my_cache WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 449) "+
		"SELECT printf('a_%%!%03d', i), '', '2050-01-01 00:00:00' FROM n")
	execute(t, db, "INSERT INTO my_cache VALUES ('aX%!001', '', '2050-01-01'), ('A_%!001', '', '2050-01-01'), "+
		"('a_%!old', '', '2001-01-01'), ('b', '', '2050-01-01')")
	n := 0
	for key, err := range cache.Keys(t.Context(), "a_%!") {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("a_%%!%03d", n); key != want {
			t.Fatalf("key %s, want %s", key, want)
		}
		n++
	}
	if n != 450 {
		t.Errorf("%d keys", n)
	}
}
