package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// faulty is SQLite's driver, of which one statement fails: at once, when its rows are
// read, or when they are counted.
type faulty struct {
	dsn    string
	at     int    // the statement that fails, from 1; 0 for none
	how    string // "at once", "first row", "second row" or "count"
	count  int
	failed string // the statement that failed
}

func (f *faulty) Connect(context.Context) (driver.Conn, error) {
	conn, err := connectSQLite(f.dsn)
	if err != nil {
		return nil, err
	}
	return &faultyConn{sqliteConn: conn, faulty: f}, nil
}

func (*faulty) Driver() driver.Driver { return sqliteDriver() }

// fails counts a statement, and reports whether it is to fail.
func (f *faulty) fails(query string) bool {
	f.count++
	if f.count == f.at {
		f.failed = query
		return true
	}
	return false
}

// query runs a query that may be the one to fail.
func (f *faulty) query(text string, run func() (driver.Rows, error)) (driver.Rows, error) {
	fails := f.fails(text)
	if fails && f.how == "at once" {
		return nil, errLine
	}
	rows, err := run()
	switch {
	case !fails || err != nil:
		return rows, err
	case f.how == "first row":
		return &faultyRows{Rows: rows}, nil
	case f.how == "second row":
		return &faultyRows{Rows: rows, good: 1}, nil
	}
	return rows, nil
}

// exec runs a statement that may be the one to fail.
func (f *faulty) exec(text string, run func() (driver.Result, error)) (driver.Result, error) {
	fails := f.fails(text)
	if fails && f.how == "at once" {
		return nil, errLine
	}
	result, err := run()
	if fails && err == nil && f.how == "count" {
		return uncounted{}, nil
	}
	return result, err
}

type faultyConn struct {
	sqliteConn
	faulty *faulty
}

func (c *faultyConn) QueryContext(ctx context.Context, text string, values []driver.NamedValue) (driver.Rows, error) {
	return c.faulty.query(text, func() (driver.Rows, error) { return c.sqliteConn.QueryContext(ctx, text, values) })
}

func (c *faultyConn) ExecContext(ctx context.Context, text string, values []driver.NamedValue) (driver.Result, error) {
	return c.faulty.exec(text, func() (driver.Result, error) { return c.sqliteConn.ExecContext(ctx, text, values) })
}

func (c *faultyConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	stmt, err := c.sqliteConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	plain, ok := stmt.(sqliteStmt)
	if !ok {
		return nil, fmt.Errorf("a statement of %T lacks methods", stmt)
	}
	return &faultyStmt{sqliteStmt: plain, text: text, faulty: c.faulty}, nil
}

// sqliteStmt has the methods that the statements of all SQLite drivers have.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	sqliteStmt
	text   string
	faulty *faulty
}

func (s *faultyStmt) QueryContext(ctx context.Context, values []driver.NamedValue) (driver.Rows, error) {
	return s.faulty.query(s.text, func() (driver.Rows, error) { return s.sqliteStmt.QueryContext(ctx, values) })
}

func (s *faultyStmt) ExecContext(ctx context.Context, values []driver.NamedValue) (driver.Result, error) {
	return s.faulty.exec(s.text, func() (driver.Result, error) { return s.sqliteStmt.ExecContext(ctx, values) })
}

// uncounted is a result whose rows cannot be counted.
type uncounted struct{}

func (uncounted) LastInsertId() (int64, error) { return 0, errLine }
func (uncounted) RowsAffected() (int64, error) { return 0, errLine }

// faultyRows are rows of which only the first can be read.
type faultyRows struct {
	driver.Rows
	good int
	read int
}

func (r *faultyRows) Next(values []driver.Value) error {
	if r.read++; r.read > r.good {
		return errLine
	}
	return r.Rows.Next(values)
}

// faultySite is a site with sessions and users on a driver without a fault yet.
type faultySite struct {
	*testSite
	faulty  *faulty
	users   *tables.Users
	session *djangosession.Session
}

func newFaultySite(t *testing.T, o djangosession.Options) *faultySite {
	t.Helper()
	f := &faulty{dsn: "file:" + filepath.Join(t.TempDir(), "db.sqlite3") + "?_busy_timeout=20&_synchronous=OFF"}
	db := sql.OpenDB(f)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1)
	site := &faultySite{testSite: &testSite{db: db}, faulty: f}
	var err error
	if site.engine, err = tables.New(db, settings(), tables.Options{Dialect: tables.SQLite{}, LockWait: -1}); err != nil {
		t.Fatal(err)
	}
	if site.sessions, err = djangosession.NewManager(site.engine, settings(), o); err != nil {
		t.Fatal(err)
	}
	for _, statement := range append(site.engine.DDL(), userDDL) {
		site.exec(t, statement)
	}
	site.users = newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	site.exec(t, `CREATE TRIGGER keep BEFORE DELETE ON django_session WHEN OLD.session_key LIKE 'kept%' BEGIN SELECT RAISE(IGNORE); END`)
	for _, key := range []string{"kept1", "kept2", "old1", "old2", "old3"} {
		site.insert(t, key, "data", "2001-01-01 00:00:00")
	}
	site.session = site.sessions.New()
	site.session.Set("a", 1)
	if err := site.session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	return site
}

// dump is all that the tables hold.
func (s *faultySite) dump(t *testing.T) string {
	t.Helper()
	var text string
	err := s.db.QueryRowContext(t.Context(), `SELECT (SELECT group_concat(session_key || session_data || expire_date) FROM django_session)
		|| (SELECT group_concat(id || COALESCE(last_login, '-')) FROM auth_user)`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func drain[T any](rows iter.Seq2[T, error]) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// work is all that can be done with a database.
func work(s *faultySite) map[string]func(ctx context.Context) error {
	save := func(ctx context.Context) error {
		s.session.Set("a", s.faulty.at+2)
		return s.session.Save(ctx)
	}
	superuser, user := &auth.User{ID: "2", IsSuperuser: true}, &auth.User{ID: "1"}
	return map[string]func(ctx context.Context) error{
		"load":    func(ctx context.Context) error { _, err := s.sessions.Load(ctx, s.session.Key()); return err },
		"exists":  func(ctx context.Context) error { _, err := s.sessions.Exists(ctx, s.session.Key()); return err },
		"create":  func(ctx context.Context) error { return s.sessions.New().Save(ctx) },
		"save":    save,
		"merge":   save, // on a site that merges
		"cycle":   func(ctx context.Context) error { return s.session.CycleKey(ctx) },
		"delete":  func(ctx context.Context) error { return s.sessions.Delete(ctx, s.session.Key()) },
		"rows":    func(ctx context.Context) error { return drain(s.engine.Rows(ctx)) },
		"records": func(ctx context.Context) error { return drain(s.engine.Records(ctx)) },
		"check":   func(ctx context.Context) error { return s.engine.Check(ctx) },
		"count": func(ctx context.Context) error {
			_, err := s.sessions.ClearExpired(ctx, djangosession.ClearOptions{DryRun: true})
			return err
		},
		"clear": func(ctx context.Context) error {
			_, err := s.sessions.ClearExpired(ctx, djangosession.ClearOptions{BatchSize: 1})
			return err
		},
		"get":        func(ctx context.Context) error { _, err := s.users.Get(ctx, "1"); return err },
		"by name":    func(ctx context.Context) error { _, err := s.users.GetByUsername(ctx, "anne"); return err },
		"groups":     func(ctx context.Context) error { _, err := s.users.Groups(ctx, user); return err },
		"rights":     func(ctx context.Context) error { _, err := s.users.Permissions(ctx, user); return err },
		"all rights": func(ctx context.Context) error { _, err := s.users.Permissions(ctx, superuser); return err },
		"users":      func(ctx context.Context) error { return s.users.Check(ctx) },
	}
}

// Whichever statement fails, the failure is told, nothing is half done, and the next try
// succeeds.
func TestFailuresOfAnyStatementAreTold(t *testing.T) {
	t.Parallel()
	for name := range work(&faultySite{}) {
		for _, how := range []string{"at once", "first row", "second row", "count"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				site := newFaultySite(t, djangosession.Options{MergeSaves: name == "merge"})
				do := work(site)[name]
				for at := 1; at < 100; at++ {
					before := site.dump(t)
					site.faulty.at, site.faulty.how, site.faulty.count, site.faulty.failed = at, how, 0, ""
					err := do(t.Context())
					failed := site.faulty.failed
					site.faulty.at = 0
					switch {
					case failed == "" && at == 1:
						t.Error("no statement was seen")
						return
					case failed == "":
						return
					}
					site.look(t, name, fmt.Sprintf("statement %d, %.60q", at, failed), err, before)
				}
				t.Error("it does not end")
			})
		}
	}
}

// look looks at what a failure has done.
func (s *faultySite) look(t *testing.T, name, which string, err error, before string) {
	t.Helper()
	told := errors.Is(err, tables.ErrUnavailable)
	query := s.faulty.failed
	isQuery := strings.HasPrefix(query, "SELECT") || strings.HasPrefix(query, "PRAGMA")
	harmless := strings.HasPrefix(query, "ROLLBACK") || strings.HasPrefix(query, "COMMIT") || strings.HasPrefix(query, "BEGIN") ||
		name == "check" && strings.HasPrefix(query, "UPDATE") || name == "merge" && s.faulty.how == "count"
	reached := s.faulty.how == "at once" || s.faulty.how == "first row" && isQuery || s.faulty.how == "count" && !isQuery
	if reached && !harmless && !told {
		t.Errorf("%s: %v, want ErrUnavailable", which, err)
	}
	if n := s.db.Stats().InUse; n != 0 {
		t.Fatalf("%s: %d connections are in use", which, n)
	}
	if after := s.dump(t); s.faulty.how == "at once" && after != before && told && name != "clear" {
		t.Errorf("%s: the tables have changed", which)
	}
	if _, err := s.db.ExecContext(t.Context(), "BEGIN IMMEDIATE; ROLLBACK"); err != nil {
		t.Errorf("%s: a transaction is still open: %v", which, err)
	}
}
