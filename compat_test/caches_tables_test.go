package compat_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestDatabaseCaches runs the suite of caches on the servers. Package tables runs it on
// SQLite.
func TestDatabaseCaches(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			cachetest.Run(t, func(t *testing.T, s djangosession.Settings) cachetest.Backend {
				t.Helper()
				base := newDatabase(t, product)
				db := base.open(t)
				s.SessionCache.Backend, s.SessionCache.Location = tables.CacheBackend, []string{"my_cache"}
				c, err := tables.NewCache(db, s, tables.CacheOptions{Dialect: base.dialect, LockWait: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				if err := c.CreateTable(t.Context()); err != nil {
					t.Fatal(err)
				}
				if product == "mariadb" {
					// By default, keys that differ only in case cannot both exist.
					// Sessions do not have such keys.
					const exact = "ALTER TABLE my_cache CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
					if _, err := db.ExecContext(t.Context(), exact); err != nil {
						t.Fatal(err)
					}
				}
				return cachetest.Backend{Cache: c, Second: time.Second, SetRaw: func(t *testing.T, key string, data []byte) {
					t.Helper()
					if err := c.Delete(t.Context(), key); err != nil {
						t.Fatal(err)
					}
					statement := "INSERT INTO my_cache VALUES ('" + key + "', '" + base64.StdEncoding.EncodeToString(data) + "', '2050-01-01 00:00:00')"
					if _, err := db.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}}
			})
		})
	}
}

// TestTableCacheWhoseCommitsAreLate has a server that takes longer for a COMMIT than the
// caller has time for, and then completes it. A change of the key whose outcome was not
// known must not leave a session under a key that no caller has.
func TestTableCacheWhoseCommitsAreLate(t *testing.T) {
	t.Parallel()
	if !slices.Contains(databases(), "postgresql") {
		return // the others have no triggers that run at the COMMIT
	}
	base := newDatabase(t, "postgresql")
	db, e := base.open(t), newTableCache(t, base)
	const late = `CREATE FUNCTION late() RETURNS trigger AS $$ BEGIN
		PERFORM pg_sleep(0.4); RETURN NULL; EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(0.4); RETURN NULL; END $$ LANGUAGE plpgsql;
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON my_cache DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`
	if _, err := db.ExecContext(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	for range 5 { // a busy machine may need longer than a call takes to find out what happened
		if err := changeWithLateCommits(t, e); !saysUnknown(err) {
			return
		}
	}
	t.Error("no call found out what happened")
}

// changeWithLateCommits changes the key of a session and creates another, both with less
// time than a COMMIT takes. Unless an error says that the outcome is unknown, it is what
// happened.
func changeWithLateCommits(t *testing.T, e *caches.Engine) error {
	t.Helper()
	old, moved, created := djangosession.NewKey(), djangosession.NewKey(), djangosession.NewKey()
	if err := e.Create(t.Context(), redisRecord(old, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	cycled := e.Cycle(ctx, old, func(r *djangosession.Record) error {
		r.Key, r.ExpireAge = moved, time.Hour
		return nil
	})
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	made := e.Create(short, redisRecord(created, 1))
	if err := errors.Join(cycled, made); saysUnknown(err) {
		return err
	}
	time.Sleep(time.Second)
	for key, err := range map[string]error{moved: cycled, created: made} {
		if exists, _ := e.Exists(t.Context(), key); exists != (err == nil) {
			t.Errorf("the error is %v, and the session exists: %v", err, exists)
		}
	}
	if exists, _ := e.Exists(t.Context(), old); exists == (cycled == nil) {
		t.Errorf("the error is %v, and the old session exists: %v", cycled, exists)
	}
	return nil
}

// TestTableCacheWhoseCommitFailsBesideAnother has a COMMIT that is interrupted, and
// another process that has been waiting to store a value under the same key. Add must not
// take that value for its own.
func TestTableCacheWhoseCommitFailsBesideAnother(t *testing.T) {
	t.Parallel()
	if !slices.Contains(databases(), "postgresql") {
		return // as above
	}
	base := newDatabase(t, "postgresql")
	db := base.open(t)
	_ = newTableCache(t, base)
	// The first COMMIT takes longer than anybody waits. A sequence counts rolled back
	// transactions too.
	const slow = `CREATE SEQUENCE turns;
		CREATE FUNCTION slow() RETURNS trigger AS $$ BEGIN
		IF nextval('turns') = 1 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END $$ LANGUAGE plpgsql;
		CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON my_cache DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`
	if _, err := db.ExecContext(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	// until waits for a connection to this database in the given state.
	until := func(state string) {
		query := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ` + state
		for found := 0; found == 0; time.Sleep(5 * time.Millisecond) {
			if err := db.QueryRowContext(t.Context(), query).Scan(&found); err != nil {
				t.Error(err)
				return
			}
		}
	}
	add := func(ctx context.Context, text string) error {
		c, err := tables.NewCache(base.open(t), tableCacheSettings(), tables.CacheOptions{Dialect: base.dialect, LockWait: time.Minute})
		if err != nil {
			return err
		}
		value := py.NewDict(1)
		value.Set("text", text)
		return c.Add(ctx, "key", value, time.Hour)
	}
	interrupted, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ours, theirs := make(chan error, 1), make(chan error, 1)
	go func() { ours <- add(interrupted, "ours") }()
	until("wait_event = 'PgSleep'") // in its COMMIT
	go func() { theirs <- add(t.Context(), "theirs") }()
	until("wait_event_type = 'Lock'")
	interrupt()
	if err := <-ours; !errors.Is(err, caches.ErrExists) {
		t.Errorf("%v, want ErrExists", err)
	}
	if err := <-theirs; err != nil {
		t.Error(err)
	}
}

// newTableCache makes the engine "cache" on a table.
func newTableCache(t *testing.T, base *database) *caches.Engine {
	t.Helper()
	s := tableCacheSettings()
	c, err := tables.NewCache(base.open(t), s, tables.CacheOptions{Dialect: base.dialect, LockWait: time.Minute})
	if err == nil {
		err = c.CreateTable(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := caches.NewEngine(c, s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// tableCacheSettings are those of a site with sessions in a database cache.
func tableCacheSettings() djangosession.Settings {
	s := djangosession.NewSettings("compat-secret-key")
	s.SessionEngine = cacheEngine
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: tables.CacheBackend, Location: []string{"my_cache"}, Version: "1",
	}
	return s
}
