package main

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// The commands end in the middle of their work: a trigger makes the deletion of the last
// session take very long.
func TestInterruptedCommandsSayWhatTheyDid(t *testing.T) {
	t.Parallel()
	const first, last = "0gmsponz0ecmaluvyijh3oztlfmr08ac", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
	for name, c := range map[string]struct {
		args      []string // the last but one is the database
		signal    syscall.Signal
		status    int
		out, errs string
	}{
		"delete by key": {
			args: []string{"sessions", "delete", "", first, last}, signal: syscall.SIGINT, status: 130,
			errs: "djangosession: 1 session deleted.\ndjangosession: interrupted before the end\n",
		},
		"delete by user": {
			args: []string{"sessions", "delete", "--user", "2", ""}, signal: syscall.SIGINT, status: 130,
			errs: "djangosession: to continue, repeat the command with --from zzzzzzzz...\n" +
				"djangosession: 1 session deleted.\ndjangosession: interrupted before the end\n",
		},
		"delete by name, terminated": {
			args: []string{"sessions", "delete", "--username", "grace", ""}, signal: syscall.SIGTERM, status: 143,
			errs: "djangosession: to continue, repeat the command with --from zzzzzzzz...\n" +
				"djangosession: 1 session deleted.\ndjangosession: interrupted before the end\n",
		},
		"clearsessions": {
			args: []string{"clearsessions", "--batch-size", "1", ""}, signal: syscall.SIGINT, status: 130,
			out: "1 expired session deleted.\n", errs: "djangosession: interrupted before the end\n",
		},
		"clearsessions as JSON": {
			args: []string{"clearsessions", "--batch-size", "1", "--json", ""}, signal: syscall.SIGINT, status: 130,
			out: "{\"deleted\":1}\n", errs: "djangosession: interrupted before the end\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "db.sqlite3")
			db := slowSite(t, file, first, last)
			args := append([]string{}, c.args...)
			for i, arg := range args {
				if arg == "" {
					args[i] = file
				}
			}
			var out, errs bytes.Buffer
			command := exec.CommandContext(t.Context(), "djangosession", args...)
			command.Env = append(os.Environ(), secretVariable+"=test-secret-key")
			command.Stdout, command.Stderr = &out, &errs
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			awaitGone(t, db, first)
			time.Sleep(50 * time.Millisecond) // in the middle of the next session
			if err := command.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			_ = command.Wait() // its status follows
			if got := command.ProcessState.ExitCode(); got != c.status || out.String() != c.out || errs.String() != c.errs {
				t.Errorf("status %d, want %d; printed %q, want %q; and %q, want %q", got, c.status, &out, c.out, &errs, c.errs)
			}
			var n int
			if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM django_session WHERE session_key = ?", last).Scan(&n); err != nil || n != 1 {
				t.Errorf("%d sessions of the last key, %v", n, err)
			}
		})
	}
}

// slowSite creates a site whose user 2 has two expired sessions. Deleting the second one
// takes hours.
func slowSite(t *testing.T, file, first, last string) *sql.DB {
	t.Helper()
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(file, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, statement := range []string{
		fixtures.DemoSQL,
		"DELETE FROM django_session WHERE session_key <> '" + first + "'",
		"UPDATE django_session SET expire_date = '2020-01-01'",
		"INSERT INTO django_session SELECT '" + last + "', session_data, '2020-01-02' FROM django_session",
		"CREATE TABLE n (i)",
		"INSERT INTO n SELECT 1 FROM auth_permission a, auth_permission b",
		"CREATE TRIGGER slow BEFORE DELETE ON django_session WHEN OLD.session_key = '" + last + "' " +
			"BEGIN SELECT sum(a.i * b.i + c.i * d.i) FROM n a, n b, n c, n d, n e, n f; END",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", strings.SplitN(statement, "\n", 2)[0], err)
		}
	}
	return db
}

// awaitGone waits until a session is deleted.
func awaitGone(t *testing.T, db *sql.DB, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		var n int
		err := db.QueryRowContext(ctx, "SELECT count(*) FROM django_session WHERE session_key = ?", key).Scan(&n)
		if err == nil && n == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the first session was not deleted")
}
