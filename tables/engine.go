package tables

import (
	"context"
	"crypto/md5" //nolint:gosec // names an index, as Django does
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
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
	// LockWait is how long a call goes on trying while the database is locked (SQLite); 5 seconds by default, as in Django,
	// not at all if negative. A driver that waits by itself does so in addition, and without regard to the context: with
	// github.com/mattn/go-sqlite3 put _busy_timeout=100 into the data source name.
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
	db      *sql.DB
	dialect Dialect
	names   *names
	schema  string
	extra   []Column
	codec   *djangosession.Codec
	now     func() time.Time
	useTZ   bool
	loc     *time.Location // TIME_ZONE
	dbLoc   *time.Location

	lockWait time.Duration

	mu      sync.Mutex
	checked bool
}

var (
	errNoDialect = errors.New("tables: Options.Dialect is required")
	errMixedZone = errors.New("a date with a zone cannot be stored where USE_TZ is false")
)

// New returns an engine on db, which stays the caller's to close. Nothing is read or written yet; see [Engine.Check]. The
// error is that of [djangosession.NewCodec].
func New(db *sql.DB, s djangosession.Settings, o Options) (*Engine, error) {
	if o.Dialect == nil {
		return nil, errNoDialect
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return nil, err
	}
	loc, err := s.Location()
	if err != nil {
		return nil, err
	}
	if o.Table == "" {
		o.Table = "django_session"
	}
	if o.LockWait == 0 {
		o.LockWait = defaultLockWait
	}
	if o.DatabaseTimeZone == nil {
		o.DatabaseTimeZone = time.UTC
	}
	return &Engine{
		db: db, dialect: o.Dialect, names: newNames(o.Dialect, o.Schema, o.Table), schema: o.Schema, extra: o.ExtraColumns,
		codec: codec, now: s.Clock, useTZ: s.UseTZ, loc: loc, dbLoc: o.DatabaseTimeZone, lockWait: o.LockWait,
	}, nil
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
	var columns []column
	err := e.untilUnlocked(ctx, op, func() (err error) {
		columns, err = e.dialect.columns(ctx, e.db, e.schema, e.names.plain)
		return err
	})
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return &Error{Op: op, Kind: ErrNoTable}
	}
	known := map[string]bool{"session_key": false, "session_data": false, "expire_date": false}
	for _, c := range e.extra {
		known[c.Name] = false
	}
	for _, c := range columns {
		if _, ok := known[c.name]; ok {
			known[c.name] = true
		} else if c.required {
			return &Error{Op: op, Kind: &ColumnError{Column: c.name}}
		}
	}
	for name, found := range known {
		if !found {
			return &Error{Op: op, Kind: &ColumnError{Column: name, Missing: true}}
		}
	}
	return nil
}

// checkOnce is Check until it has succeeded.
func (e *Engine) checkOnce(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.checked {
		return nil
	}
	err := e.Check(ctx)
	e.checked = err == nil
	return err
}

// possibleKey reports whether a row may have this key; others are not asked for, since some databases answer with an error.
func possibleKey(key string) bool {
	return key != "" && utf8.ValidString(key) && !strings.Contains(key, "\x00")
}

// stamp turns a date as sessions have it into what the database stores.
func (e *Engine) stamp(d py.DateTime) (stamp, error) {
	if e.useTZ {
		instant := d.In(e.loc)
		return stamp{wall: py.NaiveIn(instant, e.dbLoc).Time, instant: instant}, nil
	}
	if !d.Naive {
		return stamp{}, errMixedZone
	}
	return stamp{wall: d.Time, instant: d.In(e.loc)}, nil
}

// nowArg is the current time as an argument.
func (e *Engine) nowArg() any {
	now := e.now()
	zone := e.dbLoc
	if !e.useTZ {
		zone = e.loc
	}
	return e.dialect.timeArg(stamp{wall: py.NaiveIn(now, zone).Time, instant: now})
}

// date turns what the database stores into a date as sessions have it; the zero value if it is none.
func (e *Engine) date(text string) py.DateTime {
	d, ok := e.dialect.parseTime(text)
	if !ok {
		return py.DateTime{}
	}
	if d.Naive && e.useTZ {
		return py.DateTime{Time: d.In(e.dbLoc).UTC()}
	}
	return d
}

// indexName is the name that Django gives the index on a column: with a digest, so that it is unique.
func indexName(table, column string) string {
	sum := md5.Sum([]byte(table + column)) //nolint:gosec // no secret
	return table + "_" + column + "_" + hex.EncodeToString(sum[:4])
}
