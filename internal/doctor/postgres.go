package doctor

import (
	"context"
	"database/sql"
	"strconv"
	"time"
)

type postgreSQL struct{}

func (postgreSQL) quote(name string) string { return doubled(name, `"`) }

func (postgreSQL) placeholder(n int) string { return "$" + strconv.Itoa(n) }

func (postgreSQL) timeText(column string) string {
	return "to_char(" + column + " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
}

func (postgreSQL) zone() *time.Location { return time.UTC }

func (p postgreSQL) server(ctx context.Context, c *connection, r *report) error {
	s, err := c.pairs(ctx, "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', "+
		"'full_page_writes', "+
		"'default_transaction_read_only') UNION ALL SELECT 'replica', pg_is_in_recovery()::text")
	if err != nil {
		return err
	}
	switch {
	case s["replica"] == "true":
		r.readOnly(c, "Name the primary.", "it is a replica, which may be behind the primary")
	case s["default_transaction_read_only"] == "on":
		r.readOnly(c, "Turn default_transaction_read_only off for the role, the database or the server.",
			"default_transaction_read_only is on")
	default:
		r.okf("database-read-only", "%s", sentence(c.name+" can be written"))
	}
	switch {
	case s["fsync"] == "off":
		r.warnf("database-durability", "Set fsync = on.", "fsync is off: a power failure can destroy the database.")
	case s["full_page_writes"] == "off":
		r.warnf("database-durability", "Set full_page_writes = on.", "full_page_writes is off: a power failure can destroy the "+
			"database.")
	case s["synchronous_commit"] == "off":
		r.warnf("database-durability", "Set synchronous_commit = on, at least for the role of the site.",
			"synchronous_commit is off: a crash of the server undoes the last logins and logouts.")
	default:
		r.okf("database-durability", "The server keeps what it has confirmed.")
	}
	return p.pooler(ctx, c, r)
}

// pooler finds out whether two connections share one of the server. Such a pooler keeps
// no prepared statements, unless it is new.
func (postgreSQL) pooler(ctx context.Context, c *connection, r *report) error {
	const check = "database-pooler"
	return within(ctx, func(ctx context.Context) error {
		first, err := c.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer first.Close() //nolint:errcheck // it only read
		shared := false
		for range poolerTries {
			if shared, err = sharesBackend(ctx, first, c.db); shared || err != nil {
				break
			}
		}
		if err != nil {
			return err
		}
		if shared {
			r.notef(check, "Add default_query_exec_mode=exec to the data source name of pgx in services, or binary_parameters=yes "+
				"to that of lib/pq.",
				"The connection goes through a pooler in transaction mode, such as PgBouncer, which may not keep prepared statements.")
		} else {
			r.okf(check, "No pooler in transaction mode was found.")
		}
		return nil
	})
}

// poolerTries is how often two connections are compared: a pooler with several connections
// to the server may use another one.
const poolerTries = 5

// sharesBackend reports whether a transaction of another connection runs in the process of
// the server that has just answered the first one, which is still open.
func sharesBackend(ctx context.Context, first *sql.Conn, db *sql.DB) (bool, error) {
	const backend = "SELECT pg_backend_pid()"
	var one, other int
	if err := first.QueryRowContext(ctx, backend).Scan(&one); err != nil {
		return false, err
	}
	second, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return false, err
	}
	defer second.Rollback() //nolint:errcheck // it only read
	err = second.QueryRowContext(ctx, backend).Scan(&other)
	return one == other, err
}

func (postgreSQL) table(ctx context.Context, c *connection, name string) (*table, error) {
	about, err := c.query(ctx, "SELECT c.oid::text, c.reltuples::bigint::text, pg_table_size(c.oid)::text, c.relkind::text, "+
		"c.relpersistence::text, "+
		"row_security_active(c.oid)::text, c.relpages::text, (SELECT string_agg(n.nspname, ', ') FROM pg_class o "+
		"JOIN pg_namespace n ON n.oid = o.relnamespace WHERE o.relname = $2) FROM (SELECT to_regclass($1)::oid AS oid) t LEFT "+
		"JOIN pg_class c ON c.oid = t.oid",
		c.qualified(name), name)
	if err != nil || len(about) == 0 {
		return nil, err
	}
	row := about[0]
	if row[0] == "" {
		if row[7] == "" {
			return nil, nil //nolint:nilnil // there is no such table
		}
		return &table{elsewhere: row[7]}, nil
	}
	t := &table{
		rows: integer(row[1]), bytes: integer(row[2]), isView: row[3] == "v" || row[3] == "m", unlogged: row[4] == "u",
		hidesRows: isTrue(row[5]),
	}
	if t.rows <= 0 { // never analyzed
		t.rows = -1
	}
	columns, err := c.query(ctx, "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, "+
		"(a.atthasdef OR a.attidentity <> '')::text, COALESCE(c.collname::text, ''), "+
		"COALESCE(to_jsonb(c)->>'collisdeterministic', 'true') "+
		"FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation "+
		"WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped", row[0])
	if err != nil {
		return nil, err
	}
	for _, x := range columns {
		t.columns = append(t.columns, column{
			name: x[0], kind: x[1], notNull: isTrue(x[2]), hasDefault: isTrue(x[3]), collation: x[4],
			fuzzy: !isTrue(x[5]) || x[1] == "citext",
		})
	}
	indexes, err := c.query(ctx, "SELECT a.attname::text, (i.indisunique AND i.indpred IS NULL AND "+
		"array_length(i.indkey::int[], 1) = 1)::text "+
		"FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "+
		"WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indpred IS NULL", row[0])
	for _, x := range indexes {
		t.indexes = append(t.indexes, index{column: x[0], unique: isTrue(x[1])})
	}
	return t, err
}

func (postgreSQL) rights(ctx context.Context, c *connection, name string) (map[string]bool, error) {
	table := c.qualified(name)
	rows, err := c.query(ctx, "SELECT r, has_table_privilege(to_regclass($1)::oid, r)::text "+
		"FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r", table)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, row := range rows {
		found[row[0]] = isTrue(row[1])
	}
	return found, nil
}
