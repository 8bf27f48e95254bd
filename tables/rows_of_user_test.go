package tables_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// byUser are the options of a table with a column for users.
func byUser(value func(context.Context, *py.Dict) (any, error)) tables.Options {
	return tables.Options{
		Table: "s", UserColumn: "user",
		ExtraColumns: []tables.Column{{Name: "user", Value: value}},
	}
}

func tableWithUser(columnType string) []string {
	return []string{`CREATE TABLE "s" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL,
		"expire_date" datetime NOT NULL, "user" ` + columnType + ` NULL)`}
}

func TestUserColumnSelectsTheSessionsOfAUser(t *testing.T) {
	t.Parallel()
	const id = "00112233-4455-6677-8899-aabbccddeeff"
	for name, c := range map[string]struct {
		column string
		value  func(context.Context, *py.Dict) (any, error)
		stored string   // the id in the session
		asked  []string // spellings of the id
		other  string
	}{
		"integer": {"integer", tables.LoggedInUserID, "7", []string{"7", "07"}, "8"},
		"text":    {"varchar(20)", tables.LoggedInUserID, "7", []string{"7", "007"}, "70"},
		"zero":    {"varchar(20)", tables.LoggedInUserID, "0", []string{"0", "00"}, "1"},
		"digits": {
			"char(32)", tables.LoggedInUserUUID, id,
			[]string{id, "00112233445566778899AABBCCDDEEFF"},
			"10112233-4455-6677-8899-aabbccddeeff",
		},
		"hyphens": {
			"varchar(36)", tables.LoggedInUserID, id,
			[]string{id, "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF"},
			"x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := newTestSite(t, settings(), byUser(c.value), tableWithUser(c.column))
			create := func(user any) string {
				session := site.sessions.New()
				session.Set("_auth_user_id", user)
				if err := session.Save(t.Context()); err != nil {
					t.Fatal(err)
				}
				return session.Key()
			}
			want := []string{create(c.stored), create(c.stored), create(nil)}
			create(c.other)
			// A writer that does not know the column leaves it alone.
			if _, err := site.db.ExecContext(t.Context(), `UPDATE s SET "user" = NULL WHERE session_key = ?`, want[1]); err != nil {
				t.Fatal(err)
			}
			slices.Sort(want)
			for _, asked := range c.asked {
				var got []string
				for r, err := range site.sessions.RecordsOfUser(t.Context(), asked) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, r.Key)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: keys %v, want %v", asked, got, want)
				}
			}
		})
	}
}

func TestWithoutUserColumnAllSessionsAreRead(t *testing.T) {
	t.Parallel()
	o := byUser(tables.LoggedInUserID)
	o.UserColumn = ""
	site := newTestSite(t, settings(), o, tableWithUser("integer"))
	for range 2 {
		session := site.sessions.New()
		session.Set("_auth_user_id", "8")
		if err := session.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, err := range site.sessions.RecordsOfUser(t.Context(), "7") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

func TestPagesOfAUserContinueAfterTheLastKey(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), byUser(tables.LoggedInUserID), tableWithUser("integer"))
	want := map[string]bool{}
	for i := range 650 {
		session := site.sessions.New()
		session.Set("_auth_user_id", []string{"7", "8"}[i%2])
		if err := session.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			want[session.Key()] = true
		}
	}
	for r, err := range site.sessions.RecordsOfUser(t.Context(), "7") {
		if err != nil {
			t.Fatal(err)
		}
		if !want[r.Key] {
			t.Fatalf("%s is a session of another user, or appears twice", r.Key)
		}
		delete(want, r.Key)
	}
	if len(want) > 0 {
		t.Errorf("%d sessions are missing", len(want))
	}
}

func TestUserColumnMustBeFilledByEverySave(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string][]tables.Column{
		"missing":    {{Name: "other", Value: tables.LoggedInUserID}},
		"no value":   {{Name: "user"}},
		"only first": {{Name: "user", Value: tables.LoggedInUserID, CreateOnly: true}},
	} {
		_, err := tables.New(openFile(t, ":memory:"), settings(), tables.Options{
			Dialect: tables.SQLite{}, ExtraColumns: columns, UserColumn: "user",
		})
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "Options.UserColumn" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
