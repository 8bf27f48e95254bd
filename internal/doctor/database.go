package doctor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// product is what differs between database products. Names are not quoted.
type product interface {
	quote(name string) string
	placeholder(n int) string
	// timeText is the expression of a date column as text without a zone.
	timeText(column string) string
	// zone is the zone of these texts; nil for that of the settings.
	zone() *time.Location
	// server checks the server: whether it can be written, and keeps what it confirms.
	server(ctx context.Context, c *connection, r *report) error
	// table describes a table; nil if it does not exist.
	table(ctx context.Context, c *connection, name string) (*table, error)
	// rights returns the rights on a table; nil if they are unknown.
	rights(ctx context.Context, c *connection, name string) (map[string]bool, error)
}

// Rights on tables.
const (
	selectRight = "SELECT"
	insertRight = "INSERT"
	updateRight = "UPDATE"
	deleteRight = "DELETE"
)

// table describes a table.
type table struct {
	elsewhere string // the schemas that have it, if it is not on the search path; other fields are then unknown
	rows      int64  // an estimate, or -1
	bytes     int64  // an estimate, or -1
	isView    bool
	unlogged  bool   // its rows are lost after a crash
	hidesRows bool   // row security applies
	engine    string // of MySQL
	columns   []column
	indexes   []index
}

type column struct {
	name, kind string
	notNull    bool
	hasDefault bool
	collation  string
	fuzzy      bool // different texts may be equal
}

type index struct {
	column string // the first one
	unique bool   // and it is the only column
}

func (t *table) column(name string) *column {
	for i := range t.columns {
		if strings.EqualFold(t.columns[i].name, name) {
			return &t.columns[i]
		}
	}
	return nil
}

// hasIndex reports whether rows can be found by a column, and whether it is unique.
func (t *table) hasIndex(column string) (found, unique bool) {
	for _, i := range t.indexes {
		if strings.EqualFold(i.column, column) {
			found, unique = true, unique || i.unique
		}
	}
	return found, unique
}

// connection is a database that is examined.
type connection struct {
	product

	name   string // of the database in findings
	db     *sql.DB
	file   string // of SQLite
	schema string
	lite   bool // the product is SQLite, whose transactions need not be said to only read

	readOnly bool // the service only reads
}

func (d *Deployment) connection(of *Database, name string) *connection {
	c := &connection{name: name, db: of.DB, file: of.File, schema: d.Schema, readOnly: d.ReadOnly}
	switch of.Vendor {
	case "postgresql":
		c.product = postgreSQL{}
	case "mysql":
		c.product = mySQL{}
	default:
		c.product, c.lite = sqlite{}, true
	}
	return c
}

// maxAnswer bounds the rows of an answer.
const maxAnswer = 1000

// query returns the rows of a query as text, NULL as "". It runs in a transaction that
// can only read.
func (c *connection) query(ctx context.Context, query string, args ...any) (all [][]string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	tx, err := c.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: !c.lite})
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was changed
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	defer rows.Close() //nolint:errcheck // the error of reading is rows.Err
	names, err := rows.Columns()
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	for rows.Next() && len(all) < maxAnswer {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, c.failed(ctx, err)
		}
		row := make([]string, len(names))
		for i := range values {
			row[i] = values[i].String
		}
		all = append(all, row)
	}
	return all, c.failed(ctx, rows.Err())
}

var errTooSlow = errors.New("the database did not answer in time")

func (c *connection) failed(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errTooSlow
	}
	return err
}

// one returns the only value of a query.
func (c *connection) one(ctx context.Context, query string) (string, error) {
	rows, err := c.query(ctx, query)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0][0], nil
}

// pairs returns the rows of a query with two columns.
func (c *connection) pairs(ctx context.Context, query string) (map[string]string, error) {
	rows, err := c.query(ctx, query)
	found := map[string]string{}
	for _, row := range rows {
		found[strings.ToLower(row[0])] = row[1]
	}
	return found, err
}

// qualified is the quoted name of a table with its schema.
func (c *connection) qualified(name string) string {
	if c.schema == "" {
		return c.quote(name)
	}
	return c.quote(c.schema) + "." + c.quote(name)
}

func doubled(name, quote string) string {
	return quote + strings.ReplaceAll(name, quote, quote+quote) + quote
}

func isTrue(text string) bool {
	switch strings.ToLower(text) {
	case "t", "true", "1", "on", "yes":
		return true
	}
	return false
}

func integer(text string) int64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return -1
	}
	return int64(n)
}

// databases checks the servers of the databases and the tables of users. The table of
// sessions is checked with the sessions in it.
func (d *Deployment) databases(ctx context.Context, r *report) {
	type named struct {
		of   *Database
		name string
	}
	var all []named
	switch {
	case d.Sessions != nil && d.Sessions == d.Users:
		all = []named{{d.Sessions, "the database"}}
	default:
		if d.Sessions != nil {
			all = append(all, named{d.Sessions, "the database of the sessions"})
		}
		if d.Users != nil {
			all = append(all, named{d.Users, "the database of the users"})
		}
	}
	reached := true
	for _, one := range all {
		if !d.reach(ctx, r, one.of, one.name) {
			reached = reached && one.of != d.Users
		}
	}
	switch {
	case d.Users == nil:
		r.notef("user-table", "Name the database of the users.", "The users were not checked: their database was not given.")
	case !reached:
		r.notef("user-table", "Make the database reachable, and run the command again.", "The users were not checked: their "+
			"database "+
			"cannot be reached.")
	default:
		d.userTable(ctx, r, d.connection(d.Users, "the database of the users"))
	}
}

// reach checks a server, and reports whether it can be reached.
func (d *Deployment) reach(ctx context.Context, r *report, of *Database, name string) bool {
	const check = "database"
	const remedy = "Check the URL, that the server runs and accepts connections from this machine, and the password."
	if of.Err != nil {
		r.faultf(check, remedy, "%s", sentence(fmt.Sprintf("%s cannot be opened: %v", name, of.Err)))
		return false
	}
	c := d.connection(of, name)
	if err := within(ctx, c.db.PingContext); err != nil {
		r.faultf(check, remedy, "%s", sentence(fmt.Sprintf("%s cannot be reached: %v", name, c.failed(ctx, err))))
		return false
	}
	if _, err := c.one(ctx, "SELECT 1"); err != nil {
		r.faultf(check, remedy+" Behind PgBouncer, add default_query_exec_mode=exec to the URL.", "%s",
			sentence(fmt.Sprintf("%s does not answer: %v", name, err)))
		return false
	}
	r.okf(check, "%s", sentence(name+" can be reached"))
	if err := c.server(ctx, c, r); err != nil {
		r.unknown("database-server", err)
	}
	d.serverClock(ctx, r, c)
	return true
}

// readOnly reports that a server cannot be written, which is not a fault of a service that
// only reads. It still sees logouts late if the server is a replica.
func (r *report) readOnly(c *connection, remedy, reason string) {
	level := Fault
	if c.readOnly {
		level = Note
	}
	r.addf(level, "database-read-only", remedy, "%s", sentence(c.name+" cannot be written: "+reason))
}

// serverClock compares the clock of the server.
func (d *Deployment) serverClock(ctx context.Context, r *report, c *connection) {
	const check = "database-clock"
	var query string
	switch c.product.(type) {
	case postgreSQL:
		query = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
	case mySQL:
		query = "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)"
	default:
		r.okf(check, "SQLite uses the clock of this machine.")
		return
	}
	before := d.Now()
	text, err := c.one(ctx, query)
	after := d.Now()
	if err != nil {
		r.unknown(check, err)
		return
	}
	at, err := time.Parse("2006-01-02 15:04:05.999999", text)
	if err != nil {
		r.unknown(check, errors.New("the database answers with something else than a time"))
		return
	}
	d.clock(r, check, c.name, at, before, after, 0)
}
