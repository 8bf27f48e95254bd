package tables

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// PostgreSQL is the dialect of PostgreSQL, with github.com/jackc/pgx/v5/stdlib or
// github.com/lib/pq. It does not depend on the state of a server connection, so a pooler
// may be in between. Whether prepared statements work through it depends on the driver's
// settings.
//
// If deadlines matter, use pgx: it abandons a connection when the context ends. lib/pq
// asks the server to cancel the statement and waits for the response, without a limit if
// the server no longer responds.
type PostgreSQL struct{}

func (PostgreSQL) vendor() string { return "postgresql" }

func (PostgreSQL) quote(name string) string { return doubled(name, `"`) }

func (PostgreSQL) placeholder(n int) string { return "$" + strconv.Itoa(n) }

// timeExpr passes the instant. Where USE_TZ is false, Django sends the reading of a
// clock, and the server converts it to an instant. Its rule for ambiguous readings
// differs from Python's.
func (d PostgreSQL) timeExpr(a *args, s stamp) string {
	n := len(a.values)
	a.values = d.timeValues(a.values, s)
	if s.zone == "" {
		return "CAST(" + d.placeholder(n+1) + " AS timestamptz)"
	}
	return "(CAST(" + d.placeholder(n+1) + " AS timestamp) AT TIME ZONE " + d.placeholder(n+2) + ")"
}

func (PostgreSQL) timeValues(values []any, s stamp) []any {
	if s.zone == "" {
		return append(values, s.instant.UTC().Format(time.RFC3339Nano))
	}
	return append(values, s.text(), s.zone)
}

func (PostgreSQL) keepsInstants() bool { return true }

// timeText depends on neither the time zone nor the date style of a connection. Infinity
// becomes an empty text.
func (PostgreSQL) timeText(column string) string {
	return "COALESCE(to_char(" + column + ` AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '')`
}

func (PostgreSQL) parseTime(text string) (py.DateTime, bool) {
	d, err := py.ParseISOFormat(text)
	return py.DateTime{Time: d.Time}, err == nil
}

func (PostgreSQL) text(column string) string { return "CAST(" + column + " AS text)" }

func (PostgreSQL) bytes(column string) string { return "OCTET_LENGTH(" + column + ")" }

// fieldText does not depend on the date style of a connection.
func (d PostgreSQL) fieldText(column, fieldType string) string {
	switch fieldType {
	case dateField:
		return "to_char(" + column + ", 'YYYY-MM-DD')"
	case durationField: // an interval
		return "CAST(CAST(EXTRACT(EPOCH FROM " + column + ") * 1000000 AS bigint) AS text)"
	case addressField: // without a netmask
		return "host(" + column + ")"
	}
	return d.text(column)
}

// idExpr names the type. Otherwise a number that is too large for the column would be an
// error of the driver or the server.
func (PostgreSQL) idExpr(placeholder string, t IDType) string {
	switch t {
	case IntegerKey:
		return "CAST(" + placeholder + " AS bigint)"
	case UUIDKey:
		return "CAST(" + placeholder + " AS uuid)"
	case TextKey:
	}
	return placeholder
}

// keyIs compares a second time without the column's collation, which may be
// nondeterministic, and without the type citext.
func (PostgreSQL) keyIs(a *args, column, key string) string {
	placeholder := a.add(key)
	return fmt.Sprintf(`%[1]s = %[2]s AND CAST(%[1]s AS text) COLLATE "C" = CAST(%[2]s AS text)`, column, placeholder)
}

func (d PostgreSQL) textIs(a *args, column, text string) string {
	return "UPPER(" + d.text(column) + ") = UPPER(" + d.text(a.add(text)) + ")"
}

func (PostgreSQL) changesText() bool { return false }

func (PostgreSQL) ignoreTaken(key string) string { return " ON CONFLICT (" + key + ") DO NOTHING" }

func (PostgreSQL) countsChanges() bool { return false }

func (PostgreSQL) locksRows() bool { return true }

// prepares is false, because pgx prepares statements itself, unless the data source name
// says that a pooler is in between.
func (PostgreSQL) prepares() bool { return false }

// begin sets the isolation level at which waiting for a row ends with its newest version
// instead of an error.
func (PostgreSQL) begin() string { return "BEGIN ISOLATION LEVEL READ COMMITTED" }

func (PostgreSQL) commit() string { return "COMMIT" }

func (PostgreSQL) rollback() string { return "ROLLBACK" }

func (PostgreSQL) rolledBack(error) bool { return false } // it does not fail there

// deleteBatch checks the date again when it deletes, because the statement may have
// waited for a lock.
func (PostgreSQL) deleteBatch(a *args, q *names, from *stamp, before stamp, limit int) string {
	return fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s ORDER BY %[4]s LIMIT %[5]d) "+
		"AND %[6]s", q.table, q.key, q.expiredSince(a, from, before), q.expire, limit, q.expiredSince(a, nil, before))
}

// blocks is for an ordinary table without partitions and heirs, and for servers since
// release 14, which can begin to read at a block.
func (PostgreSQL) blocks(a *args, q *names) string {
	return "SELECT pg_catalog.pg_relation_size(oid) / CAST(current_setting('block_size') AS bigint) FROM pg_catalog.pg_class " +
		"WHERE oid = to_regclass(" + a.add(q.table) + ") AND relkind = 'r' AND NOT relhassubclass AND " +
		"CAST(current_setting('server_version_num') AS bigint) >= 140000"
}

func (PostgreSQL) deleteBlocks(a *args, q *names, before stamp, from, to int64) string {
	tid := func(block int64) string {
		return "CAST(CAST(" + a.add(fmt.Sprintf("(%d,0)", block)) + " AS text) AS tid)"
	}
	return fmt.Sprintf("DELETE FROM %s WHERE ctid >= %s AND ctid < %s AND %s",
		q.table, tid(from), tid(to), q.expiredSince(a, nil, before))
}

// columns uses the table that the name refers to, wherever it is on the search path.
func (PostgreSQL) columns(a *args, q *names) string {
	return "SELECT attname, attnotnull AND NOT atthasdef AND attidentity = '' FROM pg_catalog.pg_attribute " +
		"WHERE attrelid = to_regclass(" + a.add(q.table) + ") AND attnum > 0 AND NOT attisdropped"
}

func (d PostgreSQL) createTable(q *names) []string {
	return []string{
		fmt.Sprintf("CREATE TABLE %s (%s varchar(40) NOT NULL PRIMARY KEY, %s text NOT NULL, %s timestamp with time zone NOT NULL)",
			q.table, q.key, q.data, q.expire),
		fmt.Sprintf("CREATE INDEX %s ON %s (%s varchar_pattern_ops)",
			d.quote(indexName(q.plain, "session_key")+"_like"), q.table, q.key),
		fmt.Sprintf("CREATE INDEX %s ON %s (%s)", d.quote(indexName(q.plain, "expire_date")), q.table, q.expire),
	}
}

func (PostgreSQL) cause(err error) error {
	var server interface{ SQLState() string } // the errors of both drivers
	if !errors.As(err, &server) {
		return connectionCause(err)
	}
	switch state := server.SQLState(); {
	case state == "42P01" || state == "3F000":
		return ErrNoTable
	case state == "42703" || state == "23502":
		return ErrColumn
	case state == "23505":
		return ErrTaken
	case state == "54000":
		return ErrTooLong
	case state == "22P05" || state == "22021":
		return errCharacters
	case strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23"):
		return ErrValue
	case state == "26000" || state == "42P05": // a statement that does not exist, or exists already
		return errPooled
	case state == "0A000":
		return errStale
	case state == "40001" || state == "40P01" || state == "55P03":
		return ErrLocked
	case state == "25006":
		return ErrReadOnlyDatabase
	case state == "3D000" || state == "53300" || strings.HasPrefix(state, "28") || strings.HasPrefix(state, "08") ||
		strings.HasPrefix(state, "57P"):
		return ErrUnavailable
	}
	return nil
}
