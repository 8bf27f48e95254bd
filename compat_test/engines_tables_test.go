package compat_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// tableEngineCases are the engines on a database: "db", and "cache" on a database cache.
func tableEngineCases() []engineCase {
	return []engineCase{{
		name: "db",
		start: func(t *testing.T, at *engineSite) map[string]any {
			at.stop, at.resume, at.keeps = awayTable(t, at, "django_session")
			return nil
		},
		open: func(_ *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
			return tables.New(at.db, s, tables.Options{})
		},
		damage: func(t *testing.T, p *enginePair, key string) {
			if _, err := p.at.db.ExecContext(t.Context(), "UPDATE django_session SET session_data = 'x' WHERE session_key = ?", key); err != nil {
				t.Fatal(err)
			}
		},
		held: func(t *testing.T, p *enginePair, key string) string {
			var text string
			row := p.at.db.QueryRowContext(t.Context(), "SELECT session_data FROM django_session WHERE session_key = ?", key)
			if err := row.Scan(&text); err != nil {
				t.Fatal(err)
			}
			return text
		},
	}}
}

// awayTable makes a table disappear, and come back as it was.
func awayTable(t *testing.T, at *engineSite, name string) (stop, resume func(), keeps bool) {
	t.Helper()
	rename := func(from, to string) func() {
		return func() {
			if _, err := at.db.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
				t.Fatal(err)
			}
		}
	}
	return rename(name, name+"_away"), rename(name+"_away", name), true
}
