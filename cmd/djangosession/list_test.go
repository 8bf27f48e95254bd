package main

import (
	"database/sql"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// writes counts the calls of Write.
type writes struct {
	strings.Builder

	n int
}

func (w *writes) Write(b []byte) (int, error) {
	w.n++
	return w.Builder.Write(b)
}

// A write for each line took a tenth of the time.
func TestLinesOfAListAreWrittenTogether(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "db.sqlite3")
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(file, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it is only a test's
	const rows = 2000
	for _, statement := range []string{
		fixtures.DemoSQL,
		"DELETE FROM django_session WHERE session_key <> '0gmsponz0ecmaluvyijh3oztlfmr08ac'",
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1999)
			INSERT INTO django_session SELECT printf('%032d', i), session_data, expire_date FROM n, django_session`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range []string{"test-secret-key", ""} {
		for _, format := range []string{"--full-keys", "--json"} {
			args := []string{"sessions", "list", format, file}
			if secret != "" {
				args = append(args, "--secret-key", secret)
			}
			var out writes
			if status := run(args, strings.NewReader(""), &out, io.Discard); status != 0 {
				t.Errorf("%v: status %d", args, status)
			}
			lines := strings.Count(out.String(), "\n")
			want := rows
			if format != "--json" {
				want++ // the heading
			}
			if lines != want || out.n < 2 || out.n > 20 {
				t.Errorf("%v: %d lines in %d writes", args, lines, out.n)
			}
		}
	}
}
