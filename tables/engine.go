package tables

import (
	"context"
	"crypto/md5" //nolint:gosec // names an index, as Django does
	"database/sql"
	"encoding/hex"
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

// Options say where the table is and what differs from Django's own. Only Dialect is required.
type Options struct {
	Dialect Dialect
	// Table is the table's name; "django_session" by default.
	Table string
	// Schema is the schema (in SQLite: the attached database) that holds it; the connection's default if "".
	Schema string
	// ExtraColumns are further columns that a custom session model fills, on every save as Django does.
	ExtraColumns []Column
	// DatabaseTimeZone is DATABASES[...]["TIME_ZONE"]: the zone of the dates in a database that stores none, where USE_TZ
	// is true. UTC by default.
	DatabaseTimeZone *time.Location
	// LockWait is how long a call goes on trying while the database is locked (SQLite) or a deadlock makes it fail; 5 seconds
	// by default, as in Django, not at all if negative. A driver that waits by itself does so in addition, and without
	// regard to the context: with github.com/mattn/go-sqlite3 put _busy_timeout=10 into the data source name.
	LockWait time.Duration
}

// A Column is a further column of a custom session model. Matches what create_model_instance adds.
type Column struct {
	Name string
	// Value returns what the column is to hold, of the session's dict (values may be [py.Lazy]): something that the
	// database driver takes, nil for NULL.
	Value func(d *py.Dict) (any, error)
}

// An Engine keeps sessions in a table. It implements [djangosession.Engine], and several goroutines may use it.
type Engine struct {
	conn
	names *names
	extra []Column
	codec *djangosession.Codec

	loadQuery string // made once, for Load is called at nearly every request

	checked atomic.Bool
}

// New returns an engine on db, which stays the caller's to close. Nothing is read or written yet; see [Engine.Check]. The
// error is that of [djangosession.NewCodec], or a [*djangosession.SettingError] for a site whose SESSION_ENGINE keeps
// sessions elsewhere; a class of the site's own passes.
func New(db *sql.DB, s djangosession.Settings, o Options) (*Engine, error) {
	c, err := newConn(db, s, o.Dialect, o.DatabaseTimeZone, o.LockWait)
	if err != nil {
		return nil, err
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return nil, err
	}
	switch s.SessionEngine {
	case "django.contrib.sessions.backends.cache", "django.contrib.sessions.backends.cached_db",
		"django.contrib.sessions.backends.file", "django.contrib.sessions.backends.signed_cookies":
		problem := fmt.Sprintf("%q does not keep sessions in a table alone: Django would not see what is changed there",
			s.SessionEngine)
		return nil, &djangosession.SettingError{Setting: "SESSION_ENGINE", Problem: problem}
	}
	if o.Table == "" {
		o.Table = "django_session"
	}
	e := &Engine{conn: c, names: newNames(o.Dialect, o.Schema, o.Table), extra: o.ExtraColumns, codec: codec}
	e.loadQuery = e.newLoadQuery()
	return e, nil
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
// against its will. The first Create does so too. The error is an [*Error].
func (e *Engine) Check(ctx context.Context) error {
	const op = "check the table"
	columns, err := e.columns(ctx, op)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return &Error{Op: op, Kind: ErrNoTable}
	}
	needed := []string{"session_key", "session_data", "expire_date"}
	for _, c := range e.extra {
		needed = append(needed, c.Name)
	}
	for _, name := range needed {
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			return &Error{Op: op, Kind: &ColumnError{Column: name, Missing: true}}
		}
	}
	for _, c := range columns {
		if c.required && !slices.Contains(needed, c.name) {
			return &Error{Op: op, Kind: &ColumnError{Column: c.name}}
		}
	}
	return nil
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
