package tables

import "fmt"

func (d SQLite) createCacheTable(q *names) []string {
	schema, table, index := "", doubled(q.plain, `"`), doubled(q.plain+"_expires", `"`)
	if q.schema != "" {
		schema = doubled(q.schema, `"`) + "."
	}
	return []string{
		fmt.Sprintf(`CREATE TABLE %s%s ("cache_key" varchar(255) NOT NULL PRIMARY KEY, "value" text NOT NULL, `+
			`"expires" datetime NOT NULL)`, schema, table),
		fmt.Sprintf(`CREATE INDEX %s%s ON %s ("expires")`, schema, index, table),
	}
}

func (d PostgreSQL) createCacheTable(q *names) []string {
	return cacheTable(q, "text", "timestamp with time zone")
}

func (d MySQL) createCacheTable(q *names) []string { return cacheTable(q, "longtext", "datetime(6)") }

// cacheTable is the statements of createcachetable, with the types of two columns.
func cacheTable(q *names, value, expires string) []string {
	return []string{
		fmt.Sprintf("CREATE TABLE %s (%s varchar(255) NOT NULL PRIMARY KEY, %s %s NOT NULL, %s %s NOT NULL)",
			q.table, q.key, q.data, value, q.expire, expires),
		fmt.Sprintf("CREATE INDEX %s ON %s (%s)", q.dialect.quote(q.plain+"_expires"), q.table, q.expire),
	}
}

// orUpdate is the same in both products.
func (SQLite) orUpdate(q *names, before func() string) string { return onConflict(q, before) }

func (PostgreSQL) orUpdate(q *names, before func() string) string { return onConflict(q, before) }

func onConflict(q *names, before func() string) string {
	clause := fmt.Sprintf(" ON CONFLICT (%[1]s) DO UPDATE SET %[2]s = excluded.%[2]s, %[3]s = excluded.%[3]s",
		q.key, q.data, q.expire)
	if before != nil {
		clause += fmt.Sprintf(" WHERE %s.%s < %s", q.table, q.expire, before())
	}
	return clause
}

// orUpdate has no condition in MySQL, where the INSERT fails instead. The function VALUES
// is known to all versions of both products.
func (MySQL) orUpdate(q *names, before func() string) string {
	if before != nil {
		return ""
	}
	return fmt.Sprintf(" ON DUPLICATE KEY UPDATE %[1]s = VALUES(%[1]s), %[2]s = VALUES(%[2]s)", q.data, q.expire)
}
