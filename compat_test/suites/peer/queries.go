package main

import (
	"context"
	"database/sql/driver"

	"github.com/mattn/go-sqlite3"
)

// queries are the SQL statements of an order. Django's tests count those of an operation.
type queries []string

// connector opens connections that record their statements.
type connector struct {
	driver sqlite3.SQLiteDriver
	source string
	seen   *queries
}

// Connect implements [driver.Connector].
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	return recorded{opened.(*sqlite3.SQLiteConn), c.seen}, nil //nolint:forcetypeassert // this driver has no other
}

// Driver implements [driver.Connector].
func (c *connector) Driver() driver.Driver { return &c.driver }

type recorded struct {
	*sqlite3.SQLiteConn
	seen *queries
}

// ExecContext implements [driver.ExecerContext].
func (r recorded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	*r.seen = append(*r.seen, query)
	return r.SQLiteConn.ExecContext(ctx, query, args)
}

// QueryContext implements [driver.QueryerContext].
func (r recorded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	*r.seen = append(*r.seen, query)
	return r.SQLiteConn.QueryContext(ctx, query, args)
}
