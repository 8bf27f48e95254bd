package tables

import (
	"context"
	"crypto/md5" //nolint:gosec // part of an index name, as in Django
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// MaxKeyLength is the size of the column session_key in characters.
const MaxKeyLength = 40

// Options describe the table and how it differs from Django's own, as far as the settings
// do not. All of them may be left out with settings that [djangosession.SettingsScript]
// printed.
type Options struct {
	// Dialect is by default that of Settings.SessionDatabase. Set it for settings without
	// SESSION_DATABASE, and for an unknown ENGINE that treats tables exactly as Django's
	// own engine does.
	Dialect Dialect
	// Table is the table's name. The default is that of Settings.SessionStoreClass, or
	// else "django_session".
	Table string
	// Schema is the schema of the table (in SQLite: the attached database). The default
	// is that of the connection.
	Schema string
	// ExtraColumns are the columns that a session model of the site adds. Columns that
	// Settings.SessionStoreClass lists as auto_now or auto_now_add need not be named.
	ExtraColumns []Column
	// UserColumn names the one of ExtraColumns that contains the user's id, preferably an
	// indexed one, so that [Engine.RecordsOfUser] decodes only rows in which it is that id
	// or NULL. By setting it you state that every process fills the column in every save,
	// and uses NULL for sessions without a user. If that is wrong, as with 0 for nobody,
	// LogoutEverywhere of package auth misses sessions.
	UserColumn string
	// Prepare, if set, is called before a session is stored, with a copy of its dict.
	// Changes to the copy are stored, but appear in the session only after it is loaded
	// again. It may run more than once per save, and inside a transaction on the table:
	// merged saves and key changes call it while they hold a connection. If it queries a
	// database, give it a separate [sql.DB]. With SetMaxOpenConns, a shared one can run
	// out of connections, and saves then wait for each other until their contexts end. It
	// matches a save method that adds values.
	Prepare func(ctx context.Context, d *py.Dict) error
	// AcceptEngine names the site's SESSION_ENGINE if it is not known to keep sessions in
	// the table alone, and makes [New] accept it. By setting it you state that Django
	// reads every session from the table on every request, so that all its processes see
	// what this one writes and deletes. If that is wrong, as with cached_db, users who
	// log out here remain logged in for Django, and values are lost; such sites may only
	// be read. The engine of package caches for cached_db writes the cache too: to use
	// it, name the site's SESSION_ENGINE here and pass this engine to NewCachedDB there.
	AcceptEngine string
	// DatabaseTimeZone is DATABASES[...]["TIME_ZONE"]: the zone of dates in a database
	// that does not store zones, if USE_TZ is true. The default is that of
	// Settings.SessionDatabase, or else UTC.
	DatabaseTimeZone *time.Location
	// LockWait is how long a call keeps trying while the database is locked (SQLite) or a
	// deadlock makes it fail. The default is 5 seconds, as in Django. If it is negative,
	// calls do not wait. Some drivers wait in addition, regardless of the context: with
	// github.com/mattn/go-sqlite3, add _busy_timeout=10 to the data source name.
	LockWait time.Duration
	// NoPreparedStatements sends every statement as text. By default, a statement on
	// SQLite, MySQL or MariaDB is prepared once per connection when it is used for the
	// second time. Set it if a proxy in between does not tie a prepared statement to the
	// connection of the server that prepared it. Proxies that forward MySQL's protocol
	// for prepared statements, such as ProxySQL, MaxScale and MySQL Router, do. It has no
	// effect on PostgreSQL, where the driver prepares statements; see [PostgreSQL].
	NoPreparedStatements bool
}

// An Engine keeps sessions in a table. It implements [djangosession.Engine]. It is safe
// for concurrent use.
type Engine struct {
	conn
	names   *names
	extra   []Column
	user    string // the quoted Options.UserColumn, or ""
	prepare func(ctx context.Context, d *py.Dict) error
	codec   *djangosession.Codec
	filled  []string // columns that the site's own code may fill

	load keyQuery

	checked atomic.Bool
}

// dbEngine is the SESSION_ENGINE that keeps sessions in a table alone.
const dbEngine = "django.contrib.sessions.backends.db"

// New returns an engine on db, which the caller closes. Dialect, table and time zone
// follow from the settings unless the options name them. New does not use the database;
// see [Engine.Check].
//
// The error is that of [djangosession.NewCodec], or a [*djangosession.SettingError] if
// neither settings nor options name the dialect, if they contradict each other, or for a
// SESSION_ENGINE that is not known to keep sessions in a table alone; see
// [djangosession.Settings.CheckEngine] and Options.AcceptEngine.
func New(db *sql.DB, s djangosession.Settings, o Options) (*Engine, error) {
	from := source{setting: "SESSION_DATABASE", options: "Options", database: &s.SessionDatabase}
	c, err := newConn(db, s, from, connOptions{o.Dialect, o.DatabaseTimeZone, o.LockWait, o.NoPreparedStatements})
	if err != nil {
		return nil, err
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return nil, err
	}
	if err := checkEngine(s, o.AcceptEngine); err != nil {
		return nil, err
	}
	if o.Table == "" {
		o.Table = s.SessionStoreClass.Table
	}
	if o.Table == "" {
		o.Table = "django_session"
	}
	e := &Engine{conn: c, names: newNames(c.dialect, o.Schema, o.Table), prepare: o.Prepare, codec: codec}
	if e.extra, err = allColumns(o.ExtraColumns, s.SessionStoreClass.Columns); err != nil {
		return nil, err
	}
	if e.user, err = quotedUserColumn(c.dialect, &o); err != nil {
		return nil, err
	}
	e.filled = filledColumns(&s.SessionStoreClass)
	e.load = e.newLoadQuery()
	return e, nil
}

// checkEngine refuses engines that may keep sessions elsewhere.
func checkEngine(s djangosession.Settings, accepted string) error {
	err := s.CheckEngine(dbEngine)
	refused, ok := errors.AsType[*djangosession.SettingError](err)
	switch {
	case accepted != "" && accepted != s.SessionEngine:
		return &djangosession.SettingError{
			Setting: "Options.AcceptEngine", Problem: fmt.Sprintf("names %q, but SESSION_ENGINE is %q", accepted, s.SessionEngine),
		}
	case accepted != "" || !ok:
		return nil
	}
	return &djangosession.SettingError{Setting: refused.Setting, Problem: refused.Problem + ". " +
		"It is not known to keep sessions in the table alone: Django might not see changes made here, such as a logout. " +
		"Use django.contrib.sessions.backends.db or a subclass that only adds columns; or, if Django reads nothing but the table, " +
		"name the engine in Options.AcceptEngine (see docs/works-with.md)"}
}

// Codec returns the codec of the column session_data.
func (e *Engine) Codec() *djangosession.Codec { return e.codec }

// DDL returns the statements with which Django's migration creates the table and its
// indexes.
func (e *Engine) DDL() []string { return e.dialect.createTable(e.names) }

// CreateTable runs [Engine.DDL]. It is for tests and demonstrations; a site's migrations
// create its table.
func (e *Engine) CreateTable(ctx context.Context) error {
	for _, statement := range e.DDL() {
		if _, err := e.exec(ctx, "create table", statement); err != nil {
			return err
		}
	}
	return nil
}

// Check reports whether the table exists, has the columns that it needs, and has no other
// columns that a new row must set. It also finds columns that the site's code fills and
// Options.ExtraColumns does not name. The first Create does the same. Finally, Check
// reports whether connections keep what they confirm: an SQLite connection must sync
// ([ErrNotDurable], which does not stop Create), and a MySQL connection needs autocommit.
// The error is an [*Error].
func (e *Engine) Check(ctx context.Context) error {
	op := "check the table " + e.names.plain
	columns, err := e.columns(ctx, op)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return &Error{Op: op, Kind: ErrNoTable}
	}
	needed := djangoColumns()
	for _, c := range e.extra {
		needed = append(needed, c.Name)
	}
	for _, name := range needed {
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			return &Error{Op: op, Kind: &ColumnError{Column: name, Missing: true}}
		}
	}
	for _, c := range columns {
		if c.required && !slices.Contains(djangoColumns(), c.name) && !e.fills(c.name) {
			return &Error{Op: op, Kind: &ColumnError{Column: c.name}}
		}
	}
	for _, name := range e.filled {
		if !slices.Contains(needed, name) {
			return &Error{Op: op, Kind: &ColumnError{Column: name, Filled: true}}
		}
	}
	return e.dialect.durable(ctx, &e.conn, op, e.names)
}

// fills reports whether a new row gets a value in this extra column.
func (e *Engine) fills(name string) bool {
	return slices.ContainsFunc(e.extra, func(c Column) bool { return c.Name == name && c.Value != nil })
}

// column describes a column of the table.
type column struct {
	name     string
	required bool // NOT NULL without a default: an INSERT must set it
}

func (e *Engine) columns(ctx context.Context, op string) ([]column, error) {
	a := args{dialect: e.dialect}
	query := e.dialect.columns(&a, e.names)
	return queryAll(ctx, &e.conn, op, query, a.values, func(rows *sql.Rows) (c column, err error) {
		err = rows.Scan(&c.name, &c.required)
		return c, err
	})
}

// checkOnce calls Check until it has succeeded once.
func (e *Engine) checkOnce(ctx context.Context) error {
	if e.checked.Load() {
		return nil
	}
	err := e.Check(ctx)
	if errors.Is(err, ErrNotDurable) { // a power failure is no reason to refuse logins now
		err = nil
	}
	if err == nil {
		e.checked.Store(true)
	}
	return err
}

// possibleKey reports whether a row can have this key. Databases are not asked for
// others, because some answer with an error.
func possibleKey(key string) bool {
	return key != "" && utf8.ValidString(key) && !strings.Contains(key, "\x00")
}

// indexName is the name that Django gives the index on a column. It contains a digest
// that makes it unique.
func indexName(table, column string) string {
	sum := md5.Sum([]byte(table + column)) //nolint:gosec // no secret
	return table + "_" + column + "_" + hex.EncodeToString(sum[:4])
}
