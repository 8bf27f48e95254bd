package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// answering is a server that answers queries, by what they contain, with rows.
type answering struct {
	statements []string
	values     []any
	answers    []answer // the first whose part a query contains counts
	affected   int64
}

type answer struct {
	part string
	rows [][]driver.Value
}

func (a *answering) Connect(context.Context) (driver.Conn, error) { return a, nil }
func (*answering) Driver() driver.Driver                          { return nil }
func (*answering) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }

func (*answering) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (*answering) Close() error              { return nil }

func (a *answering) note(query string, values []driver.NamedValue) {
	a.statements = append(a.statements, query)
	for _, v := range values {
		a.values = append(a.values, v.Value)
	}
}

func (a *answering) ExecContext(_ context.Context, query string, values []driver.NamedValue) (driver.Result, error) {
	a.note(query, values)
	return driver.RowsAffected(a.affected), nil
}

func (a *answering) QueryContext(_ context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	if query == asksAutocommit {
		return &autocommitIsOn{}, nil
	}
	a.note(query, values)
	for _, answer := range a.answers {
		if strings.Contains(query, answer.part) {
			return &answerRows{rows: slices.Clone(answer.rows)}, nil
		}
	}
	return &answerRows{}, nil
}

type answerRows struct{ rows [][]driver.Value }

func (r *answerRows) Columns() []string {
	if len(r.rows) == 0 {
		return []string{"a"}
	}
	return make([]string, len(r.rows[0]))
}

func (*answerRows) Close() error { return nil }

func (r *answerRows) Next(values []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(values, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// sessionData is an empty session of the settings of these tests.
func sessionData(t *testing.T) string {
	t.Helper()
	codec, err := djangosession.NewCodec(settings())
	if err != nil {
		t.Fatal(err)
	}
	text, err := codec.Encode(dictOf("a", int64(7)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newAnswering(t *testing.T) *answering {
	t.Helper()
	columns := [][]driver.Value{{"session_key", true}, {"session_data", true}, {"expire_date", true}}
	date := "2099-07-01 12:00:00.000005"
	return &answering{affected: 1, answers: []answer{
		{"information_schema.columns", columns},
		{"pg_catalog.pg_attribute", columns},
		{"CASE WHEN", [][]driver.Value{{key, sessionData(t), date, int64(0)}, {key + "x", "data", "", int64(1)}}},
		{"COUNT(*)", [][]driver.Value{{int64(0)}}},
		{"SELECT 1 ", [][]driver.Value{{int64(1)}}},
		{"session_data", [][]driver.Value{{sessionData(t), date}}},
		{"auth_permission", [][]driver.Value{{"shop", "add_order"}, {"log", "view_entry"}}},
		{"auth_group", [][]driver.Value{{"admins"}, {"editors"}}},
		{"auth_user", [][]driver.Value{{
			"12345678-1234-1234-1234-123456789abc", "anne", "encoded", true, false, true, date, "Anne", "Smith", "a@example.com", date,
		}}},
	}}
}

func (a *answering) open(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(a)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// sees reports the statements since the last time, and wants these parts among them.
func (a *answering) sees(t *testing.T, what string, parts ...string) {
	t.Helper()
	text := strings.Join(a.statements, ";\n")
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %s\nlacks %s", what, text, part)
		}
	}
	a.statements = nil
}

// sqlOf are the parts of statements that differ between servers.
type sqlOf struct {
	dialect                                                          tables.Dialect
	keyIs, expired, date, insert, batch, lock, columns, id, uuidText string
}

func serverDialects() []sqlOf {
	const asBytes = "CAST(CONVERT(`session_key` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)"
	return []sqlOf{
		{
			dialect: tables.MySQL{}, keyIs: "`session_key` = ? AND " + asBytes, expired: "`expire_date` > ?", date: "CAST(`expire_date` AS CHAR)",
			insert: "INSERT INTO `django_session` (`session_key`, `session_data`, `expire_date`) VALUES (?, ?, ?)",
			batch:  "DELETE FROM `django_session` WHERE `expire_date` < ? ORDER BY `expire_date` LIMIT ?", lock: " FOR UPDATE",
			columns: "table_schema = DATABASE() AND table_name = ?", id: "`id` = ?", uuidText: "CAST(`id` AS CHAR)",
		},
		{
			dialect: tables.PostgreSQL{}, keyIs: `"session_key" = $1 AND CAST("session_key" AS text) COLLATE "C" = CAST($1 AS text)`,
			expired: `"expire_date" > CAST($2 AS timestamptz)`, date: `COALESCE(to_char("expire_date" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '')`,
			insert: `INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ($1, $2, CAST($3 AS timestamptz)) ON CONFLICT ("session_key") DO NOTHING`,
			batch:  `WHERE "expire_date" < CAST($1 AS timestamptz) ORDER BY "expire_date" LIMIT 10) AND "expire_date" < CAST($2 AS timestamptz)`, lock: " FOR UPDATE",
			columns: "to_regclass($1)", id: `"id" = CAST($1 AS uuid)`, uuidText: `CAST("id" AS text)`,
		},
	}
}

func TestServersAreAskedForSessions(t *testing.T) {
	t.Parallel()
	for _, c := range serverDialects() {
		server := newAnswering(t)
		e, err := tables.New(server.open(t), settings(), tables.Options{Dialect: c.dialect, LockWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		expires := time.Date(2099, 7, 1, 12, 0, 0, 5000, time.UTC)
		r, err := e.Load(ctx, key)
		if err != nil || r.Key != key || !r.ExpireDate.Time.Equal(expires) || r.Data.Len() != 1 {
			t.Errorf("%T: Load: %+v, %v", c.dialect, r, err)
		}
		server.sees(t, "Load", c.keyIs, c.expired, c.date)
		if there, err := e.Exists(ctx, key); err != nil || !there {
			t.Errorf("%T: Exists: %v, %v", c.dialect, there, err)
		}
		server.sees(t, "Exists", c.keyIs)
		r.Key = djangosession.NewKey()
		if err := e.Create(ctx, r); err != nil {
			t.Errorf("%T: Create: %v", c.dialect, err)
		}
		server.sees(t, "Create", c.columns, c.insert)
		if !slices.Contains(server.values, any(r.Key)) {
			t.Errorf("%T: Create does not send the key", c.dialect)
		}
		if err := e.Save(ctx, r); err != nil {
			t.Errorf("%T: Save: %v", c.dialect, err)
		}
		server.sees(t, "Save", "UPDATE ", " SET ")
		var merged *djangosession.Record
		if err := e.Merge(ctx, key, func(r *djangosession.Record) error { merged = r; return nil }); err != nil || merged.Data.Len() != 1 || !merged.ExpireDate.Time.Equal(expires) {
			t.Errorf("%T: Merge: %+v, %v", c.dialect, merged, err)
		}
		server.sees(t, "Merge", c.keyIs+c.lock, "UPDATE ")
		if err := e.Cycle(ctx, key, func(r *djangosession.Record) error { r.Key = djangosession.NewKey(); return nil }); err != nil {
			t.Errorf("%T: Cycle: %v", c.dialect, err)
		}
		server.sees(t, "Cycle", c.lock, c.insert, "DELETE FROM ")
		if err := e.Delete(ctx, key); err != nil {
			t.Errorf("%T: Delete: %v", c.dialect, err)
		}
		server.sees(t, "Delete", "DELETE FROM ", c.keyIs)
		n := 0
		for row, err := range e.Rows(ctx) {
			if n++; err != nil || n == 1 && (row.Key != key || row.Expired || !row.ExpireDate.Equal(expires)) || n == 2 && (!row.Expired || !row.ExpireDate.IsZero()) {
				t.Errorf("%T: Rows: %+v, %v", c.dialect, row, err)
			}
		}
		server.sees(t, "Rows", c.date, "ORDER BY ")
		if n != 2 {
			t.Errorf("%T: %d rows", c.dialect, n)
		}
		if removed, err := e.ClearExpired(ctx, djangosession.ClearOptions{BatchSize: 10}); err != nil || removed != 1 {
			t.Errorf("%T: ClearExpired: %d, %v", c.dialect, removed, err)
		}
		server.sees(t, "ClearExpired", c.batch)
		if err := e.Check(ctx); err != nil {
			t.Errorf("%T: Check: %v", c.dialect, err)
		}
	}
}

// A database that changes nothing may count no row, and a row that is not there is gone.
func TestRowsThatAreNotMet(t *testing.T) {
	t.Parallel()
	for _, c := range serverDialects() {
		for _, there := range []bool{true, false} {
			server := newAnswering(t)
			server.affected = 0
			if !there {
				server.answers = nil
			}
			e, err := tables.New(server.open(t), settings(), tables.Options{Dialect: c.dialect, LockWait: -1})
			if err != nil {
				t.Fatal(err)
			}
			r := &djangosession.Record{Key: key, Data: dictOf("a", int64(7))}
			_, counts := c.dialect.(tables.MySQL)
			if err := e.Save(t.Context(), r); (err == nil) != (counts && there) || err != nil && !errors.Is(err, djangosession.ErrSessionGone) {
				t.Errorf("%T, there %v: Save: %v", c.dialect, there, err)
			}
			gone := func(r *djangosession.Record) error { r.Key = djangosession.NewKey(); return nil }
			err = e.Cycle(t.Context(), key, gone)
			switch {
			case !there && !errors.Is(err, tables.ErrNoTable):
				t.Errorf("%T: Cycle without a table: %v", c.dialect, err)
			case there && !errors.Is(err, djangosession.ErrKeyTaken):
				t.Errorf("%T: Cycle to a key that is taken: %v", c.dialect, err)
			}
			if err := e.Merge(t.Context(), key, func(*djangosession.Record) error { return nil }); there != (err == nil) || !there && !errors.Is(err, djangosession.ErrSessionGone) {
				t.Errorf("%T, there %v: Merge: %v", c.dialect, there, err)
			}
		}
	}
}

func TestServersAreAskedForUsers(t *testing.T) {
	t.Parallel()
	const id = "12345678-1234-1234-1234-123456789abc"
	for _, c := range serverDialects() {
		server := newAnswering(t)
		users, err := tables.NewUsers(server.open(t), settings(), tables.UserOptions{Model: "auth.User", Dialect: c.dialect, IDType: tables.UUIDKey, LockWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		u, err := users.Get(ctx, id)
		if err != nil || u.ID != id || u.Username != "anne" || string(u.Password) != "encoded" || !u.IsActive || u.IsStaff || !u.IsSuperuser || u.LastLogin.Year() != 2099 {
			t.Errorf("%T: %+v, %v", c.dialect, u, err)
		}
		server.sees(t, "Get", c.id, c.uuidText)
		byName, err := users.GetByUsername(ctx, "anne")
		if err != nil || byName.ID != id || byName.Username != "anne" {
			t.Errorf("%T: %+v, %v", c.dialect, byName, err)
		}
		groups, err := users.Groups(ctx, u)
		if err != nil || !slices.Equal(groups, []string{"admins", "editors"}) {
			t.Errorf("%T: %q, %v", c.dialect, groups, err)
		}
		for _, superuser := range []bool{true, false} {
			rights, err := users.Permissions(ctx, &auth.User{ID: id, IsSuperuser: superuser})
			if err != nil || !slices.Equal(rights, []string{"shop.add_order", "log.view_entry"}) {
				t.Errorf("%T: %q, %v", c.dialect, rights, err)
			}
		}
		if err := errors.Join(users.SetLastLogin(ctx, id, time.Now()), users.Check(ctx)); err != nil {
			t.Errorf("%T: %v", c.dialect, err)
		}
		server.affected = 0 // of MySQL it may mean that the time is there already
		err = users.SetLastLogin(ctx, id, time.Now())
		if _, counts := c.dialect.(tables.MySQL); (err == nil) != counts || err != nil && !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%T: %v", c.dialect, err)
		}
		server.answers = nil
		if err := users.SetLastLogin(ctx, id, time.Now()); !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%T: %v", c.dialect, err)
		}
	}
}

// What Django 5.2 runs to migrate the sessions app.
func TestServersTablesAreTheMigrations(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[tables.Dialect][]string{
		tables.PostgreSQL{}: {
			`CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL)`,
			`CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" ("session_key" varchar_pattern_ops)`,
			`CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date")`,
		},
		tables.MySQL{}: {
			"CREATE TABLE `django_session` (`session_key` varchar(40) NOT NULL PRIMARY KEY, `session_data` longtext NOT NULL, `expire_date` datetime(6) NOT NULL)",
			"CREATE INDEX `django_session_expire_date_a5c62663` ON `django_session` (`expire_date`)",
		},
	} {
		server := newAnswering(t)
		e, err := tables.New(server.open(t), settings(), tables.Options{Dialect: dialect})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.CreateTable(t.Context()); err != nil || !slices.Equal(server.statements, want) || !slices.Equal(e.DDL(), want) {
			t.Errorf("%T: %q, %v", dialect, server.statements, err)
		}
	}
}

// Where USE_TZ is false, PostgreSQL gets the clock's reading with its zone, and gives an
// instant back.
func TestDatesWithoutZonesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	s := settings()
	s.UseTZ, s.TimeZone = false, "Asia/Tokyo"
	server := newAnswering(t)
	e, err := tables.New(server.open(t), s, tables.Options{Dialect: tables.PostgreSQL{}, LockWait: -1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Load(t.Context(), key)
	if err != nil || !r.ExpireDate.Naive || r.ExpireDate.ISOFormat() != "2099-07-01T21:00:00.000005" {
		t.Fatalf("%+v, %v", r, err)
	}
	server.sees(t, "Load", `"expire_date" > (CAST($2 AS timestamp) AT TIME ZONE $3)`)
	server.values = nil
	if err := e.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	server.sees(t, "Save", `"expire_date" = (CAST($2 AS timestamp) AT TIME ZONE $3)`)
	if !slices.Contains(server.values, any("2099-07-01 21:00:00.000005")) || !slices.Contains(server.values, any("Asia/Tokyo")) {
		t.Errorf("%v", server.values[1:])
	}
	r.ExpireDate.Naive = false // a date with a zone is stored as the instant that it is
	if err := e.Save(t.Context(), r); err != nil {
		t.Error(err)
	}
	server.sees(t, "Save", `"expire_date" = CAST($2 AS timestamptz)`)
	mysql, err := tables.New(server.open(t), s, tables.Options{Dialect: tables.MySQL{}, LockWait: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := mysql.Save(t.Context(), r); err == nil {
		t.Error("a database without zones stores a date with a zone")
	}
}

func dictOf(name string, value any) *py.Dict {
	d := py.NewDict(1)
	d.Set(name, value)
	return d
}

func TestErrorsUnwrapToWhatTheyHave(t *testing.T) {
	t.Parallel()
	for _, e := range []*tables.Error{{}, {Kind: tables.ErrLocked}, {Err: errQuoted}, {Kind: tables.ErrLocked, Err: errQuoted}} {
		var want []error
		for _, err := range []error{e.Kind, e.Err} {
			if err != nil {
				want = append(want, err)
			}
		}
		if got := e.Unwrap(); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
