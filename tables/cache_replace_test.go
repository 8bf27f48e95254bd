package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// equalRow is a MySQL server with one row of a cache. The first UPDATE changes nothing,
// because the row has the new values already, and then another process stores others.
type equalRow struct {
	*answering

	updates int
}

func (e *equalRow) Connect(context.Context) (driver.Conn, error) { return e, nil }

func (e *equalRow) ExecContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Result, error) {
	if !strings.HasPrefix(query, "UPDATE") {
		return e.answering.ExecContext(ctx, query, values)
	}
	e.updates++
	return driver.RowsAffected(min(e.updates-1, 1)), nil
}

func TestReplaceOnMySQLDoesNotCareWhichValueItReplaces(t *testing.T) {
	t.Parallel()
	data, err := djangosession.PickleSerializer{Protocol: 4}.Dumps(dictOf("value", "theirs"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := base64.StdEncoding.EncodeToString(data)
	for expires, want := range map[string]error{
		"2099-07-01 12:00:00": nil,
		"2001-07-01 12:00:00": caches.ErrMiss, // it has expired since
		"0000-00-00 00:00:00": caches.ErrMiss, // which no UPDATE finds
	} {
		server := &equalRow{answering: &answering{answers: []answer{{"my_cache", [][]driver.Value{{theirs, expires}}}}}}
		db := sql.OpenDB(server)
		t.Cleanup(func() { _ = db.Close() })
		s := cacheSettings()
		s.SessionCache.Database.Engine, s.SessionCache.Database.Vendor = "django.db.backends.mysql", "mysql"
		c, err := tables.NewCache(db, s, tables.CacheOptions{LockWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Replace(t.Context(), "key", dictOf("value", "ours"), time.Hour); !errors.Is(err, want) {
			t.Errorf("a row until %s: error %v, want %v", expires, err, want)
		}
		server.updates = 0
		err = c.Swap(t.Context(), "key", &caches.Item{}, dictOf("value", "ours"), time.Hour)
		if want == nil && (!errors.Is(err, caches.ErrChanged) || server.updates != 1) {
			t.Errorf("Swap: error %v after %d updates", err, server.updates)
		}
	}
}
