package thirdparty

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/tables"
)

// row is a row of a session table, each column as SQLite has it: its type and its text.
type row map[string]string

// storedRow reads the row of a session.
func storedRow(t *testing.T, v *service, table, key string) row {
	t.Helper()
	rows, err := v.db.QueryContext(t.Context(), "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // the error of reading is rows.Err
	got := row{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		var kind string
		var text sql.NullString
		query := fmt.Sprintf("SELECT typeof(%[1]s), CAST(%[1]s AS TEXT) FROM %[2]s WHERE session_key = ?", name, table)
		if err := v.db.QueryRowContext(t.Context(), query, key).Scan(&kind, &text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got[name] = kind + " " + text.String
	}
	if err := rows.Err(); err != nil || len(got) < 3 {
		t.Fatalf("%d columns, %v", len(got), err)
	}
	return got
}

// comparable returns the row without the differences from run to run: the key by its
// length, dates by whether they are of this step, and the data by its values.
func (r row) comparable(t *testing.T, v *service, began time.Time) row {
	t.Helper()
	date := regexp.MustCompile(`^text \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$`)
	same := row{}
	for name, value := range r {
		text := strings.TrimPrefix(value, "text ")
		switch {
		case name == "session_key":
			value = fmt.Sprintf("key of %d characters", len(text))
		case name == "session_data":
			d, err := v.engine.Codec().Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			var values []string
			for k, item := range d.All() {
				values = append(values, fmt.Sprintf("%v=%v", k, item))
			}
			value = strings.Join(values, " ")
		case date.MatchString(value):
			at, err := time.Parse("2006-01-02 15:04:05", text)
			if err != nil {
				t.Fatal(err)
			}
			value = "date of the step"
			if name == "expire_date" {
				at = at.Add(-14 * 24 * time.Hour)
			}
			if since := at.Sub(began); since < -time.Second {
				value = "date before the step"
			} else if since > time.Minute {
				value = "date far ahead"
			}
		}
		same[name] = value
	}
	return same
}

// step is something that both sides do, each in a session of its own.
type step struct {
	name, path, agent string
	form              []string
}

// TestRowsAreLeftAsThePackageLeavesThem has Django and Go do the same, and compares the
// rows column by column.
func TestRowsAreLeftAsThePackageLeavesThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table   string
		options func(*tables.Options)
	}{
		"plain":         {table: "django_session"},
		"user_sessions": {table: "user_sessions_session", options: userSessions},
		"qsessions_db":  {table: "qsessions_session", options: qsessions},
		"db_subclass": {table: "own_session", options: func(o *tables.Options) {
			o.ExtraColumns = []tables.Column{{Name: "account_id", Value: tables.LoggedInUserID}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, name)
			v := startService(t, s, options{tables: c.options})
			django, mine := newBrowser(t, s.url, s.url), newBrowser(t, v.url, v.url)
			steps := []step{
				{name: "a new session", path: "/set/?go=1", agent: "Browser/1"},
				{name: "a change", path: "/set/?go=2", agent: "Browser/1"},
				{name: "another browser", path: "/set/?go=3", agent: strings.Repeat("é", 200)},
				{name: "no browser", path: "/set/?go=4", agent: ""},
				{name: "a new key", path: "/cycle/", agent: "Browser/2"},
				{name: "a login", path: "/login/", form: []string{"username", "ada", "password", "pass word"}, agent: "Browser/2"},
				{name: "a change by a user", path: "/set/?dj=1", agent: "Browser/3"},
				{name: "a new key of a user", path: "/cycle/", agent: "Browser/3"},
			}
			for _, step := range steps {
				time.Sleep(1100 * time.Millisecond) // so that dates of this step differ from those of the last one
				began := time.Now().UTC()
				for _, b := range []*browser{django, mine} {
					b.agent = step.agent
					if step.form == nil {
						b.get(b.django + step.path)
					} else if b == django {
						b.submit(step.path, step.form...)
					} else if refused := b.goLogin(); refused != "" {
						t.Fatal(refused)
					}
				}
				theirs := storedRow(t, v, c.table, django.cookie()).comparable(t, v, began)
				ours := storedRow(t, v, c.table, mine.cookie()).comparable(t, v, began)
				for column, want := range theirs {
					if ours[column] != want {
						t.Errorf("after %s Go leaves %s as %q, Django as %q", step.name, column, ours[column], want)
					}
				}
			}
			// Outside a request, as in a management command.
			session, err := v.sessions.Load(context.Background(), mine.cookie())
			if err != nil {
				t.Fatal(err)
			}
			if err := session.Save(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
