package sqlitedriver_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

func open(t *testing.T, path, parameters string) *sql.DB {
	t.Helper()
	values, err := url.ParseQuery(parameters)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(path, values))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestModeRWMakesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing.sqlite3")
	_, err := open(t, path, "mode=rw&_busy_timeout=50&_synchronous=FULL").ExecContext(t.Context(), "CREATE TABLE t (a)")
	if err == nil || !strings.Contains(err.Error(), "unable to open database file") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestModeROWritesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	if _, err := open(t, path, "").ExecContext(t.Context(), "CREATE TABLE t (a)"); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, path, "mode=ro").ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
	if err == nil || !strings.Contains(err.Error(), "readonly database") {
		t.Errorf("error %v", err)
	}
}

// TestParametersReachSQLite has values that are not the default of any driver.
func TestParametersReachSQLite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ parameters, pragma, want string }{
		{parameters: "_busy_timeout=1234", pragma: "busy_timeout", want: "1234"},
		{parameters: "_synchronous=EXTRA", pragma: "synchronous", want: "3"},
		{parameters: "_journal_mode=WAL&_synchronous=FULL", pragma: "synchronous", want: "2"},
		{parameters: "_journal_mode=WAL", pragma: "journal_mode", want: "wal"},
		// Django has foreign keys checked by each connection; the tool leaves them alone.
		{parameters: "", pragma: "foreign_keys", want: "0"},
	} {
		var got string
		db := open(t, filepath.Join(t.TempDir(), "db.sqlite3"), c.parameters)
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%q: %s is %q, want %q; error %v", c.parameters, c.pragma, got, c.want, err)
		}
	}
}

func TestLockedDatabasesFailAfterTheBusyTimeout(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	locker := open(t, path, "")
	locker.SetMaxOpenConns(1)
	for _, statement := range []string{"CREATE TABLE t (a)", "BEGIN IMMEDIATE"} {
		if _, err := locker.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	_, err := open(t, path, "mode=rw&_busy_timeout=60").ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
	if err == nil || !strings.Contains(err.Error(), "database is locked") {
		t.Errorf("error %v", err)
	}
	if waited := time.Since(start); waited < 50*time.Millisecond {
		t.Errorf("waited for %v only", waited)
	}
}

func TestFileNamesMayHaveCharactersOfURLs(t *testing.T) {
	t.Parallel()
	names := []string{"a b", "a#b", "a%20b", "a&mode=ro", "a'b", "a+b", "ü", ";"}
	if runtime.GOOS != "windows" { // whose file names cannot have these
		names = append(names, "a?b", ":memory:", `a"b`, `a\b`, "a\tb")
	}
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		db := open(t, path, "mode=rw&_busy_timeout=50&_synchronous=FULL")
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (a)"); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: nothing was written to the file: %v", name, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != len(names) {
		t.Errorf("%d files, want %d; %v", len(files), len(names), err)
	}
}
