package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// preparer is a server that has every session. It counts what it is asked.
type preparer struct {
	mu                                sync.Mutex
	texts, prepared, executed, closed int
	// How preparing fails, executing what was prepared, and everything.
	prepareErr, executeErr, err error
}

func (p *preparer) Connect(context.Context) (driver.Conn, error) { return preparerConn{p}, nil }
func (*preparer) Driver() driver.Driver                          { return nil }

// asked returns how many statements came as text, and how many were prepared, executed
// and closed, since the last call.
func (p *preparer) asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.texts, p.prepared, p.executed, p.closed = 0, 0, 0, 0 }()
	return fmt.Sprintf("%d texts, %d prepared, %d executed, %d closed", p.texts, p.prepared, p.executed, p.closed)
}

// answer counts something, and fails or returns the row of a session that exists.
func (p *preparer) answer(count *int, err error) (driver.Rows, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*count++
	if p.err != nil {
		err = p.err
	}
	if err != nil {
		return nil, err
	}
	return &autocommitIsOn{}, nil // which is one row that contains 1
}

type preparerConn struct{ *preparer }

func (preparerConn) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (preparerConn) Close() error              { return nil }

func (c preparerConn) Prepare(string) (driver.Stmt, error) {
	_, err := c.answer(&c.prepared, c.prepareErr)
	return preparedQuery(c), err
}

func (c preparerConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	if query == asksAutocommit {
		return &autocommitIsOn{}, nil
	}
	return c.answer(&c.texts, nil)
}

func (c preparerConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	_, err := c.answer(&c.texts, nil)
	return driver.RowsAffected(1), err
}

type preparedQuery struct{ *preparer }

func (preparedQuery) NumInput() int { return -1 }

func (q preparedQuery) Query([]driver.Value) (driver.Rows, error) {
	return q.answer(&q.executed, q.executeErr)
}

func (q preparedQuery) Exec([]driver.Value) (driver.Result, error) {
	_, err := q.answer(&q.executed, q.executeErr)
	return driver.RowsAffected(1), err
}

func (q preparedQuery) Close() error {
	_, _ = q.answer(&q.closed, nil)
	return nil
}

// preparerEngine returns an engine on a server. It has one connection.
func preparerEngine(t *testing.T, p *preparer, o tables.Options) *tables.Engine {
	t.Helper()
	db := sql.OpenDB(p)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o.LockWait = -1
	e, err := tables.New(db, settings(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A load after the second is one round trip to the server. Statements that are used once
// are not prepared.
func TestQueriesArePreparedAtTheirSecondUse(t *testing.T) {
	t.Parallel()
	errUnknown := errors.New("Error 1243 (HY000): Unknown prepared statement handler (1) given to mysqld_stmt_execute")
	errTooMany := errors.New("Error 1461 (42000): Can't create more than max_prepared_stmt_count statements")
	for _, c := range []struct {
		name    string
		server  *preparer
		options tables.Options
		uses    []string // what the server is asked at each use
		wantErr error
	}{
		{
			server: &preparer{}, name: "MySQL", options: tables.Options{Dialect: tables.MySQL{}},
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "0 texts, 1 prepared, 1 executed, 0 closed",
				"0 texts, 0 prepared, 1 executed, 0 closed", "0 texts, 0 prepared, 1 executed, 0 closed",
			},
		},
		{
			server: &preparer{}, name: "PostgreSQL, where the driver does it", options: tables.Options{Dialect: tables.PostgreSQL{}},
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 0 prepared, 0 executed, 0 closed",
				"1 texts, 0 prepared, 0 executed, 0 closed",
			},
		},
		{
			server: &preparer{}, name: "the option", options: tables.Options{Dialect: tables.MySQL{}, NoPreparedStatements: true},
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 0 prepared, 0 executed, 0 closed",
				"1 texts, 0 prepared, 0 executed, 0 closed",
			},
		},
		{
			name: "a server that refuses to prepare", options: tables.Options{Dialect: tables.MySQL{}},
			server: &preparer{prepareErr: errTooMany},
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 1 prepared, 0 executed, 0 closed",
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 0 prepared, 0 executed, 0 closed",
			},
		},
		{
			name: "a pooler that mixes up connections", options: tables.Options{Dialect: tables.MySQL{}},
			server: &preparer{executeErr: errUnknown},
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 1 prepared, 1 executed, 1 closed",
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 0 prepared, 0 executed, 0 closed",
			},
		},
		{ // nothing is asked twice
			name: "a server that is full", options: tables.Options{Dialect: tables.MySQL{}},
			server: &preparer{err: errors.New("Error 1040 (08004): Too many connections")}, wantErr: tables.ErrUnavailable,
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "0 texts, 1 prepared, 0 executed, 0 closed",
				"0 texts, 1 prepared, 0 executed, 0 closed",
			},
		},
		{ // which may be created later
			name: "no table", options: tables.Options{Dialect: tables.MySQL{}},
			server: &preparer{err: errors.New("Error 1146 (42S02): Table 'shop.django_session' doesn't exist")}, wantErr: tables.ErrNoTable,
			uses: []string{
				"1 texts, 0 prepared, 0 executed, 0 closed", "1 texts, 1 prepared, 0 executed, 0 closed",
				"1 texts, 1 prepared, 0 executed, 0 closed",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := preparerEngine(t, c.server, c.options)
			for i, want := range c.uses {
				exists, err := e.Exists(t.Context(), key)
				if !errors.Is(err, c.wantErr) || exists == (err != nil) {
					t.Errorf("use %d: %v, %v", i+1, exists, err)
				}
				if asked := c.server.asked(); asked != want {
					t.Errorf("use %d: the server was asked %s, want %s", i+1, asked, want)
				}
			}
		})
	}
}

// A server may have executed a change whose answer was lost, so only a library gets
// changes prepared.
func TestChangesArePreparedForALibraryAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect tables.Dialect
		want    string
	}{
		{dialect: tables.SQLite{}, want: "1 texts, 1 prepared, 2 executed, 0 closed"},
		{dialect: tables.MySQL{}, want: "3 texts, 0 prepared, 0 executed, 0 closed"},
		{dialect: tables.PostgreSQL{}, want: "3 texts, 0 prepared, 0 executed, 0 closed"},
	} {
		server := &preparer{}
		e := preparerEngine(t, server, tables.Options{Dialect: c.dialect})
		for range 3 {
			if err := e.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
		}
		if asked := server.asked(); asked != c.want {
			t.Errorf("%T was asked %s, want %s", c.dialect, asked, c.want)
		}
	}
}

// Servers limit how many statements all connections hold.
func TestPreparedStatementsAreLimited(t *testing.T) {
	t.Parallel()
	server := &preparer{err: errors.New("no such row")}
	e := preparerEngine(t, server, tables.Options{Dialect: tables.MySQL{}})
	for limit := range 100 {
		for range 2 {
			_, _ = e.RowsIn(t.Context(), tables.RowRange{Limit: limit + 1})
		}
	}
	if asked, want := server.asked(), "200 texts, 32 prepared, 0 executed, 0 closed"; asked != want {
		t.Errorf("the server was asked %s, want %s", asked, want)
	}
}

// texts is SQLite's driver, and remembers the queries that it was asked to prepare or to
// run.
type texts struct {
	dsn     string
	queries map[string]bool
}

func (x *texts) Connect(context.Context) (driver.Conn, error) {
	conn, err := connectSQLite(x.dsn)
	return textsConn{conn, x}, err
}

func (*texts) Driver() driver.Driver { return sqliteDriver() }

type textsConn struct {
	sqliteConn
	to *texts
}

func (c textsConn) QueryContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	c.to.queries[query] = true
	return c.sqliteConn.QueryContext(ctx, query, values)
}

func (c textsConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.to.queries[query] = true
	return c.sqliteConn.PrepareContext(ctx, query)
}

// Pages follow the size of the rows, which grows from page to page here. Each length of a
// page is another statement, of which an engine remembers few.
func TestPagesOfManySizesAreFewStatements(t *testing.T) {
	t.Parallel()
	asked := &texts{dsn: "file:" + filepath.Join(t.TempDir(), "db.sqlite3") + "?_synchronous=OFF", queries: map[string]bool{}}
	db := sql.OpenDB(asked)
	t.Cleanup(func() { _ = db.Close() })
	e, err := tables.New(db, settings(), tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 1999)
		INSERT INTO django_session SELECT printf('key%05d', i), printf('%.*c', 10 * i, 'x'), '2999-01-01 00:00:00' FROM n`); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, err := range e.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if len(asked.queries) > 13 || count != 2000 {
		t.Errorf("%d rows were read by %d statements", count, len(asked.queries))
	}
}

// A service that reads its settings again makes another engine on the same connections.
func TestPreparedStatementsEndWithTheEngine(t *testing.T) {
	t.Parallel()
	server := &preparer{}
	use := func() {
		e := preparerEngine(t, server, tables.Options{Dialect: tables.MySQL{}})
		for range 2 {
			if _, err := e.Exists(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		runtime.KeepAlive(e)
	}
	use()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		runtime.GC()
		server.mu.Lock()
		closed := server.closed
		server.mu.Unlock()
		if closed == 1 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d statements were closed", closed)
		}
	}
}

// SQLite checks statements against the schema when it executes them.
func TestPreparedStatementsSurviveChangesOfTheTable(t *testing.T) {
	t.Parallel()
	db := openFile(t, "file:"+filepath.Join(t.TempDir(), "db.sqlite3"))
	e, err := tables.New(db, settings(), tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := sessions.New()
	for i, change := range []string{
		"", "", "", "ALTER TABLE django_session ADD COLUMN more integer NULL", "VACUUM",
		"ALTER TABLE django_session RENAME TO old", "ALTER TABLE old RENAME TO django_session",
		"CREATE TABLE new AS SELECT expire_date, session_data, session_key FROM django_session; DROP TABLE django_session; " +
			"ALTER TABLE new RENAME TO django_session", "",
	} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if change == "ALTER TABLE django_session RENAME TO old" {
			if _, err := e.Load(t.Context(), s.Key()); !errors.Is(err, tables.ErrNoTable) {
				t.Errorf("without the table: %v", err)
			}
			continue
		}
		s.Set("n", i)
		if err := s.Save(t.Context()); err != nil {
			t.Fatalf("after %q: %v", change, err)
		}
		r, err := e.Load(t.Context(), s.Key())
		if err != nil {
			t.Fatalf("after %q: %v", change, err)
		}
		if n, _ := r.Data.Get("n"); n != int64(i) {
			t.Errorf("after %q: %v", change, n)
		}
	}
}
