package caches_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// cachedSite has sessions in an SQLite database and in a cache in memory.
type cachedSite struct {
	sql      *sql.DB
	table    *tables.Engine
	memory   *cachetest.Memory
	cache    *cachetest.Faulty
	engine   *caches.CachedDB
	settings djangosession.Settings
}

func newCachedSite(t *testing.T, s djangosession.Settings, o caches.Options) *cachedSite {
	t.Helper()
	cacheSettings(&s)
	s.SessionEngine = "django.contrib.sessions.backends.cached_db"
	site := &cachedSite{memory: newMemory(t, s), settings: s}
	site.cache = &cachetest.Faulty{Cache: site.memory}
	var err error
	site.sql, err = sql.Open(sqlitedriver.Name, "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+"?_busy_timeout=20")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.sql.Close(); err != nil {
			t.Error(err)
		}
	})
	site.table, err = tables.New(site.sql, s, tables.Options{
		Dialect: tables.SQLite{}, AcceptEngine: s.SessionEngine, LockWait: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.table.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	if site.engine, err = caches.NewCachedDB(site.table, site.cache, s, o); err != nil {
		t.Fatal(err)
	}
	return site
}

// setRow stores text in the table unchecked.
func (s *cachedSite) setRow(t *testing.T, key, text string, expire time.Time) bool {
	t.Helper()
	_, err := s.sql.ExecContext(t.Context(), "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (?, ?, ?)",
		key, text, expire.UTC().Format("2006-01-02 15:04:05.999999"))
	if err != nil {
		t.Fatal(err)
	}
	return true
}

func TestCachedDBIsAnEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		site := newCachedSite(t, s, caches.Options{})
		return enginetest.Backend{Engine: site.engine, SetRow: site.setRow, Lacks: enginetest.Lacks{Microseconds: true}}
	})
}

// cancellingDB deletes rows, and the context of the call ends at that moment.
type cancellingDB struct {
	caches.DB

	cancel   context.CancelFunc
	answered bool
}

func (c cancellingDB) Delete(ctx context.Context, key string) error {
	err := c.DB.Delete(ctx, key)
	c.cancel()
	if c.answered {
		return err
	}
	return ctx.Err()
}

func TestDeletionOfTheRowAloneIsCompletedAfterTheContextHasEnded(t *testing.T) {
	t.Parallel()
	for _, answered := range []bool{true, false} {
		s := newSite(t, caches.Options{})
		s.create(t, int64(1))
		ctx, cancel := context.WithCancel(t.Context())
		e, err := caches.NewCachedDB(cancellingDB{s.table, cancel, answered}, s.cache, s.settings, caches.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Delete(ctx, kkkk); errors.Is(err, context.Canceled) == answered {
			t.Errorf("the database has answered: %v; error %v", answered, err)
		}
		s.want(t, "Delete", kkkk, nil, nil)
	}
}
