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
	// name is what people call the product.
	name() string
	// quote puts a name into the product's quotes.
	quote(name string) string
	// placeholder is the nth argument of a statement, from 1.
	placeholder(n int) string
	// timeArg is how a point in time is handed to the driver.
	timeArg(s stamp) any
	// timeText is the expression that gives a date column in a form that parseTime reads.
	timeText(column string) string
	// parseTime reads what timeText gave: a naive date, or an aware one if it says its zone.
	parseTime(text string) (py.DateTime, bool)
	// ignoreTaken ends an INSERT so that it inserts nothing where the key is taken.
	ignoreTaken(key string) string
	// deleteBatch is a statement that removes at most a number of rows whose date is before the argument.
	deleteBatch(q *names) string
	// columns lists the columns of a table; none if there is no such table.
	columns(ctx context.Context, db *sql.DB, schema, table string) ([]column, error)
	// createTable is what Django's migration runs.
	createTable(q *names) []string
	// cause tells which of this package's errors an error of the driver is; nil if none.
	cause(err error) error
}

// stamp is a point in time in the two forms that databases want.
type stamp struct {
	wall    time.Time // the wall clock reading, in UTC
	instant time.Time
}

// column is what matters of a table's column.
type column struct {
	name     string
	required bool // NOT NULL without a default: an INSERT has to give it
}

// names are the quoted names in the table of an engine.
type names struct {
	dialect           Dialect
	plain             string // the table's name, not quoted
	table             string
	key, data, expire string
}

func newNames(d Dialect, schema, table string) *names {
	q := &names{
		dialect: d,
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
