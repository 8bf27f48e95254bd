package compat_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// newCachedTables makes engines on a new table and a database cache. Those of each process
// are on the same connections.
func newCachedTables(t *testing.T, base *database, processes int) []*cachedRows {
	t.Helper()
	table := fmt.Sprintf("sessions_%d", lastTable.Add(1))
	s := djangosession.NewSettings("compat-secret-key")
	s.SessionEngine = cachedDBEngine
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: tables.CacheBackend, Location: []string{table + "_cache"}, Version: "1",
	}
	team := make([]*cachedRows, processes)
	for i := range team {
		db := base.open(t)
		c, err := tables.NewCache(db, s, tables.CacheOptions{Dialect: base.dialect, LockWait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		team[i] = cachedRowsOn(t, db, base.dialect, table, c, s)
		if i > 0 {
			continue
		}
		if err := errors.Join(team[0].rows.CreateTable(t.Context()), c.CreateTable(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	return team
}

// TestCachedDBSavesBesideWritersOfItsTable lets another process, such as Django, change
// the copy of a session that a save has just read, without the lock of the row.
func TestCachedDBSavesBesideWritersOfItsTable(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			if product != "mariadb" {
				testWritersOfItsTable(t, newDatabase(t, product))
				return
			}
			base := databaseOn(t, ownServer(t, chosen(product)))
			t.Run("default", func(t *testing.T) { testWritersOfItsTable(t, base) })
			if noSnapshotIsolation(t, base.server) {
				t.Run("without snapshot isolation", func(t *testing.T) { testWritersOfItsTable(t, base) })
			}
		})
	}
}

// noSnapshotIsolation makes a newer MariaDB treat changes after a snapshot as the older
// ones and MySQL do, and reports whether it is one.
func noSnapshotIsolation(t *testing.T, s *servers.Server) bool {
	t.Helper()
	admin, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close() //nolint:errcheck // nothing is read
	var name, value string
	err = admin.QueryRowContext(t.Context(), "SHOW VARIABLES LIKE 'innodb_snapshot_isolation'").Scan(&name, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return false
	}
	if err == nil {
		_, err = admin.ExecContext(t.Context(), "SET GLOBAL innodb_snapshot_isolation = OFF")
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

func testWritersOfItsTable(t *testing.T, base *database) {
	team := newCachedTables(t, base, 2)
	e, other := team[0], team[1]
	for name, write := range map[string]func(ctx context.Context, key string) error{
		"replaced": func(ctx context.Context, key string) error {
			return other.copies.Save(ctx, other.record(key, int64(2)))
		},
		"deleted": func(ctx context.Context, key string) error { return other.copies.Delete(ctx, key) },
		"inserted": func(ctx context.Context, key string) error {
			// Save has stored the copy first if it has locked its place.
			if err := other.copies.Create(ctx, other.record(key, int64(2))); !errors.Is(err, djangosession.ErrKeyTaken) {
				return err
			}
			return nil
		},
	} {
		key := djangosession.NewKey()
		if err := e.Create(t.Context(), e.record(key, int64(0))); err != nil {
			t.Fatal(err)
		}
		if name == "inserted" {
			if err := e.copies.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		written, reads := make(chan error, 1), 0
		e.faults.After = func(method, at string) error {
			if method != "Get" || !strings.HasSuffix(at, key) {
				return nil
			}
			if reads++; reads > 1 {
				return nil
			}
			go func() { written <- write(t.Context(), key) }()
			select {
			case err := <-written:
				written <- err
			case <-time.After(300 * time.Millisecond): // it waits for a lock of the save
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := e.Save(ctx, e.record(key, int64(1)))
		cancel()
		e.faults.After = nil
		row, _ := e.stored(t, key)
		if err != nil || !py.Equal(row, e.record(key, int64(1)).Data) || reads > 4 {
			t.Errorf("%s: after %d reads, the row has %v; error %v", name, reads, py.Native(row), err)
		}
		if err := <-written; err != nil {
			t.Errorf("%s: the other writer: %v", name, err)
		}
	}
}
