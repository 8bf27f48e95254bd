package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// mustCommit checks once whether statements outside a transaction are committed. If they
// are not, a logout is never stored, and a connection keeps reading what existed at its
// first read. Django turns autocommit on itself.
func (c *conn) mustCommit(ctx context.Context, op string) error {
	if c.commits.Load() {
		return nil
	}
	on, err := c.dialect.autocommits(ctx, c.db)
	switch {
	case err != nil:
		return c.fail(ctx, op, err)
	case !on:
		return &Error{Op: op, Kind: ErrAutocommit}
	}
	c.commits.Store(true)
	return nil
}

func (MySQL) autocommits(ctx context.Context, db *sql.DB) (on bool, err error) {
	err = db.QueryRowContext(ctx, "SELECT @@autocommit").Scan(&on)
	return on, err
}

// autocommits is always true, because no setting of a connection changes it.
func (PostgreSQL) autocommits(context.Context, *sql.DB) (bool, error) { return true, nil }

// autocommits is always true, because no setting of a connection changes it.
func (SQLite) autocommits(context.Context, *sql.DB) (bool, error) { return true, nil }

// durable has nothing to check: the site configures how its server syncs.
func (MySQL) durable(context.Context, *conn, string, *names) error { return nil }

// durable has nothing to check: the site configures how its server syncs.
func (PostgreSQL) durable(context.Context, *conn, string, *names) error { return nil }

// Values of PRAGMA synchronous.
const (
	syncOff    = 0
	syncNormal = 1
)

// durable requires Django's setting, which is SQLite's own default FULL. NORMAL skips the
// sync of each commit in WAL mode, and OFF skips all of them. A database in memory, or
// one that the connection cannot write, has nothing to sync.
func (d SQLite) durable(ctx context.Context, c *conn, op string, q *names) error {
	schema := q.schema
	if schema == "" {
		schema = "main"
	}
	var synchronous int
	var mode, file string
	if err := c.queryRow(ctx, op, "PRAGMA "+d.quote(schema)+".synchronous", nil, &synchronous); err != nil {
		return err
	}
	if err := c.queryRow(ctx, op, "PRAGMA "+d.quote(schema)+".journal_mode", nil, &mode); err != nil {
		return err
	}
	if synchronous != syncOff && (synchronous != syncNormal || mode != "wal") {
		return nil
	}
	const files = "SELECT COALESCE(MAX(file), '') FROM pragma_database_list WHERE name = ?"
	if err := c.queryRow(ctx, op, files, []any{schema}, &file); err != nil || file == "" {
		return err
	}
	// This writes nothing, and fails if the connection cannot write.
	nothing := fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[2]s WHERE 0", q.table, q.key)
	if _, err := c.exec(ctx, op, nothing); errors.Is(err, ErrReadOnlyDatabase) {
		return nil
	}
	name := map[int]string{syncOff: "OFF", syncNormal: "NORMAL, which does not sync in WAL mode"}[synchronous]
	return &Error{Op: op, Kind: fmt.Errorf("%w: SQLite's synchronous is %s, so a power failure undoes logouts and saves: "+
		"set it to FULL, Django's default, by _synchronous=FULL in the data source name of github.com/mattn/go-sqlite3, "+
		"and by _pragma=synchronous(FULL) with other drivers", ErrNotDurable, name)}
}
