package tables

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// conn is a database together with the site's settings that affect reading and writing
// it.
type conn struct {
	db       *sql.DB
	direct   querier // the database outside of transactions
	dialect  Dialect
	now      func() time.Time
	useTZ    bool
	loc      *time.Location // TIME_ZONE
	dbLoc    *time.Location
	lockWait time.Duration
	commits  *atomic.Bool // its connections are known to commit each statement
}

var (
	errNoDatabase = errors.New("tables: the database is nil: open it with database/sql")
	errDateRange  = errors.New("the date is out of range")
	errMixedZone  = errors.New("a date with a zone cannot be stored where USE_TZ is false")
)

// connOptions are the options that all parts of a database have.
type connOptions struct {
	dialect    Dialect
	zone       *time.Location
	lockWait   time.Duration
	unprepared bool
}

func newConn(db *sql.DB, s djangosession.Settings, from source, o connOptions) (conn, error) {
	if db == nil {
		return conn{}, errNoDatabase
	}
	d, err := from.dialect(o.dialect)
	if err != nil {
		return conn{}, err
	}
	dbLoc, err := from.zone(o.zone)
	if err != nil {
		return conn{}, err
	}
	loc, err := s.Location()
	if err != nil {
		return conn{}, err
	}
	c := conn{
		db: db, direct: db, dialect: d, now: s.Clock, useTZ: s.UseTZ, loc: loc, dbLoc: dbLoc,
		lockWait: cmp.Or(o.lockWait, defaultLockWait), commits: new(atomic.Bool),
	}
	if d.prepares() && !o.unprepared {
		c.direct = &statements{db: db, dialect: d, known: make(map[string]*statement)}
	}
	return c, nil
}

// queryRow copies the first row of a query. The error is sql.ErrNoRows if it has none.
func (c *conn) queryRow(ctx context.Context, op, query string, values []any, dst ...any) error {
	return c.readRow(ctx, op, query, values, func(rows *sql.Rows) error { return rows.Scan(dst...) })
}

// readRow is queryRow for a row that scan reads.
func (c *conn) readRow(ctx context.Context, op, query string, values []any, scan func(*sql.Rows) error) error {
	return c.on(ctx, op, func(q querier) error {
		rows, err := q.QueryContext(ctx, query, values...)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // the error of reading is rows.Err
		if !rows.Next() {
			return cmp.Or(rows.Err(), sql.ErrNoRows)
		}
		if err := scan(rows); err != nil {
			return err
		}
		return rows.Close()
	})
}

// exec runs a statement and returns the number of rows that it affected.
func (c *conn) exec(ctx context.Context, op, statement string, values ...any) (int64, error) {
	var n int64
	err := c.on(ctx, op, func(q querier) (err error) {
		n, err = affected(q.ExecContext(ctx, statement, values...))
		return err
	})
	return n, err
}

// queryAll reads all rows of a query.
func queryAll[T any](
	ctx context.Context, c *conn, op, query string, values []any, scan func(*sql.Rows) (T, error),
) (all []T, err error) {
	err = c.on(ctx, op, func(q querier) error {
		all = nil
		rows, err := q.QueryContext(ctx, query, values...)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // the error of reading is rows.Err
		for rows.Next() {
			one, err := scan(rows)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return rows.Err()
	})
	return all, err
}

// stamp converts a date of a session to the form that the database stores.
func (c *conn) stamp(d py.DateTime) (stamp, error) {
	instant := d.In(c.loc)
	switch {
	case c.useTZ:
		wall := py.NaiveIn(instant, c.dbLoc).Time
		if wall.Year() < 1 || wall.Year() > 9999 { // Python has no such date, and its text would sort elsewhere
			return stamp{}, errDateRange
		}
		return stamp{wall: wall, instant: instant}, nil
	case d.Naive:
		return stamp{wall: d.Time, instant: instant, zone: c.loc.String()}, nil
	case c.dialect.keepsInstants():
		return stamp{instant: instant}, nil
	}
	return stamp{}, errMixedZone
}

// nowStamp is the current time as timezone.now returns it.
func (c *conn) nowStamp() stamp { return c.stampAt(c.now()) }

// stampAt is what timezone.now returns at a point in time.
func (c *conn) stampAt(t time.Time) stamp {
	if c.useTZ {
		return stamp{wall: py.NaiveIn(t, c.dbLoc).Time, instant: t}
	}
	return stamp{wall: py.NaiveIn(t, c.loc).Time, instant: t, zone: c.loc.String()}
}

// date converts a stored date to the form that sessions use. It is the zero value if the
// column contains no date.
func (c *conn) date(text string) py.DateTime {
	d, ok := c.dialect.parseTime(text)
	if !ok {
		return py.DateTime{}
	}
	switch {
	case c.useTZ && d.Naive:
		return py.DateTime{Time: d.In(c.dbLoc).UTC()}
	case !c.useTZ && c.dialect.keepsInstants():
		return py.NaiveIn(d.Time, c.loc)
	}
	return d
}
