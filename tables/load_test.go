package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// listener is a database without rows that keeps the last query.
type listener struct {
	query  string
	values []string
}

func (l *listener) Connect(context.Context) (driver.Conn, error) { return l, nil }
func (*listener) Driver() driver.Driver                          { return nil }
func (*listener) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }

func (*listener) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (*listener) Close() error              { return nil }

func (l *listener) QueryContext(_ context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	if query == asksAutocommit {
		return &autocommitIsOn{}, nil
	}
	l.query, l.values = query, nil
	for _, v := range values {
		text, _ := v.Value.(string)
		l.values = append(l.values, text)
	}
	return noRows{}, nil
}

// asksAutocommit is what the first call of an engine asks a MySQL server.
const asksAutocommit = "SELECT @@autocommit"

// autocommitIsOn is the answer.
type autocommitIsOn struct{ read bool }

func (*autocommitIsOn) Columns() []string { return []string{"@@autocommit"} }
func (*autocommitIsOn) Close() error      { return nil }

func (a *autocommitIsOn) Next(row []driver.Value) error {
	if a.read {
		return io.EOF
	}
	a.read, row[0] = true, int64(1)
	return nil
}

type noRows struct{}

func (noRows) Columns() []string         { return []string{"session_data", "expire_date"} }
func (noRows) Close() error              { return nil }
func (noRows) Next([]driver.Value) error { return io.EOF }

// Query and arguments are made at different times. These cases include products that need
// a server.
func TestLoadsQueryFitsItsArguments(t *testing.T) {
	t.Parallel()
	const postgreSQL = `SELECT "session_data", ` +
		`COALESCE(to_char("expire_date" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '') ` +
		`FROM "x"."django_session" WHERE "session_key" = $1 AND CAST("session_key" AS text) COLLATE "C" = CAST($1 AS text) ` +
		`AND "expire_date" > `
	const mySQL = "SELECT `session_data`, CAST(`expire_date` AS CHAR) " +
		"FROM `x`.`django_session` WHERE `session_key` = ? AND " +
		"CAST(CONVERT(`session_key` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expire_date` > ?"
	const sqlite = "SELECT `session_data`, CAST(`expire_date` AS TEXT) " +
		"FROM `x`.`django_session` WHERE `session_key` = ? AND `session_key` = ? COLLATE BINARY AND `expire_date` > ?"
	for _, c := range []struct {
		dialect tables.Dialect
		useTZ   bool
		query   string
		at      []string // the time's arguments at noon and at a later microsecond, in UTC
		later   []string
	}{
		{tables.SQLite{}, true, sqlite, []string{"2026-01-02 12:00:00"}, []string{"2026-07-02 12:00:00.000001"}},
		{tables.SQLite{}, false, sqlite, []string{"2026-01-02 06:00:00"}, []string{"2026-07-02 07:00:00.000001"}},
		{tables.MySQL{}, true, mySQL, []string{"2026-01-02 12:00:00"}, []string{"2026-07-02 12:00:00.000001"}},
		{tables.MySQL{}, false, mySQL, []string{"2026-01-02 06:00:00"}, []string{"2026-07-02 07:00:00.000001"}},
		{
			tables.PostgreSQL{},
			true, postgreSQL + "CAST($2 AS timestamptz)",
			[]string{"2026-01-02T12:00:00Z"},
			[]string{"2026-07-02T12:00:00.000001Z"},
		},
		{
			tables.PostgreSQL{},
			false, postgreSQL + "(CAST($2 AS timestamp) AT TIME ZONE $3)",
			[]string{"2026-01-02 06:00:00", "America/Chicago"},
			[]string{"2026-07-02 07:00:00.000001", "America/Chicago"},
		},
	} {
		l := &listener{}
		db := sql.OpenDB(l)
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		var now time.Time
		s := settings()
		s.UseTZ, s.TimeZone, s.Now = c.useTZ, "America/Chicago", func() time.Time { return now }
		e, err := tables.New(db, s, tables.Options{Dialect: c.dialect, Schema: "x"})
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Time][]string{
			time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC):    c.at,
			time.Date(2026, 7, 2, 12, 0, 0, 1000, time.UTC): c.later,
		} {
			now = at
			if _, err := e.Load(t.Context(), key); !errors.Is(err, djangosession.ErrNoSession) {
				t.Fatal(err)
			}
			keys := []string{key, key}
			if _, ok := c.dialect.(tables.PostgreSQL); ok { // whose placeholders have numbers
				keys = keys[:1]
			}
			if l.query != c.query || !slices.Equal(l.values, append(keys, want...)) {
				t.Errorf("%T, USE_TZ %v: asked %s\nwith %q, want %s\nwith %q", c.dialect, c.useTZ, l.query, l.values, c.query, want)
			}
		}
	}
}
