//go:build linux || darwin || freebsd || netbsd || openbsd

package doctor

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

func TestWALDatabasesOfOthersAreNotOpened(t *testing.T) {
	t.Parallel()
	const root = 0
	me, other := os.Geteuid(), os.Geteuid()+1
	for _, c := range []struct {
		name, mode string
		user       int
		beside     bool // another connection made the files
		want       error
	}{
		{name: "other user", mode: "WAL", user: other, want: errLeavesFiles},
		{name: "owner", mode: "WAL", user: me},
		{name: "root", mode: "WAL", user: root},
		{name: "other user, open elsewhere", mode: "WAL", user: other, beside: true},
		{name: "other user, no WAL", mode: "DELETE", user: other},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "db.sqlite3")
			db := databaseInMode(t, path, c.mode)
			if !c.beside {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := leavesFiles(path, c.user); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func databaseInMode(t *testing.T, path, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(path, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, statement := range []string{"PRAGMA journal_mode = " + mode, "CREATE TABLE t (a)"} {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return db
}
