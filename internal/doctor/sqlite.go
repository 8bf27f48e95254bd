package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type sqlite struct{}

func (sqlite) quote(name string) string { return doubled(name, "`") }

func (sqlite) placeholder(int) string { return "?" }

func (sqlite) timeText(column string) string { return "CAST(" + column + " AS TEXT)" }

func (sqlite) zone() *time.Location { return nil }

func (s sqlite) server(ctx context.Context, c *connection, r *report) error {
	s.files(c, r)
	mode, err := c.one(ctx, "PRAGMA journal_mode")
	if err != nil {
		return err
	}
	switch mode {
	case "wal":
		r.notef("database-durability", "Put _synchronous=FULL into the data source name of github.com/mattn/go-sqlite3, and "+
			"_pragma=synchronous(FULL) into that of others: some drivers use NORMAL, and a power failure then undoes logouts.",
			"The journal mode is WAL: whether commits are synced depends on each connection.")
	case "off", "memory":
		r.warnf("database-durability", "Use journal_mode=DELETE or WAL.", "The journal mode is %s: a crash can destroy the "+
			"database.", mode)
	default:
		r.okf("database-durability", "The journal mode is %s, in which each commit is synced.", mode)
	}
	return nil
}

// files checks the file of the database and its folder, in which SQLite makes its
// journal.
func (sqlite) files(c *connection, r *report) {
	const check = "database-file"
	if c.file == "" {
		return
	}
	info, err := os.Stat(c.file)
	if err != nil {
		r.unknown(check, err)
		return
	}
	folder, err := os.Stat(filepath.Dir(c.file))
	if err != nil {
		r.unknown(check, err)
		return
	}
	const remedy = "Run the service as the user that runs Django, and give that user the file and its folder."
	if problem := unwritable(c.file, info); problem != "" && !c.readOnly {
		r.faultf(check, remedy, "The file of the database cannot be written: %s.", problem)
	}
	if problem := unwritable(filepath.Dir(c.file), folder); problem != "" && !c.readOnly {
		r.faultf(check, remedy, "The folder of the database cannot be written, and SQLite makes its journal there: %s.", problem)
	}
	if info.Mode().Perm()&0o002 != 0 {
		r.warnf(check, "Run chmod o-w on it.", "Every user of this machine can write the file of the database (mode "+
			"%04o).", info.Mode().Perm())
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if beside, err := os.Stat(c.file + suffix); err == nil && owner(beside) != owner(info) {
			r.faultf(check, remedy, "The file %s of SQLite belongs to another user than the database, who may be unable to write "+
				"one of the two.",
				filepath.Base(c.file)+suffix)
		}
	}
	if c.readOnly {
		r.okUnlessf(check, "The file of the database has the right owner and mode.")
		return
	}
	r.okUnlessf(check, "The file of the database and its folder can be written.")
}

// unwritable says why a file or folder cannot be written; "" if it can. It writes
// nothing, and does not open the file: closing a file ends all locks of this process on
// it, also those of SQLite.
func unwritable(name string, info os.FileInfo) string {
	if info.Mode().Perm()&0o222 == 0 { // nothing stops root, but it stops the site
		return fmt.Sprintf("nobody has the right (mode %04o)", info.Mode().Perm())
	}
	return accessProblem(name, info.IsDir())
}

func (sqlite) table(ctx context.Context, c *connection, name string) (*table, error) {
	columns, err := c.query(ctx, `SELECT name, type, "notnull", dflt_value IS NOT NULL OR (pk AND lower(type) = 'integer') `+
		"FROM pragma_table_info(?, ?)", name, c.main())
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	t := &table{rows: -1, bytes: -1}
	for _, x := range columns {
		t.columns = append(t.columns, column{name: x[0], kind: x[1], notNull: isTrue(x[2]), hasDefault: isTrue(x[3])})
	}
	const first = "(SELECT x.name FROM pragma_index_info(i.name, ?) x WHERE x.seqno = 0)"
	const isUnique = `i."unique" AND (SELECT COUNT(*) FROM pragma_index_info(i.name, ?)) = 1`
	indexes, err := c.query(ctx, "SELECT "+first+", "+isUnique+" FROM pragma_index_list(?, ?) i WHERE i.partial = 0",
		c.main(), c.main(), name, c.main())
	if err != nil {
		return nil, err
	}
	for _, x := range indexes {
		t.indexes = append(t.indexes, index{column: x[0], unique: isTrue(x[1])})
	}
	t.rows, t.bytes = c.rowIDs(ctx, name)
	return t, nil
}

// rowIDs estimates the number of rows: by their ids, which have gaps where rows were
// deleted, so that there may be fewer.
func (c *connection) rowIDs(ctx context.Context, name string) (rows, bytes int64) {
	rows, bytes = -1, -1
	const query = "SELECT (SELECT MAX(_rowid_) FROM %[1]s) - (SELECT MIN(_rowid_) FROM %[1]s) + 1"
	text, err := c.one(ctx, fmt.Sprintf(query, c.qualified(name)))
	if err == nil {
		rows = max(integer(text), 0)
	}
	if info, err := os.Stat(c.file); err == nil {
		bytes = info.Size()
	}
	return rows, bytes
}

func (c *connection) main() string {
	if c.schema == "" {
		return "main"
	}
	return c.schema
}

// rights are those of the file.
func (sqlite) rights(context.Context, *connection, string) (map[string]bool, error) { return nil, nil }

func plainError(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		return text[i+2:]
	}
	return text
}
