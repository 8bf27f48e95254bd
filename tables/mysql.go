package tables

import (
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// MySQL is the dialect of MySQL and MariaDB, with github.com/go-sql-driver/mysql. Any
// data source name works: dates are sent as text, so parseTime, loc and the server's time
// zone do not affect them, and clientFoundRows may be on or off. Queries are prepared, and
// take one round trip to the server; see Options.NoPreparedStatements. With
// interpolateParams=true each statement of a transaction takes one round trip too,
// instead of two.
type MySQL struct{}

func (MySQL) vendor() string { return "mysql" }

func (MySQL) quote(name string) string { return doubled(name, "`") }

func (MySQL) placeholder(int) string { return "?" }

func (MySQL) timeExpr(a *args, s stamp) string { return a.add(s.text()) }

func (MySQL) timeValues(values []any, s stamp) []any { return append(values, s.text()) }

func (MySQL) keepsInstants() bool { return false }

// timeText prevents the driver from making a time.Time in a zone that the data source
// name chooses.
func (MySQL) timeText(column string) string { return "CAST(" + column + " AS CHAR)" }

func (MySQL) parseTime(text string) (py.DateTime, bool) {
	d, err := py.ParseISOFormat(text)
	return d, err == nil
}

func (MySQL) text(column string) string { return "CAST(" + column + " AS CHAR)" }

func (MySQL) bytes(column string) string { return "OCTET_LENGTH(" + column + ")" }

func (d MySQL) fieldText(column, _ string) string { return d.text(column) }

func (MySQL) idExpr(placeholder string, _ IDType) string { return placeholder }

// keyIs compares bytes, because collations ignore case, accents or trailing spaces, even
// those named "bin". Both sides are converted to the same character set first.
func (MySQL) keyIs(a *args, column, key string) string {
	bytes := func(text string) string { return "CAST(CONVERT(" + text + " USING utf8mb4) AS BINARY)" }
	return column + " = " + a.add(key) + " AND " + bytes(column) + " = " + bytes(a.add(key))
}

// textIs ignores case if the column's collation does.
func (MySQL) textIs(a *args, column, text string) string { return likeText(a, column, text) }

// changesText is true because sql_mode may lack a strict mode.
func (MySQL) changesText() bool { return true }

// ignoreTaken is empty, because INSERT IGNORE would also turn other errors into warnings.
func (MySQL) ignoreTaken(string) string { return "" }

func (MySQL) countsChanges() bool { return true }

func (MySQL) locksRows() bool { return true }

func (MySQL) prepares() bool { return true }

// begin keeps the server's isolation level: a locking read sees committed rows at every
// level.
func (MySQL) begin() string { return "START TRANSACTION" }

// commit does not depend on completion_type, with which the server would immediately
// begin another transaction, whose saves would be lost, or close the connection.
func (MySQL) commit() string { return "COMMIT AND NO CHAIN NO RELEASE" }

func (MySQL) rollback() string { return "ROLLBACK AND NO CHAIN NO RELEASE" }

func (MySQL) rolledBack(error) bool { return false } // it does not fail there

func (MySQL) deleteBatch(a *args, q *names, from *stamp, before stamp, limit int) string {
	return fmt.Sprintf("DELETE FROM %s WHERE %s ORDER BY %s LIMIT %s",
		q.table, q.expiredSince(a, from, before), q.expire, a.add(limit))
}

func (MySQL) blocks(*args, *names) string { return "" }

func (MySQL) deleteBlocks(*args, *names, stamp, int64, int64) string { return "" }

// columns contains no empty text, which is NULL with MariaDB's sql_mode
// EMPTY_STRING_IS_NULL.
func (MySQL) columns(a *args, q *names) string {
	schema := "DATABASE()"
	if q.schema != "" {
		schema = a.add(q.schema)
	}
	return "SELECT column_name, is_nullable = 'NO' AND column_default IS NULL AND CHAR_LENGTH(extra) = 0 " +
		"FROM information_schema.columns WHERE table_schema = " + schema + " AND table_name = " + a.add(q.plain)
}

func (d MySQL) createTable(q *names) []string {
	return []string{
		fmt.Sprintf("CREATE TABLE %s (%s varchar(40) NOT NULL PRIMARY KEY, %s longtext NOT NULL, %s datetime(6) NOT NULL)",
			q.table, q.key, q.data, q.expire),
		fmt.Sprintf("CREATE INDEX %s ON %s (%s)", d.quote(indexName(q.plain, "expire_date")), q.table, q.expire),
	}
}

// mysqlNumber is the number in the text of a server's error, or "".
func mysqlNumber(text string) string {
	rest, ok := strings.CutPrefix(text, "Error ")
	if !ok {
		return ""
	}
	return rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
}

func (MySQL) cause(err error) error {
	text := err.Error()
	switch mysqlNumber(text) {
	case "1146":
		return ErrNoTable
	case "1054", "1364", "1048": // unknown column, no default value, may not be null
		return ErrColumn
	case "1062":
		// The text ends with the name of the key that would be a duplicate. Since MySQL 8 the
		// table's name precedes it. Dolt has its own text.
		if strings.HasSuffix(text, "'PRIMARY'") || strings.HasSuffix(text, ".PRIMARY'") ||
			strings.Contains(text, ": duplicate primary key given") {
			return djangosession.ErrKeyTaken
		}
		return ErrTaken
	case "1205", "1213", "1020": // lock wait timeout, deadlock, and a row that changed since MariaDB's snapshot
		return ErrLocked
	case "1290", "1792", "1836", "3989": // the last one is about a schema
		return ErrReadOnlyDatabase
	case "1153":
		return ErrTooLong
	case "1264", "1265", "1292", "1406", "1452", "3819", "4025": // foreign key, CHECK in MySQL and in MariaDB
		return ErrValue
	case "1267", "1366", "3854", "3988":
		return errCharacters
	case "1040", "1044", "1045", "1049", "1053", "1129", "1130", "1203", "1226", "1927", "3032", "4031":
		return ErrUnavailable
	}
	// Beyond the server's limit, which the driver does not know, the connection breaks.
	if strings.Contains(text, "max_allowed_packet") || strings.Contains(text, "packet for query is too large") {
		return ErrTooLong
	}
	return connectionCause(err)
}
