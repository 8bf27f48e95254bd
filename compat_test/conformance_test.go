package compat_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/tables"
)

// dataSource is a way to open a database: a driver and the parameters of its data source
// name.
type dataSource struct{ name, driver, dsn string }

func mariaDBSources(s *servers.Server, database string) []dataSource {
	dsn := s.MariaDBSource(database)
	isolation := "transaction_isolation"
	if s.Name == servers.MariaDB { // which has no such name before 11.1
		isolation = "tx_isolation"
	}
	sources := []dataSource{
		{"defaults", "mysql", dsn},
		{"parseTime and loc", "mysql", dsn + "?parseTime=true&loc=Asia%2FTokyo"},
		{"clientFoundRows", "mysql", dsn + "?clientFoundRows=true"},
		{"interpolateParams", "mysql", dsn + "?interpolateParams=true"},
		{"time zone", "mysql", dsn + "?time_zone=%27-05%3A00%27"},
		{"lax sql_mode", "mysql", dsn + "?sql_mode=%27%27"},
		{"ANSI quotes", "mysql", dsn + "?sql_mode=%27ANSI%27"},
		{"READ COMMITTED", "mysql", dsn + "?" + isolation + "=%27READ-COMMITTED%27"},
		{"SERIALIZABLE", "mysql", dsn + "?" + isolation + "=%27SERIALIZABLE%27"},
		{"completion_type CHAIN", "mysql", dsn + "?completion_type=1"},
		{"completion_type RELEASE", "mysql", dsn + "?completion_type=2"},
	}
	if s.Name != servers.MySQL9 {
		sources = append(sources, dataSource{"empty text is NULL", "mysql", dsn + "?sql_mode=%27EMPTY_STRING_IS_NULL%27"})
	}
	return sources
}

func postgreSQLSources(s *servers.Server, database string) []dataSource {
	dsn := s.PostgreSQLURL(database)
	return []dataSource{
		{"pgx", "pgx", dsn},
		{"pgx, simple protocol", "pgx", dsn + "&default_query_exec_mode=simple_protocol"},
		{"pgx, exec", "pgx", dsn + "&default_query_exec_mode=exec"},
		{"pgx, time zone", "pgx", dsn + "&timezone=Asia/Tokyo"},
		{"lib/pq", "postgres", dsn},
		{"lib/pq, time zone", "postgres", dsn + "&TimeZone=America/Chicago"},
		{"pgx, date style", "pgx", dsn + "&datestyle=SQL,%20DMY"},
		{"pgx, repeatable read", "pgx", dsn + "&default_transaction_isolation=repeatable%20read"},
	}
}

// TestConformance runs the suite of engines on the servers, through each driver and with
// all that a data source name can change about dates, rows and quotes.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		d := newDatabase(t, product)
		for _, source := range productNamed(product).sources(d.server, d.name) {
			t.Run(product+"/"+source.name, func(t *testing.T) {
				t.Parallel()
				db, err := sql.Open(source.driver, source.dsn)
				if err != nil {
					t.Fatal(err)
				}
				db.SetMaxOpenConns(8)
				db.SetMaxIdleConns(8)
				t.Cleanup(func() {
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
				runSuite(t, db, d.dialect)
			})
		}
	}
}

// TestConformanceOfSQLite runs the suite through the chosen driver, with a file for each
// test: a connection may not see yet a table that another one has made a moment ago.
func TestConformanceOfSQLite(t *testing.T) {
	t.Parallel()
	if !slices.Contains(databases(), "sqlite") {
		return
	}
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		d := newDatabase(t, "sqlite")
		return newBackend(t, d.open(t), d.dialect, "django_session", s)
	})
}

// lastTable numbers the tables of this process.
var lastTable atomic.Int64

func runSuite(t *testing.T, db *sql.DB, dialect tables.Dialect) {
	t.Helper()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		return newBackend(t, db, dialect, fmt.Sprintf("sessions_%d", lastTable.Add(1)), s)
	})
}

// newBackend makes a table and an engine on it.
func newBackend(t *testing.T, db *sql.DB, dialect tables.Dialect, table string, s djangosession.Settings) enginetest.Backend {
	t.Helper()
	e, err := tables.New(db, s, tables.Options{Dialect: dialect, Table: table, LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return enginetest.Backend{
		Engine: e,
		SetRow: func(t *testing.T, key, text string, expire time.Time) bool {
			t.Helper()
			return setRow(t, db, dialect, table, key, text, expire, s)
		},
	}
}

// setRow writes a row without the engine, if the database keeps such text.
func setRow(
	t *testing.T, db *sql.DB, dialect tables.Dialect, table, key, text string, expire time.Time, s djangosession.Settings,
) bool {
	t.Helper()
	loc, err := s.Location()
	if err != nil || s.UseTZ {
		loc = time.UTC
	}
	statement, date := "INSERT INTO "+table+" VALUES (?, ?, ?)", expire.In(loc).Format("2006-01-02 15:04:05.000000")
	if _, ok := dialect.(tables.PostgreSQL); ok {
		statement, date = "INSERT INTO "+table+" VALUES ($1, $2, CAST($3 AS timestamptz))", expire.Format(time.RFC3339Nano)
	}
	_, err = db.ExecContext(t.Context(), statement, key, text, date)
	if err != nil {
		if utf8.ValidString(text) && text != "" { // which one sql_mode makes NULL of
			t.Fatal(err)
		}
		return false
	}
	if _, ok := dialect.(tables.MySQL); !ok || utf8.ValidString(text) {
		return true
	}
	// Without a strict sql_mode MySQL stores the part before what is not text, or
	// something else in its place.
	kept, remove := "SELECT session_data FROM "+table+" WHERE session_key = ?", "DELETE FROM "+table+" WHERE session_key = ?"
	var got string
	if err := db.QueryRowContext(t.Context(), kept, key).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != text {
		if _, err := db.ExecContext(t.Context(), remove, key); err != nil {
			t.Fatal(err)
		}
	}
	return got == text
}

func TestTwoProcesses(t *testing.T) {
	if enginetest.SecondProcess() { // which needs no servers of its own
		twoProcesses(t, "")
		return
	}
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) { twoProcesses(t, goSite(t, newDatabase(t, product)).base.source()) })
	}
}

func twoProcesses(t *testing.T, source string) {
	t.Helper()
	enginetest.RunTwoProcesses(t, source, func(t *testing.T, source string, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		product, name, _ := strings.Cut(source, " ")
		db, dialect, err := openSource(product, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		e, err := tables.New(db, s, tables.Options{Dialect: dialect, LockWait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{Engine: e}
	})
}
