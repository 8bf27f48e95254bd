package tables

import (
	"context"
	"database/sql"
)

// openTransaction is a transaction that a [Hook] may join: statements on the same
// [sql.DB], such as those of a [Cache], become part of it. On another connection they
// would wait for its locks, and for SQLite those lock the whole database.
type openTransaction struct {
	db   *sql.DB
	tx   *sql.Conn
	read *bool // a query has read a row of a cache
}

type openTransactionKey struct{}

// joinable returns a context with which the methods of this package join a transaction.
func (c *conn) joinable(ctx context.Context, tx *sql.Conn) context.Context {
	return context.WithValue(ctx, openTransactionKey{}, openTransaction{db: c.db, tx: tx, read: new(bool)})
}

// joined returns the transaction to join, or nil.
func (c *conn) joined(ctx context.Context) *sql.Conn {
	if open, _ := ctx.Value(openTransactionKey{}).(openTransaction); open.db == c.db {
		return open.tx
	}
	return nil
}

// lockInJoined ends a query for a row. In a transaction that they join, all queries but
// the first lock the row: the first plain SELECT makes a snapshot on MySQL, and later ones
// would read that, although an UPDATE sees what others have committed since. The first
// does not lock: two transactions that have locked a row, or the gap where it is missing,
// and then insert or cull would wait for each other.
func (c *conn) lockInJoined(ctx context.Context) string {
	open, _ := ctx.Value(openTransactionKey{}).(openTransaction)
	if open.db != c.db || !c.dialect.locksRows() {
		return ""
	}
	if !*open.read {
		*open.read = true
		return ""
	}
	return " FOR UPDATE"
}

// querier is a database, or a connection with a transaction.
type querier interface {
	ExecContext(ctx context.Context, statement string, values ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, values ...any) (*sql.Rows, error)
}

// on calls do with the transaction to join, or else with the database, and then again
// while that is locked.
func (c *conn) on(ctx context.Context, op string, do func(q querier) error) error {
	if tx := c.joined(ctx); tx != nil {
		return c.fail(ctx, op, do(tx))
	}
	if err := c.mustCommit(ctx, op); err != nil {
		return err
	}
	return c.untilUnlocked(ctx, op, func() error { return do(c.direct) })
}
