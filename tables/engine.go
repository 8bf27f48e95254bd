package tables

import (
	"context"
	"crypto/md5" //nolint:gosec // names an index, as Django does
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

// MaxKeyLength is how many characters the column session_key holds.
const MaxKeyLength = 40

// Options say where the table is and what differs from Django's own, as far as the settings
// do not. All of them may be left out for settings that [djangosession.SettingsScript] has
// printed.
type Options struct {
	// Dialect is by default that of Settings.SessionDatabase. Set it for settings that lack
	// SESSION_DATABASE, and for an ENGINE that is not known here but does to tables exactly
	// what Django's own does.
	Dialect Dialect
	// Table is the table's name; by default that of the settings' SessionStoreClass, or "django_session".
	Table string
	// Schema is the schema (in SQLite: the attached database) that holds it; the connection's default if "".
	Schema string
	// ExtraColumns are further columns that a session model of the site has. Columns that SessionStoreClass of the
	// settings shows as auto_now or auto_now_add need not be named.
	ExtraColumns []Column
	// Prepare, if set, is called before a session is stored, with a copy of its dict. Changes to the copy are stored, and do
	// not appear in the session until it is loaded again. It may run more than once for one save, and inside a transaction on
	// the table: a merged save and a change of the key call it while they hold a connection. If it queries a database, give
	// it a [sql.DB] of its own, because one with SetMaxOpenConns can run out of connections, and saves then wait for one
	// another until their contexts end. Matches a method save that adds values.
	Prepare func(ctx context.Context, d *py.Dict) error
	// AcceptEngine is the SESSION_ENGINE of a site that is not known to keep sessions in the table alone, and makes [New]
	// accept it. Setting it means: Django reads each session from the table at each request, and each of its processes sees
	// what this one writes and deletes. If that is not so, as with cached_db, users stay logged in for Django after a logout here,
	// and values are lost; then do no more than read.
	AcceptEngine string
	// DatabaseTimeZone is DATABASES[...]["TIME_ZONE"]: the zone of the dates in a database
	// that stores none, where USE_TZ is true. By default it is that of
	// Settings.SessionDatabase, and UTC without one.
	DatabaseTimeZone *time.Location
	// LockWait is how long a call goes on trying while the database is locked (SQLite) or a deadlock makes it fail; 5 seconds
	// by default, as in Django, not at all if negative. A driver that waits by itself does so in addition, and without
	// regard to the context: with github.com/mattn/go-sqlite3 put _busy_timeout=10 into the data source name.
	LockWait time.Duration
}

// An Engine keeps sessions in a table. It implements [djangosession.Engine], and several goroutines may use it.
type Engine struct {
	conn
	names   *names
	extra   []Column
	prepare func(ctx context.Context, d *py.Dict) error
	codec   *djangosession.Codec
	filled  []string // columns that the site's own code fills, if it has code for that

	loadQuery string // made once, for Load is called at nearly every request

	checked atomic.Bool
}

// dbEngine is the SESSION_ENGINE that keeps sessions in a table alone.
const dbEngine = "django.contrib.sessions.backends.db"

// New returns an engine on db, which stays the caller's to close. Nothing is read or written yet; see [Engine.Check]. The
// error is that of [djangosession.NewCodec], or a [*djangosession.SettingError] for a SESSION_ENGINE that is not known to keep
// sessions in a table alone; see [djangosession.Settings.CheckEngine] and Options.AcceptEngine.
func New(db *sql.DB, s djangosession.Settings, o Options) (*Engine, error) {
	from := source{setting: "SESSION_DATABASE", options: "Options", database: &s.SessionDatabase}
	c, err := newConn(db, s, from, o.Dialect, o.DatabaseTimeZone, o.LockWait)
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
	e.filled = filledColumns(&s.SessionStoreClass)
	e.loadQuery = e.newLoadQuery()
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
		"Use django.contrib.sessions.backends.db or a subclass that only adds columns; or, if the table is all that Django reads, " +
		"name the engine in Options.AcceptEngine (see docs/works-with.md)"}
}

// Codec returns what turns the column session_data into a session.
func (e *Engine) Codec() *djangosession.Codec { return e.codec }

// DDL returns the statements by which Django's migration creates the table and its indexes.
func (e *Engine) DDL() []string { return e.dialect.createTable(e.names) }

// CreateTable runs [Engine.DDL]. It is for tests and demonstrations: a site's table is made by its migrations.
func (e *Engine) CreateTable(ctx context.Context) error {
	for _, statement := range e.DDL() {
		if _, err := e.exec(ctx, "create table", statement); err != nil {
			return err
		}
	}
	return nil
}

// Check looks whether the table is there and has the columns that it must have, and none that a new row would leave empty
// against its will. It also looks for columns that the site's code fills and Options.ExtraColumns does not name. The first
// Create does so too. In the end Check looks whether connections keep what they confirm: an SQLite connection has to sync
// ([ErrNotDurable] otherwise, which does not stop Create), one to MySQL to have autocommit on. The error is an [*Error].
func (e *Engine) Check(ctx context.Context) error {
	const op = "check the table"
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

// column is what matters of a table's column.
type column struct {
	name     string
	required bool // NOT NULL without a default: an INSERT has to give it
}

func (e *Engine) columns(ctx context.Context, op string) ([]column, error) {
	a := args{dialect: e.dialect}
	query := e.dialect.columns(&a, e.names)
	return queryAll(ctx, &e.conn, op, query, a.values, func(rows *sql.Rows) (c column, err error) {
		err = rows.Scan(&c.name, &c.required)
		return c, err
	})
}

// checkOnce is Check until it has succeeded.
func (e *Engine) checkOnce(ctx context.Context) error {
	if e.checked.Load() {
		return nil
	}
	err := e.Check(ctx)
	if errors.Is(err, ErrNotDurable) { // logins go on; a power failure may never come
		err = nil
	}
	if err == nil {
		e.checked.Store(true)
	}
	return err
}

// possibleKey reports whether a row may have this key; others are not asked for, since some databases answer with an error.
func possibleKey(key string) bool {
	return key != "" && utf8.ValidString(key) && !strings.Contains(key, "\x00")
}

// indexName is the name that Django gives the index on a column: with a digest, so that it is unique.
func indexName(table, column string) string {
	sum := md5.Sum([]byte(table + column)) //nolint:gosec // no secret
	return table + "_" + column + "_" + hex.EncodeToString(sum[:4])
}
