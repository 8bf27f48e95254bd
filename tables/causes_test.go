package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// failing is a database on which every statement fails with a server's or a connection's
// error.
type failing struct {
	err        error
	statements int
}

func (f *failing) Connect(context.Context) (driver.Conn, error) { return f, nil }
func (*failing) Driver() driver.Driver                          { return nil }
func (*failing) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }

func (*failing) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (*failing) Close() error              { return nil }

func (f *failing) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	f.statements++
	return nil, f.err
}

func (f *failing) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	f.statements++
	return nil, f.err
}

// engine returns an engine that does not wait for locks.
func (f *failing) engine(t *testing.T, d tables.Dialect) *tables.Engine {
	t.Helper()
	e, err := tables.New(f.open(t), settings(), tables.Options{Dialect: d, LockWait: -1})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (f *failing) open(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// stateError is an error of a PostgreSQL driver.
type stateError string

func (e stateError) Error() string {
	return "ERROR: in the server's words (SQLSTATE " + string(e) + ")"
}
func (e stateError) SQLState() string { return string(e) }

// errQuoted represents a failure without a name.
var errQuoted = errors.New("something else")

func TestErrorsOfServersHaveKinds(t *testing.T) {
	t.Parallel()
	kinds := []error{
		tables.ErrNoTable, tables.ErrColumn, tables.ErrLocked, tables.ErrReadOnlyDatabase, tables.ErrNotADatabase, tables.ErrUnavailable,
		tables.ErrTooLong, tables.ErrTaken, tables.ErrValue, djangosession.ErrKeyTaken,
	}
	server := func(number uint16, text string) error { return &mysql.MySQLError{Number: number, Message: text} }
	numbers := map[error][]uint16{
		tables.ErrNoTable:          {1146},
		tables.ErrColumn:           {1054, 1364, 1048},
		tables.ErrLocked:           {1205, 1213, 1020},
		tables.ErrReadOnlyDatabase: {1290, 1792, 1836, 3989},
		tables.ErrTooLong:          {1153},
		tables.ErrValue:            {1264, 1265, 1292, 1366, 1406, 1452, 3819, 4025, 1267, 3854, 3988},
		tables.ErrUnavailable:      {1040, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1226, 1927, 3032, 4031},
		nil:                        {1064, 1105, 1451, 1000, 9999},
	}
	states := map[error][]string{
		tables.ErrNoTable:          {"42P01", "3F000"},
		tables.ErrColumn:           {"42703", "23502"},
		tables.ErrTaken:            {"23505"},
		tables.ErrTooLong:          {"54000"},
		tables.ErrValue:            {"22P02", "22001", "22003", "22P05", "22021", "23503", "23514", "23P01"},
		tables.ErrLocked:           {"40001", "40P01", "55P03"},
		tables.ErrReadOnlyDatabase: {"25006"},
		tables.ErrUnavailable:      {"3D000", "53300", "28000", "28P01", "08006", "08P01", "57P01", "57P02", "57P03"},
		nil:                        {"42601", "42501", "0A000", "26000", "42P05", "53200", "57014", "25P02", "40003", "XX000"},
	}
	type failure struct {
		dialect tables.Dialect
		err     error
		want    error
	}
	failures := []failure{
		{tables.MySQL{}, server(1062, "Duplicate entry 'k' for key 'PRIMARY'"), djangosession.ErrKeyTaken},
		{tables.MySQL{}, server(1062, "Duplicate entry 'k' for key 'django_session.PRIMARY'"), djangosession.ErrKeyTaken},
		{tables.MySQL{}, server(1062, "duplicate primary key given: [k]"), djangosession.ErrKeyTaken},
		{tables.MySQL{}, server(1062, "duplicate unique key given: [k]"), tables.ErrTaken},
		{tables.MySQL{}, server(1062, "Duplicate entry 'k' for key 'account_id'"), tables.ErrTaken},
		{tables.MySQL{}, mysql.ErrPktTooLarge, tables.ErrTooLong},
		{tables.MySQL{}, errors.New("commands too long; see max_allowed_packet"), tables.ErrTooLong},
	}
	for want, all := range numbers {
		for _, number := range all {
			failures = append(failures, failure{tables.MySQL{}, server(number, "in the server's words"), want})
		}
	}
	for want, all := range states {
		for _, state := range all {
			failures = append(failures, failure{tables.PostgreSQL{}, stateError(state), want},
				failure{tables.PostgreSQL{}, fmt.Errorf("wrapped: %w", stateError(state)), want})
		}
	}
	for _, d := range []tables.Dialect{tables.MySQL{}, tables.PostgreSQL{}} {
		for err, want := range map[error]error{
			&net.OpError{Op: "dial", Err: errQuoted}: tables.ErrUnavailable, io.EOF: tables.ErrUnavailable, errQuoted: nil,
			io.ErrUnexpectedEOF: tables.ErrUnavailable, sql.ErrConnDone: tables.ErrUnavailable, mysql.ErrInvalidConn: tables.ErrUnavailable,
			driver.ErrBadConn: tables.ErrUnavailable, errors.New("conn closed"): tables.ErrUnavailable,
		} {
			failures = append(failures, failure{d, err, want})
		}
	}
	for text, want := range map[string]error{
		"no such table: django_session": tables.ErrNoTable, "no such column: k": tables.ErrColumn,
		"table django_session has no column named k":         tables.ErrColumn,
		"NOT NULL constraint failed: django_session.account": tables.ErrColumn,
		"database is locked":                                 tables.ErrLocked, "database table is locked: x": tables.ErrLocked,
		"database schema is locked: main":      tables.ErrLocked,
		"attempt to write a readonly database": tables.ErrReadOnlyDatabase, "file is not a database": tables.ErrNotADatabase,
		"database disk image is malformed": tables.ErrNotADatabase, "unable to open database file": tables.ErrUnavailable,
		"disk I/O error": nil,
	} {
		failures = append(failures, failure{tables.SQLite{}, errors.New(text), want})
	}
	for _, c := range failures {
		e := (&failing{err: c.err}).engine(t, c.dialect)
		_, err := e.Exists(t.Context(), key)
		if _, ok := errors.AsType[*tables.Error](err); !ok {
			t.Errorf("%T: %v: error %v, want an Error", c.dialect, c.err, err)
			continue
		}
		for _, kind := range kinds {
			if errors.Is(err, kind) != errors.Is(c.want, kind) {
				t.Errorf("%T: %v: error %v, want the kind %v", c.dialect, c.err, err, c.want)
			}
		}
		// These texts quote values, which may be keys. All other texts are kept.
		quotes := slices.ContainsFunc([]error{tables.ErrTaken, djangosession.ErrKeyTaken, tables.ErrValue}, func(kind error) bool {
			return errors.Is(c.want, kind)
		})
		var server, told interface{ SQLState() string }
		same := errors.Is(err, c.err)
		if errors.As(c.err, &server) {
			same = errors.As(err, &told) && told.SQLState() == server.SQLState()
		}
		if quotes == strings.Contains(err.Error(), c.err.Error()) || quotes == same {
			t.Errorf("%T: %v is told as %v", c.dialect, c.err, err)
		}
	}
}

// Behind a pooler in transaction mode, a statement is sent to a connection that has not
// prepared it, or prepared twice on one.
func TestErrorsOfPoolersNameTheRemedy(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"26000", "42P05"} {
		_, err := (&failing{err: stateError(state)}).engine(t, tables.PostgreSQL{}).Load(t.Context(), key)
		if err == nil || !strings.Contains(err.Error(), "default_query_exec_mode=exec") {
			t.Errorf("%s: %v", state, err)
		}
	}
}

func TestKeysThatTheColumnCannotHoldAreNotFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect tables.Dialect
		err     error
	}{
		{tables.MySQL{}, &mysql.MySQLError{Number: 1267}},
		{tables.MySQL{}, &mysql.MySQLError{Number: 3854}},
		{tables.MySQL{}, &mysql.MySQLError{Number: 3988}},
		{tables.PostgreSQL{}, stateError("22P05")},
	} {
		f := &failing{err: c.err}
		e := f.engine(t, c.dialect)
		const foreign = "ключ-сессии"
		if _, err := e.Load(t.Context(), foreign); !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("%T, %v: Load: %v", c.dialect, c.err, err)
		}
		if ok, err := e.Exists(t.Context(), foreign); ok || err != nil {
			t.Errorf("%T, %v: Exists: %v, %v", c.dialect, c.err, ok, err)
		}
		if err := e.Delete(t.Context(), foreign); err != nil {
			t.Errorf("%T, %v: Delete: %v", c.dialect, c.err, err)
		}
		if err := e.Merge(t.Context(), foreign, nil); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("%T, %v: Merge: %v", c.dialect, c.err, err)
		}
		if err := e.Save(t.Context(), &djangosession.Record{Key: foreign, Data: dictOf("a", int64(7))}); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("%T, %v: Save: %v", c.dialect, c.err, err)
		}
		// Every column can contain an ASCII key, so this is another fault.
		if _, err := e.Load(t.Context(), key); !errors.Is(err, tables.ErrValue) {
			t.Errorf("%T, %v: Load of an ASCII key: %v", c.dialect, c.err, err)
		}
		users, err := tables.NewUsers(f.open(t), settings(), tables.UserOptions{Model: "auth.User", Dialect: c.dialect, IDType: tables.TextKey})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := users.Get(t.Context(), foreign); !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%T, %v: Get: %v", c.dialect, c.err, err)
		}
		if _, err := users.GetByUsername(t.Context(), foreign); !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%T, %v: GetByUsername: %v", c.dialect, c.err, err)
		}
		if err := users.SetLastLogin(t.Context(), foreign, time.Now()); !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%T, %v: SetLastLogin: %v", c.dialect, c.err, err)
		}
	}
}

// The queries for a user report the error of the database, and never ErrNoUser.
func TestDatabaseThatFailsIsNoMissingUser(t *testing.T) {
	t.Parallel()
	f := &failing{err: io.ErrUnexpectedEOF}
	for _, kind := range []tables.IDType{tables.IntegerKey, tables.UUIDKey, tables.TextKey} {
		users, err := tables.NewUsers(f.open(t), settings(), tables.UserOptions{Model: "auth.User", Dialect: tables.PostgreSQL{}, IDType: kind})
		if err != nil {
			t.Fatal(err)
		}
		id := map[tables.IDType]string{
			tables.IntegerKey: "1", tables.UUIDKey: "12345678-1234-1234-1234-123456789abc", tables.TextKey: "ann",
		}[kind]
		_, getErr := users.Get(t.Context(), id)
		_, nameErr := users.GetByUsername(t.Context(), "ann")
		_, groupsErr := users.Groups(t.Context(), &auth.User{ID: id})
		_, permissionsErr := users.Permissions(t.Context(), &auth.User{ID: id})
		for op, err := range map[string]error{
			"Get": getErr, "GetByUsername": nameErr, "Groups": groupsErr, "Permissions": permissionsErr,
			"SetLastLogin":    users.SetLastLogin(t.Context(), id, time.Now()),
			"ReplacePassword": users.ReplacePassword(t.Context(), id, "old", "new"), "Check": users.Check(t.Context()),
		} {
			if !errors.Is(err, tables.ErrUnavailable) || errors.Is(err, auth.ErrNoUser) {
				t.Errorf("%s: error %v, want ErrUnavailable", op, err)
			}
		}
	}
}

// Both listings report the error of their query.
func TestListingThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	e := (&failing{err: io.ErrUnexpectedEOF}).engine(t, tables.MySQL{})
	n := 0
	for _, err := range e.Rows(t.Context()) {
		if n++; !errors.Is(err, tables.ErrUnavailable) {
			t.Errorf("Rows: error %v", err)
		}
	}
	for r, err := range e.Records(t.Context()) {
		if n++; r != nil || !errors.Is(err, tables.ErrUnavailable) {
			t.Errorf("Records: %v, error %v", r, err)
		}
	}
	if n != 2 {
		t.Errorf("%d errors, want one of each", n)
	}
}

// PostgreSQL uses the code of stale plans also for features that it does not support.
func TestStalePlansAreTriedOnceForEachConnection(t *testing.T) {
	t.Parallel()
	f := &failing{err: stateError("0A000")}
	e, err := tables.New(f.open(t), settings(), tables.Options{Dialect: tables.PostgreSQL{}, LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Exists(t.Context(), key); err == nil || f.statements != 1 { // there was no connection before
		t.Errorf("error %v after %d statements", err, f.statements)
	}
	if _, err := e.Exists(t.Context(), key); err == nil || f.statements != 3 {
		t.Errorf("error %v after %d statements", err, f.statements)
	}
}

// No database is asked for keys that no database contains.
func TestMergeRefusesImpossibleKeys(t *testing.T) {
	t.Parallel()
	f := &failing{err: io.EOF}
	e := f.engine(t, tables.PostgreSQL{})
	for _, impossible := range []string{"", "null\x00byte", "\xff\xfe not utf-8"} {
		if err := e.Merge(t.Context(), impossible, nil); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Merge(%q): %v", impossible, err)
		}
	}
	if f.statements != 0 {
		t.Errorf("%d statements", f.statements)
	}
	if err := e.Merge(t.Context(), key, nil); !errors.Is(err, tables.ErrUnavailable) {
		t.Errorf("Merge: %v", err)
	}
}
