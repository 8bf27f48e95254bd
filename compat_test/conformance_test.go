package compat_test

import (
	"database/sql"
	"fmt"
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

// dataSource is a way to open a database: a driver and the parameters of its data source name.
type dataSource struct{ name, driver, dsn string }

func mariaDBSources(s *servers.Server, database string) []dataSource {
	dsn := s.MariaDBSource(database)
	return []dataSource{
		{"defaults", "mysql", dsn},
		{"parseTime and loc", "mysql", dsn + "?parseTime=true&loc=Asia%2FTokyo"},
		{"clientFoundRows", "mysql", dsn + "?clientFoundRows=true"},
		{"interpolateParams", "mysql", dsn + "?interpolateParams=true"},
		{"time zone", "mysql", dsn + "?time_zone=%27-05%3A00%27"},
		{"lax sql_mode", "mysql", dsn + "?sql_mode=%27%27"},
		{"ANSI quotes", "mysql", dsn + "?sql_mode=%27ANSI%27"},
		{"READ COMMITTED", "mysql", dsn + "?tx_isolation=%27READ-COMMITTED%27"},
	}
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

// TestConformance runs the suite of engines on the servers, through each driver and with all that a data source name can
// change about dates, rows and quotes.
func TestConformance(t *testing.T) {
	t.Parallel()
	for product, sources := range map[string]func(*servers.Server, string) []dataSource{
		"mariadb": mariaDBSources, "postgresql": postgreSQLSources,
	} {
		d := newDatabase(t, product)
		for _, source := range sources(d.server, d.name) {
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

// lastTable numbers the tables of this process.
var lastTable atomic.Int64

func runSuite(t *testing.T, db *sql.DB, dialect tables.Dialect) {
	t.Helper()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		table := fmt.Sprintf("sessions_%d", lastTable.Add(1))
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
	})
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
	if err != nil && utf8.ValidString(text) {
		t.Fatal(err)
	}
	return err == nil
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
