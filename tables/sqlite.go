package tables

import (
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

// SQLite is the dialect of SQLite 3.24 and later. It is tested with the drivers
// github.com/mattn/go-sqlite3, modernc.org/sqlite and github.com/ncruces/go-sqlite3. The
// last two need no cgo.
//
// Open the file with a data source name that starts with "file:" and contains mode=rw.
// Otherwise a wrong path creates a new, empty database. Set synchronous to FULL, as
// Django does. Two of the drivers use NORMAL in WAL mode, which does not sync committed
// data, so a power failure undoes logouts: github.com/mattn/go-sqlite3, where the
// parameter is _synchronous=FULL, and github.com/ncruces/go-sqlite3, where it is
// _pragma=synchronous(FULL). modernc.org/sqlite accepts both forms.
//
// Statements outside of transactions are prepared once. With _stmt_cache_size=16 in the
// data source name, github.com/mattn/go-sqlite3 also caches those of transactions, as
// Python's module does.
type SQLite struct{}

func (SQLite) vendor() string { return "sqlite" }

// quote does not use double quotes, because SQLite takes an unknown name in those for a
// text. A session key that a table does not have would be equal in all rows.
func (SQLite) quote(name string) string { return doubled(name, "`") }

func (SQLite) placeholder(int) string { return "?" }

// timeExpr is text, because SQLite compares dates as text. A "T" or a zone would break
// all comparisons with dates that Django wrote.
func (SQLite) timeExpr(a *args, s stamp) string { return a.add(s.text()) }

func (SQLite) timeValues(values []any, s stamp) []any { return append(values, s.text()) }

func (SQLite) keepsInstants() bool { return false }

// timeText removes the column's type, because some drivers convert dates that they can
// parse to time.Time and drop all others.
func (SQLite) timeText(column string) string { return "CAST(" + column + " AS TEXT)" }

// parseTime accepts most of what Django's parse_datetime accepts, including forms that
// Django never writes.
func (SQLite) parseTime(text string) (py.DateTime, bool) {
	d, err := py.ParseISOFormat(strings.TrimRight(text, " "))
	return d, err == nil
}

func (SQLite) text(column string) string { return "CAST(" + column + " AS TEXT)" }

func (SQLite) bytes(column string) string { return "LENGTH(CAST(" + column + " AS BLOB))" }

func (d SQLite) fieldText(column, _ string) string { return d.text(column) }

func (SQLite) idExpr(placeholder string, _ IDType) string { return placeholder }

// keyIs compares a second time without the column's collation, which may be NOCASE or
// RTRIM.
func (SQLite) keyIs(a *args, column, key string) string {
	return fmt.Sprintf("%[1]s = %[2]s AND %[1]s = %[3]s COLLATE BINARY", column, a.add(key), a.add(key))
}

// textIs ignores the case of ASCII letters only.
func (SQLite) textIs(a *args, column, text string) string { return likeText(a, column, text) }

func (SQLite) changesText() bool { return false }

func (SQLite) ignoreTaken(key string) string { return " ON CONFLICT (" + key + ") DO NOTHING" }

func (SQLite) countsChanges() bool { return false }

func (SQLite) locksRows() bool { return false }

func (SQLite) prepares() bool { return true }

// begin takes the write lock immediately. A transaction that reads first may be unable to
// get the lock later.
func (SQLite) begin() string { return "BEGIN IMMEDIATE" }

func (SQLite) commit() string { return "COMMIT" }

func (SQLite) rollback() string { return "ROLLBACK" }

// rolledBack is true after failures by which SQLite itself ends a transaction. The
// connection must be kept, because a database in memory ends with its connection.
func (SQLite) rolledBack(err error) bool {
	return strings.Contains(err.Error(), "no transaction is active")
}

// deleteBatch checks the date again when it deletes, because the statement may have
// waited for a lock.
func (d SQLite) deleteBatch(a *args, q *names, from *stamp, before stamp, limit int) string {
	return fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s ORDER BY %[4]s LIMIT %[5]s) "+
		"AND %[6]s", q.table, q.key, q.expiredSince(a, from, before), q.expire, a.add(limit), q.expiredSince(a, nil, before))
}

func (SQLite) blocks(*args, *names) string { return "" }

func (SQLite) deleteBlocks(*args, *names, stamp, int64, int64) string { return "" }

func (SQLite) columns(a *args, q *names) string {
	table := a.add(q.plain)
	if q.schema != "" {
		table += ", " + a.add(q.schema)
	}
	// SQLite itself fills an integer primary key.
	return `SELECT name, "notnull" AND dflt_value IS NULL AND NOT (pk AND lower(type) = 'integer') ` +
		"FROM pragma_table_info(" + table + ")"
}

// createTable quotes as Django does, because the database stores the text.
func (SQLite) createTable(q *names) []string {
	schema, table, index := "", doubled(q.plain, `"`), doubled(indexName(q.plain, "expire_date"), `"`)
	if q.schema != "" {
		schema = doubled(q.schema, `"`) + "."
	}
	return []string{
		fmt.Sprintf(`CREATE TABLE %s%s ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, `+
			`"expire_date" datetime NOT NULL)`, schema, table),
		fmt.Sprintf(`CREATE INDEX %s%s ON %s ("expire_date")`, schema, index, table),
	}
}

func (SQLite) cause(err error) error {
	// Drivers have their own error types; SQLite's texts are the same in all of them.
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
		{"readonly database", ErrReadOnlyDatabase},
		{"file is not a database", ErrNotADatabase},
		{"disk image is malformed", ErrNotADatabase},
		{"unable to open database file", ErrUnavailable},
	} {
		if strings.Contains(text, c.part) {
			return c.kind
		}
	}
	for _, c := range []struct {
		part string
		kind error
	}{
		{"UNIQUE constraint failed", ErrTaken},
		{"CHECK constraint failed", ErrValue},
		{"FOREIGN KEY constraint failed", ErrValue},
		{"cannot store", ErrValue}, // in a STRICT table
	} {
		if i := strings.Index(text, c.part); i >= 0 {
			return fmt.Errorf("%w: %s", c.kind, text[i:]) // which names the column and does not quote the value
		}
	}
	return nil
}
