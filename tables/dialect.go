package tables

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// A Dialect is what differs between database products. [SQLite] is one; they are made in this package only.
type Dialect interface {
	// vendor is Django's name of the product; MariaDB's is that of MySQL.
	vendor() string
	// quote puts a name into the product's quotes.
	quote(name string) string
	// placeholder is the nth argument of a statement, from 1.
	placeholder(n int) string
	// timeExpr is the expression for a point in time, whose value it adds to the arguments.
	timeExpr(a *args, s stamp) string
	// keepsInstants tells that dates are kept as instants, with or without USE_TZ.
	keepsInstants() bool
	// timeText is the expression that gives a date column in a form that parseTime reads.
	timeText(column string) string
	// parseTime reads what timeText gave: a naive date, or an aware one if it says its zone.
	parseTime(text string) (py.DateTime, bool)
	// text is the expression that gives a number or UUID column as text.
	text(column string) string
	// idExpr is the expression for an argument that a primary key is compared with: one that it cannot be is not found.
	idExpr(placeholder string, t IDType) string
	// keyIs is the condition that a text column holds exactly this text, whatever the column's collation. The first part of
	// it uses the column's index.
	keyIs(a *args, column, key string) string
	// changesText reports whether an INSERT may replace characters that the column's character set lacks, without an error.
	changesText() bool
	// ignoreTaken ends an INSERT so that it inserts nothing where the key is taken; else cause has to tell that.
	ignoreTaken(key string) string
	// locksRows reports whether SELECT ... FOR UPDATE locks a row. Otherwise a transaction locks the whole database.
	locksRows() bool
	// begin starts a transaction that reads a row under a lock and writes it.
	begin() string
	// commit ends it, and the connection has no open transaction afterwards.
	commit() string
	// rollback likewise.
	rollback() string
	// rolledBack reports whether rollback failed with this error because there is no transaction any more.
	rolledBack(err error) bool
	// countsChanges tells that an UPDATE which changes nothing may count no row.
	countsChanges() bool
	// deleteBatch is a statement that removes at most a number of rows whose date is before a point in time.
	deleteBatch(a *args, q *names, before stamp, limit int) string
	// autocommits reports whether the connections commit each statement outside of a transaction.
	autocommits(ctx context.Context, db *sql.DB) (bool, error)
	// durable looks whether connections keep what they have confirmed.
	durable(ctx context.Context, c *conn, op string, q *names) error
	// columns is a query for the columns of a table: the name, and whether an INSERT has to give it. No rows: no table.
	columns(a *args, q *names) string
	// createTable is what Django's migration runs.
	createTable(q *names) []string
	// cause tells which of this package's errors an error of the driver is; nil if none.
	cause(err error) error
}

// stamp is a point in time in the forms that databases want.
type stamp struct {
	wall    time.Time // the wall clock reading, in UTC
	instant time.Time
	zone    string // if not "": the reading is what was meant, by the clocks of this zone
}

// text is the reading as Django writes it: microseconds only if there are any.
func (s stamp) text() string {
	layout := "2006-01-02 15:04:05"
	if s.wall.Nanosecond() != 0 {
		layout += ".000000"
	}
	return s.wall.Format(layout)
}

// names are the quoted names in the table of an engine.
type names struct {
	dialect           Dialect
	schema, plain     string // not quoted
	table             string
	key, data, expire string
}

func newNames(d Dialect, schema, table string) *names {
	q := &names{
		dialect: d,
		schema:  schema,
		plain:   table,
		table:   d.quote(table),
		key:     d.quote("session_key"),
		data:    d.quote("session_data"),
		expire:  d.quote("expire_date"),
	}
	if schema != "" {
		q.table = d.quote(schema) + "." + q.table
	}
	return q
}

// args hands out the placeholders of one statement in order.
type args struct {
	dialect Dialect
	values  []any
}

func (a *args) add(v any) string {
	a.values = append(a.values, v)
	return a.dialect.placeholder(len(a.values))
}

// doubled quotes a name as standard SQL does.
func doubled(name, quote string) string {
	return quote + strings.ReplaceAll(name, quote, quote+quote) + quote
}
