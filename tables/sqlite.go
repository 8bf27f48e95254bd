package tables

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

// SQLite is the dialect of SQLite 3.24 and later, with any driver; github.com/mattn/go-sqlite3 is the one it is tested with.
// Open the file with mode=rw, or a wrong path makes a new, empty database.
type SQLite struct{}

func (SQLite) name() string { return "SQLite" }

func (SQLite) quote(name string) string { return doubled(name, `"`) }

func (SQLite) placeholder(int) string { return "?" }

// timeArg is text, for SQLite compares dates as text: a "T" or a zone in it would break every comparison with what
// Django wrote.
func (SQLite) timeArg(s stamp) any {
	layout := "2006-01-02 15:04:05"
	if s.wall.Nanosecond() != 0 {
		layout += ".000000"
	}
	return s.wall.Format(layout)
}

// timeText takes the column's type away, by which some drivers make a time.Time of what they can read and nothing of
// the rest.
func (SQLite) timeText(column string) string { return "CAST(" + column + " AS TEXT)" }

// parseTime reads what Django's parse_datetime reads: also forms that Django never writes.
func (SQLite) parseTime(text string) (py.DateTime, bool) {
	d, err := py.ParseISOFormat(strings.TrimRight(text, " "))
	return d, err == nil
}

func (SQLite) ignoreTaken(key string) string { return " ON CONFLICT (" + key + ") DO NOTHING" }

// deleteBatch looks at the date again where it deletes: the statement may have waited for a lock in between.
func (SQLite) deleteBatch(q *names) string {
	return fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s < ?1 ORDER BY %[3]s LIMIT ?2) "+
		"AND %[3]s < ?1", q.table, q.key, q.expire)
}

func (d SQLite) columns(ctx context.Context, db *sql.DB, schema, table string) ([]column, error) {
	query, values := "SELECT name, \"notnull\" AND dflt_value IS NULL FROM pragma_table_info(?)", []any{table}
	if schema != "" {
		query, values = "SELECT name, \"notnull\" AND dflt_value IS NULL FROM pragma_table_info(?, ?)", []any{table, schema}
	}
	rows, err := db.QueryContext(ctx, query, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // the error of reading is rows.Err
	var columns []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.required); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

func (d SQLite) createTable(q *names) []string {
	return []string{
		fmt.Sprintf("CREATE TABLE %s (%s varchar(40) NOT NULL PRIMARY KEY, %s text NOT NULL, %s datetime NOT NULL)",
			q.table, q.key, q.data, q.expire),
		// SQLite wants the schema before the index and not before the table.
		fmt.Sprintf("CREATE INDEX %s%s ON %s (%s)", strings.TrimSuffix(q.table, d.quote(q.plain)),
			d.quote(indexName(q.plain, "expire_date")), d.quote(q.plain), q.expire),
	}
}

func (SQLite) cause(err error) error {
	// Drivers have error types of their own; SQLite's texts are the same in all of them.
	text := err.Error()
	for _, c := range []struct {
		part string
		kind error
	}{
		{"no such table", ErrNoTable},
		{"no such column", ErrColumn},
		{"has no column named", ErrColumn},
		{"NOT NULL constraint failed", ErrColumn},
		{"database is locked", ErrLocked},
		{"database table is locked", ErrLocked},
		{"database schema is locked", ErrLocked},
		{"readonly database", ErrReadOnly},
		{"file is not a database", ErrNotADatabase},
		{"disk image is malformed", ErrNotADatabase},
		{"unable to open database file", ErrUnavailable},
	} {
		if strings.Contains(text, c.part) {
			return c.kind
		}
	}
	return nil
}
