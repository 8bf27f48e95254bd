package tables_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// testSite has sessions in a new SQLite database.
type testSite struct {
	path     string
	db       *sql.DB
	settings djangosession.Settings
	engine   *tables.Engine
	sessions *djangosession.Manager
}

// newTestSite creates a database with these statements, or by default with the engine's
// own.
func newTestSite(t *testing.T, s djangosession.Settings, o tables.Options, ddl []string) *testSite {
	t.Helper()
	site := &testSite{path: filepath.Join(t.TempDir(), "db.sqlite3")}
	site.db = openFile(t, "file:"+site.path+"?_busy_timeout=20")
	o.Dialect, o.LockWait = tables.SQLite{}, time.Minute
	var err error
	if site.engine, err = tables.New(site.db, s, o); err != nil {
		t.Fatal(err)
	}
	site.settings = s
	site.use(t, djangosession.Options{})
	if ddl == nil {
		ddl = site.engine.DDL()
	}
	for _, statement := range ddl {
		site.exec(t, statement)
	}
	return site
}

// use replaces the sessions by a Manager with these options.
func (s *testSite) use(t *testing.T, o djangosession.Options) {
	t.Helper()
	var err error
	if s.sessions, err = djangosession.NewManager(s.engine, s.settings, o); err != nil {
		t.Fatal(err)
	}
}

func openFile(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(sqlitedriver.Name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// sqliteConn has the methods that the connections of all SQLite drivers have.
type sqliteConn interface {
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.Conn
}

// sqliteDriver returns the driver itself.
func sqliteDriver() driver.Driver {
	db, err := sql.Open(sqlitedriver.Name, ":memory:")
	if err != nil {
		panic(err) // the driver is not registered
	}
	defer db.Close() //nolint:errcheck // it has no connection
	return db.Driver()
}

func connectSQLite(dsn string) (sqliteConn, error) {
	conn, err := sqliteDriver().Open(dsn)
	if err != nil {
		return nil, err
	}
	plain, ok := conn.(sqliteConn)
	if !ok {
		return nil, fmt.Errorf("a connection of %T lacks methods", conn)
	}
	return plain, nil
}

func (s *testSite) exec(t *testing.T, statement string, values ...any) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), statement, values...); err != nil {
		t.Fatal(err)
	}
}

func (s *testSite) insert(t *testing.T, key string, data, expire any) {
	t.Helper()
	s.exec(t, "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (?, ?, ?)", key, data, expire)
}

// storedRow is a row with the date as SQLite keeps it.
type storedRow struct{ data, expire, kind string }

func (s *testSite) row(t *testing.T, key string) storedRow {
	t.Helper()
	var r storedRow
	err := s.db.QueryRowContext(t.Context(),
		"SELECT session_data, CAST(expire_date AS TEXT), typeof(expire_date) FROM django_session WHERE session_key = ?", key).
		Scan(&r.data, &r.expire, &r.kind)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *testSite) count(t *testing.T) int {
	t.Helper()
	var n int
	if err := s.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM django_session").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
