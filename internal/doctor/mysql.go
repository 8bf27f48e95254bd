package doctor

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
)

type mySQL struct{}

func (mySQL) quote(name string) string { return doubled(name, "`") }

func (mySQL) placeholder(int) string { return "?" }

func (mySQL) timeText(column string) string { return "CAST(" + column + " AS CHAR)" }

func (mySQL) zone() *time.Location { return nil }

func (mySQL) server(ctx context.Context, c *connection, r *report) error {
	s, err := c.pairs(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', "+
		"'innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog', 'innodb_doublewrite', 'autocommit', 'sql_mode')")
	if err != nil {
		return err
	}
	readOnly := false
	for _, name := range []string{"read_only", "super_read_only", "innodb_read_only"} {
		if isTrue(s[name]) {
			readOnly = true
			r.readOnly(c, "Name the primary, or turn "+name+" off.", name+" is on")
		}
	}
	if !readOnly {
		r.okf("database-read-only", "%s", sentence(c.name+" can be written"))
	}
	switch flush := s["innodb_flush_log_at_trx_commit"]; {
	case flush == "0" || flush == "2":
		r.warnf("database-durability", "Set innodb_flush_log_at_trx_commit = 1.",
			"innodb_flush_log_at_trx_commit is %s: a crash of the machine undoes the last logins and logouts.", flush)
	case isTrue(s["log_bin"]) && s["sync_binlog"] == "0":
		r.notef("database-durability", "Set sync_binlog = 1, if replicas or backups depend on the binary log.", "sync_binlog is "+
			"0: after a crash, "+
			"replicas may differ from the primary.")
	default:
		r.okf("database-durability", "The server keeps what it has confirmed.")
	}
	if s["autocommit"] != "" && !isTrue(s["autocommit"]) {
		r.warnf("database-autocommit", "Put autocommit=1 into the data source name of services, as Django does by itself.",
			"The server's default for autocommit is off: a service that keeps it never stores a logout.")
	} else {
		r.okf("database-autocommit", "Statements are committed.")
	}
	if mode := s["sql_mode"]; !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		r.notef("database-strict", `Set sql_mode = 'STRICT_TRANS_TABLES' for the site (see Django's check mysql.W002).`,
			"sql_mode has no strict mode: the server cuts values off instead of refusing them. Django sets it itself only if "+
				"OPTIONS say so.")
	}
	return nil
}

func (mySQL) table(ctx context.Context, c *connection, name string) (*table, error) {
	const where = " WHERE table_schema = COALESCE(NULLIF(?, ''), DATABASE()) AND table_name = ?"
	about, err := c.query(ctx, "SELECT table_rows, data_length + index_length, table_type, COALESCE(engine, '') FROM "+
		"information_schema.tables"+where,
		c.schema, name)
	if err != nil || len(about) == 0 {
		return nil, err
	}
	t := &table{rows: integer(about[0][0]), bytes: integer(about[0][1]), isView: about[0][2] == "VIEW", engine: about[0][3]}
	columns, err := c.query(ctx, "SELECT column_name, column_type, is_nullable = 'NO', column_default IS NOT NULL OR "+
		"CHAR_LENGTH(extra) > 0, "+
		"COALESCE(collation_name, '') FROM information_schema.columns"+where, c.schema, name)
	if err != nil {
		return nil, err
	}
	for _, x := range columns {
		t.columns = append(t.columns, column{
			name: x[0], kind: x[1], notNull: isTrue(x[2]), hasDefault: isTrue(x[3]),
			collation: x[4],
		})
	}
	indexes, err := c.query(ctx, "SELECT MAX(CASE WHEN seq_in_index = 1 THEN column_name END), MAX(non_unique) = 0 AND "+
		"COUNT(*) = 1 "+
		"FROM information_schema.statistics"+where+" GROUP BY index_name", c.schema, name)
	for _, x := range indexes {
		t.indexes = append(t.indexes, index{column: x[0], unique: isTrue(x[1])})
	}
	return t, err
}

var grant = regexp.MustCompile("^GRANT (.*) ON (?:TABLE )?(`(?:[^`]|``)*`|\\*)\\.(`(?:[^`]|``)*`|\\*) TO ")

func (mySQL) rights(ctx context.Context, c *connection, name string) (map[string]bool, error) {
	database := c.schema
	if database == "" {
		var err error
		if database, err = c.one(ctx, "SELECT DATABASE()"); err != nil {
			return nil, err
		}
	}
	rows, err := c.query(ctx, "SHOW GRANTS") // with those of the active role, which FOR CURRENT_USER() omits in MariaDB
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, row := range rows {
		g := grant.FindStringSubmatch(row[0])
		if len(g) == 0 || !covers(unquoted(g[2]), database, true) || !covers(unquoted(g[3]), name, false) {
			continue
		}
		for _, right := range []string{selectRight, insertRight, updateRight, deleteRight} {
			if strings.HasPrefix(g[1], "ALL PRIVILEGES") || hasWord(g[1], right) {
				found[right] = true
			}
		}
	}
	return found, nil
}

func unquoted(name string) string {
	return strings.ReplaceAll(strings.Trim(name, "`"), "``", "`")
}

// hasWord reports whether a list of rights has one. One for columns alone does not count.
func hasWord(list, right string) bool {
	return slices.Contains(strings.Split(list, ", "), right)
}

// covers reports whether the name in a grant covers another. Names of databases are
// patterns.
func covers(granted, name string, isPattern bool) bool {
	if granted == "*" || granted == name {
		return true
	}
	if !isPattern {
		return strings.EqualFold(granted, name)
	}
	var b strings.Builder
	for i := 0; i < len(granted); i++ {
		switch c := granted[i]; {
		case c == '\\' && i+1 < len(granted):
			i++
			b.WriteString(regexp.QuoteMeta(granted[i : i+1]))
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(granted[i : i+1]))
		}
	}
	matched, err := regexp.MatchString("^(?s:"+b.String()+")$", name)
	return err == nil && matched
}
