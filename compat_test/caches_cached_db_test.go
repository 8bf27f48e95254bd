package compat_test

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// cachedRows is the engine "cached_db" on a database and a cache, with the two parts that
// must agree.
type cachedRows struct {
	*caches.CachedDB

	rows   *tables.Engine
	copies *caches.Engine // the engine "cache" under the same keys
	faults *cachetest.Faulty
	db     *sql.DB
}

// cachedRowsOn makes the engine on a table and a cache.
func cachedRowsOn(
	t *testing.T, db *sql.DB, dialect tables.Dialect, table string, c caches.Cache, s djangosession.Settings,
) *cachedRows {
	t.Helper()
	s.SessionEngine = cachedDBEngine
	e := &cachedRows{db: db, faults: &cachetest.Faulty{Cache: c}}
	var err error
	e.rows, err = tables.New(db, s, tables.Options{
		Dialect: dialect, Table: table, LockWait: 30 * time.Second, AcceptEngine: cachedDBEngine,
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.CachedDB, err = caches.NewCachedDB(e.rows, e.faults, s, caches.Options{Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	s.SessionEngine, s.SessionStoreClass.CacheKeyPrefix = cacheEngine, "django.contrib.sessions.cached_db"
	e.copies, err = caches.NewEngine(c, s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newCachedRows makes engines on a new table and a Redis, whose keys begin with the name
// of the table. Each has connections of its own, like another process.
func newCachedRows(t *testing.T, base *database, redis *servers.Server, processes int) []*cachedRows {
	t.Helper()
	table := fmt.Sprintf("sessions_%d", lastTable.Add(1))
	s := redisKind{backend: redisBackend}.settings(djangosession.NewSettings("compat-secret-key"), "redis://"+redis.Addr()+"/1")
	s.SessionCache.KeyPrefix = table
	team := make([]*cachedRows, processes)
	for i := range team {
		team[i] = cachedRowsOn(t, base.open(t), base.dialect, table, newRedisCache(t, s), s)
	}
	if err := team[0].rows.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return team
}

// record is a session of one value.
func (e *cachedRows) record(key string, value any) *djangosession.Record {
	r := redisRecord(key, value)
	r.ExpireDate = py.DateTime{Time: time.Now().Add(r.ExpireAge).UTC()}
	return r
}

// set is a change of a session that sets one value.
func (e *cachedRows) set(key, name string, value any) func(*djangosession.Record) error {
	return func(r *djangosession.Record) error {
		fresh := e.record(key, value)
		r.Key, r.ExpireDate, r.ExpireAge = key, fresh.ExpireDate, fresh.ExpireAge
		r.Data.Set(name, value)
		return nil
	}
}

// stored returns the sessions of a key in the table and in the cache, or nil.
func (e *cachedRows) stored(t *testing.T, key string) (row, copied *py.Dict) {
	t.Helper()
	all := [2]*py.Dict{}
	for i, engine := range []djangosession.Engine{e.rows, e.copies} {
		r, err := engine.Load(t.Context(), key)
		switch {
		case err == nil:
			all[i] = r.Data
		case !errors.Is(err, djangosession.ErrNoSession):
			t.Fatal(err)
		}
	}
	return all[0], all[1]
}

// disagreement describes how the copy of a session differs from its row; "" if it does
// not.
func (e *cachedRows) disagreement(t *testing.T, key string) string {
	t.Helper()
	row, copied := e.stored(t, key)
	switch {
	case copied == nil:
		return ""
	case row == nil:
		return "there is a copy without a row"
	case !py.Equal(row, copied):
		return fmt.Sprintf("the row has %v and the copy %v", py.Native(row), py.Native(copied))
	}
	return ""
}

// TestCachedDBConformance runs the suite of engines on each database with a Redis.
func TestCachedDBConformance(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			shared := newDatabase(t, product)
			enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
				t.Helper()
				base := shared
				if product == "sqlite" { // a connection may not see a new table of another one
					base = newDatabase(t, product)
				}
				db, table := base.open(t), fmt.Sprintf("sessions_%d", lastTable.Add(1))
				s = redisKind{backend: redisBackend}.settings(s, "redis://"+server.Addr()+"/2")
				s.SessionCache.KeyPrefix = table
				e := cachedRowsOn(t, db, base.dialect, table, newRedisCache(t, s), s)
				if err := e.rows.CreateTable(t.Context()); err != nil {
					t.Fatal(err)
				}
				return enginetest.Backend{
					Engine: e.CachedDB,
					SetRow: func(t *testing.T, key, text string, expire time.Time) bool {
						t.Helper()
						return setRow(t, db, base.dialect, table, key, text, expire, s)
					},
					Lacks: enginetest.Lacks{Clock: true, ExpireDate: true},
				}
			})
		})
	}
}

// cachedDBOnRedisCases are the engine "cached_db" on a Redis and a database server.
func cachedDBOnRedisCases() []engineCase {
	all := []engineCase{}
	for _, product := range serverProducts() {
		for _, onRedis := range redisEngineCases() {
			if onRedis.name != "cache on RedisCache" {
				continue
			}
			c := cachedDBCase("cached_db on Redis/"+product, onRedis, openRedisCache)
			c.product, c.since, c.until = product, "5", "6" // the other releases write the same
			all = append(all, c)
		}
	}
	return all
}

func openRedisCache(t *testing.T, s djangosession.Settings, _ *engineSite) (caches.Cache, error) {
	t.Helper()
	return newRedisCache(t, s), nil
}
