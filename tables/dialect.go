package tables

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// A Dialect is the difference between database products: [SQLite], [PostgreSQL] or
// [MySQL]. Other packages cannot implement it.
type Dialect interface {
	// vendor is Django's name of the product. MariaDB has the name of MySQL.
	vendor() string
	// quote quotes a name.
	quote(name string) string
	// placeholder is the nth argument of a statement, from 1.
	placeholder(n int) string
	// timeExpr is the expression for a point in time. It adds timeValues to the arguments.
	timeExpr(a *args, s stamp) string
	// timeValues appends the arguments of timeExpr.
	timeValues(values []any, s stamp) []any
	// keepsInstants reports whether the database stores instants, with or without USE_TZ.
	keepsInstants() bool
	// timeText is the expression that converts a date column to text for parseTime.
	timeText(column string) string
	// parseTime reads the text of timeText: a naive date, or an aware one if the text
	// contains a zone.
	parseTime(text string) (py.DateTime, bool)
	// text is the expression that converts a number or UUID column to text.
	text(column string) string
	// bytes is the expression for the size of a text column in bytes.
	bytes(column string) string
	// fieldText is text for a column of one of Django's field types, in the form that
	// Users.parseField reads.
	fieldText(column, fieldType string) string
	// idExpr is the expression for an argument that is compared with a primary key.
	// Values that the key cannot have are not found.
	idExpr(placeholder string, t IDType) string
	// keyIs is the condition that a text column contains exactly this text, whatever the
	// column's collation. Its first part uses the column's index.
	keyIs(a *args, column, key string) string
	// textIs is the condition that a text column contains this text in any case, as the
	// lookup iexact of Django's ORM compiles it.
	textIs(a *args, column, text string) string
	// changesText reports whether an INSERT may silently replace characters that the
	// column's character set lacks.
	changesText() bool
	// ignoreTaken ends an INSERT so that it inserts nothing if the key is taken. If it is
	// empty, the INSERT fails and cause recognizes that.
	ignoreTaken(key string) string
	// locksRows reports whether SELECT ... FOR UPDATE locks a row. Otherwise a
	// transaction locks the whole database.
	locksRows() bool
	// prepares reports whether this package prepares statements. If it does not, the
	// driver does.
	prepares() bool
	// begin starts a transaction that reads a row under a lock and writes it.
	begin() string
	// commit ends it, and the connection has no open transaction afterwards.
	commit() string
	// rollback likewise.
	rollback() string
	// rolledBack reports whether rollback failed with this error because the transaction
	// has already ended.
	rolledBack(err error) bool
	// countsChanges reports whether an UPDATE that changes nothing may report 0 rows.
	countsChanges() bool
	// deleteBatch is a statement that removes a limited number of rows whose date is
	// before a point in time, the oldest first. If from is not nil, no row is older.
	deleteBatch(a *args, q *names, from *stamp, before stamp, limit int) string
	// blocks is a query for the number of blocks of a table. It returns no rows if
	// deleteBlocks cannot be used. It is empty if the product has no such statement.
	blocks(a *args, q *names) string
	// deleteBlocks is a statement that removes rows whose date is before a point in time,
	// and that are in a range of blocks, without its end.
	deleteBlocks(a *args, q *names, before stamp, from, to int64) string
	// autocommits reports whether connections commit each statement outside a
	// transaction.
	autocommits(ctx context.Context, db *sql.DB) (bool, error)
	// durable checks that connections keep what they have confirmed.
	durable(ctx context.Context, c *conn, op string, q *names) error
	// columns is a query for the columns of a table: the name, and whether an INSERT must
	// set it. It returns no rows if the table does not exist.
	columns(a *args, q *names) string
	// createTable is the statements of Django's migration.
	createTable(q *names) []string
	// createCacheTable is the statements of the command createcachetable.
	createCacheTable(q *names) []string
	// orUpdate ends an INSERT into a cache so that it changes a row that has the key. If
	// before is set, the row is changed only if its date is before that expression. If
	// the result is empty, the INSERT fails and cause recognizes that.
	orUpdate(q *names, before func() string) string
	// cause classifies an error of the driver as one of this package's errors, or nil.
	cause(err error) error
}

// dialects returns a dialect for every vendor that this package knows.
func dialects() []Dialect { return []Dialect{SQLite{}, PostgreSQL{}, MySQL{}} }

// stamp is a point in time in the forms that databases need.
type stamp struct {
	wall    time.Time // the wall clock reading, in UTC
	instant time.Time
	zone    string // if not "", the reading of a clock in this zone is meant
}

// text is the reading as Django writes it: with microseconds only if they are not zero.
func (s stamp) text() string {
	if s.wall.Nanosecond() != 0 {
		return s.wall.Format("2006-01-02 15:04:05.000000")
	}
	return s.wall.Format("2006-01-02 15:04:05")
}

// names are the quoted names of an engine's table and columns.
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

// expiredSince is the condition that a row's date is before a point in time, and not before
// another unless that is nil.
func (q *names) expiredSince(a *args, from *stamp, before stamp) string {
	condition := q.expire + " < " + q.dialect.timeExpr(a, before)
	if from != nil {
		condition += " AND " + q.expire + " >= " + q.dialect.timeExpr(a, *from)
	}
	return condition
}

// args collects the arguments of one statement in order and returns their placeholders.
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

// likeText is the condition that a column is LIKE a text without wildcards. Unlike
// Django's, the escape character does not depend on the sql_mode of MySQL.
func likeText(a *args, column, text string) string {
	literal := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
	return column + " LIKE " + a.add(literal) + " ESCAPE '!'"
}
