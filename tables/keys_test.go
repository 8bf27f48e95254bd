package tables_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/tables"
)

// The key columns have collations that consider different keys equal.
func TestSQLiteConformanceOnCollations(t *testing.T) {
	t.Parallel()
	for _, collation := range []string{"NOCASE", "RTRIM"} {
		t.Run(collation, func(t *testing.T) {
			t.Parallel()
			enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
				t.Helper()
				site := newTestSite(t, s, tables.Options{}, []string{fmt.Sprintf(`CREATE TABLE "django_session" (
					"session_key" varchar(40) NOT NULL PRIMARY KEY COLLATE %s, "session_data" text NOT NULL, "expire_date" datetime NOT NULL)`,
					collation)})
				return site.backend()
			})
		})
	}
}

// SQLite explains every statement that contains a session key.
func TestStatementsUseThePrimaryKey(t *testing.T) {
	t.Parallel()
	db, c := newUserDatabase(t, "SELECT 1")
	e, err := tables.New(db, settings(), tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	var statements []string
	c.statement = func(text string) { statements = append(statements, text) }
	for _, merge := range []bool{false, true} {
		sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{MergeSaves: merge})
		if err != nil {
			t.Fatal(err)
		}
		s := sessions.New()
		save := func() {
			s.Set("a", 1)
			if err := s.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		save()
		if s, err = sessions.Load(t.Context(), s.Key()); err != nil {
			t.Fatal(err)
		}
		save()
		_, existsErr := sessions.Exists(t.Context(), s.Key())
		if err := errors.Join(existsErr, s.CycleKey(t.Context()), s.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	c.statement = nil
	explained := 0
	for _, statement := range statements {
		if !strings.Contains(statement, "WHERE `session_key`") {
			continue
		}
		explained++
		var id, parent, unused int
		var plan string
		values := slices.Repeat([]any{"x"}, strings.Count(statement, "?"))
		err := db.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, values...).Scan(&id, &parent, &unused, &plan)
		if err != nil || !strings.Contains(plan, "sqlite_autoindex_django_session_1 (session_key=?)") {
			t.Errorf("%s\n%s, %v", statement, plan, err)
		}
	}
	if explained < 8 {
		t.Errorf("%d of the statements have a key: %q", explained, statements)
	}
}

// The database considers the ids of these users equal.
func TestTextIDsAreExact(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, `
		CREATE TABLE shop_user (email varchar(50) NOT NULL PRIMARY KEY COLLATE NOCASE, password text NOT NULL, last_login datetime NULL);
		INSERT INTO shop_user VALUES ('ann@example.com', 'encoded', NULL);
		CREATE TABLE auth_group (id integer NOT NULL PRIMARY KEY, name text NOT NULL);
		CREATE TABLE shop_user_groups (id integer NOT NULL PRIMARY KEY, user_id varchar(50) NOT NULL COLLATE NOCASE, group_id integer NOT NULL);
		INSERT INTO auth_group VALUES (1, 'editors');
		INSERT INTO shop_user_groups VALUES (1, 'ann@example.com', 1)`)
	users := newUsers(t, db, tables.UserOptions{
		Model: "shop.User", IDColumn: "email", IDType: tables.TextKey, UsernameColumn: "email",
		Without: tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField,
	})
	const other = "Ann@Example.com"
	if _, err := users.Get(t.Context(), other); !errors.Is(err, auth.ErrNoUser) {
		t.Errorf("Get: error %v, want ErrNoUser", err)
	}
	if err := users.SetLastLogin(t.Context(), other, time.Now()); !errors.Is(err, auth.ErrNoUser) {
		t.Errorf("SetLastLogin: error %v, want ErrNoUser", err)
	}
	if groups, err := users.Groups(t.Context(), &auth.User{ID: other}); len(groups) != 0 || err != nil {
		t.Errorf("Groups: %v, %v", groups, err)
	}
	u, err := users.Get(t.Context(), "ann@example.com")
	if err != nil || !u.LastLogin.IsZero() {
		t.Fatalf("Get: %+v, %v", u, err)
	}
	if groups, err := users.Groups(t.Context(), u); !slices.Equal(groups, []string{"editors"}) || err != nil {
		t.Errorf("Groups: %v, %v", groups, err)
	}
	if u, err := users.GetByUsername(t.Context(), other); err != nil || u.ID != "ann@example.com" { // as Django
		t.Errorf("GetByUsername: %+v, %v", u, err)
	}
}
