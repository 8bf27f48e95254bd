package tables_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/tables"
)

// openSQLite opens a new database file.
func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+"?_busy_timeout=30000")
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

func TestSQLiteConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		db := openSQLite(t)
		e, err := tables.New(db, s, tables.Options{Dialect: tables.SQLite{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.CreateTable(t.Context()); err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{
			Engine: e,
			SetRow: func(t *testing.T, key, text string, expire time.Time) {
				t.Helper()
				loc, err := s.Location()
				if err != nil || s.UseTZ {
					loc = time.UTC
				}
				stamp := expire.In(loc).Format("2006-01-02 15:04:05.000000")
				if _, err := db.ExecContext(t.Context(), "INSERT INTO django_session VALUES (?, ?, ?)", key, text, stamp); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}
