package doctor_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/doctor"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// watched is a connector that keeps every statement.
type watched struct {
	driver.Connector

	mu         sync.Mutex
	statements []string
}

func (w *watched) keep(statement string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statements = append(w.statements, statement)
}

// Connect implements [driver.Connector]. The connection has no other methods than those
// of database/sql's oldest interface, so that every statement is prepared.
func (w *watched) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return watchedConn{c, w}, nil
}

type watchedConn struct {
	driver.Conn

	to *watched
}

func (c watchedConn) Prepare(query string) (driver.Stmt, error) {
	c.to.keep(query)
	return c.Conn.Prepare(query)
}

// sqliteConnector opens the connections of a data source name.
type sqliteConnector struct {
	of   driver.Driver
	name string
}

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) { return c.of.Open(c.name) }
func (c sqliteConnector) Driver() driver.Driver                        { return c.of }

// demo is the database that Django has written, opened so that it could be written.
func demo(t *testing.T) (*watched, *doctor.Database) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "db.sqlite3")
	name := sqlitedriver.DataSource(file, url.Values{"_synchronous": {"FULL"}})
	db, err := sql.Open(sqlitedriver.Name, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), fixtures.DemoSQL); err != nil {
		t.Fatal(err)
	}
	w := &watched{Connector: sqliteConnector{db.Driver(), name}}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	opened := sql.OpenDB(w)
	t.Cleanup(func() { _ = opened.Close() })
	return w, &doctor.Database{DB: opened, Vendor: "sqlite", Dialect: tables.SQLite{}, File: file}
}

// settings are those of testdata/site.json.
func settings(t *testing.T) (djangosession.Settings, []djangosession.Finding) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "site.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	s, found, err := djangosession.ReviewSettings(f)
	if err != nil {
		t.Fatal(err)
	}
	return s, found
}

// reads matches statements that write nothing.
var reads = regexp.MustCompile(`^(SELECT |PRAGMA journal_mode$|SHOW )`)

func TestDoctorOnlyReads(t *testing.T) {
	t.Parallel()
	w, db := demo(t)
	before, err := os.ReadFile(db.File)
	if err != nil {
		t.Fatal(err)
	}
	s, review := settings(t)
	found := doctor.Examine(t.Context(), doctor.Deployment{Settings: s, Review: review, Sessions: db, Users: db})
	if len(w.statements) < 15 {
		t.Fatalf("only %d statements", len(w.statements))
	}
	for _, statement := range w.statements {
		if !reads.MatchString(statement) || strings.Contains(statement, ";") {
			t.Errorf("%s", statement)
		}
	}
	after, err := os.ReadFile(db.File)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
	checks := map[string]bool{}
	for _, f := range found {
		checks[f.Check] = true
	}
	for _, check := range []string{"database", "session-table", "session-index", "user-table", "sessions-decode"} {
		if !checks[check] {
			t.Errorf("%s was not checked", check)
		}
	}
}
