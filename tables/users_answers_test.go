package tables_test

import (
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// questions are all queries about a user.
func questions(t *testing.T, users *tables.Users, u *auth.User) map[string]func() error {
	t.Helper()
	ctx := t.Context()
	return map[string]func() error{
		"Get":             func() error { _, err := users.Get(ctx, u.ID); return err },
		"GetByUsername":   func() error { _, err := users.GetByUsername(ctx, "anne"); return err },
		"SetLastLogin":    func() error { return users.SetLastLogin(ctx, u.ID, time.Now()) },
		"ReplacePassword": func() error { return users.ReplacePassword(ctx, u.ID, "encoded", "new") },
		"Groups":          func() error { _, err := users.Groups(ctx, u); return err },
		"Permissions":     func() error { _, err := users.Permissions(ctx, u); return err },
	}
}

// The database has no tables. The error says so, and never that a user does not exist.
func TestFaultsOfTheDatabaseAreNoMissingUsers(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, `CREATE TABLE "other" ("id" integer)`)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	for name, ask := range questions(t, users, &auth.User{ID: "1"}) {
		if err := ask(); !errors.Is(err, tables.ErrNoTable) || errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%s: error %v, want ErrNoTable", name, err)
		}
	}
}

func TestUsersThatAreMissing(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	ctx := t.Context()
	for name, ask := range map[string]func() (*auth.User, error){
		"unknown id":         func() (*auth.User, error) { return users.Get(ctx, "3") },
		"unknown name":       func() (*auth.User, error) { return users.GetByUsername(ctx, "carol") },
		"impossible name":    func() (*auth.User, error) { return users.GetByUsername(ctx, "an\x00ne") },
		"name that is UTF-8": func() (*auth.User, error) { return users.GetByUsername(ctx, "\xff") },
		"time of nobody":     func() (*auth.User, error) { return nil, users.SetLastLogin(ctx, "3", time.Now()) },
	} {
		if u, err := ask(); !errors.Is(err, auth.ErrNoUser) || u != nil {
			t.Errorf("%s: %v, %v; want ErrNoUser", name, u, err)
		}
	}
	for _, id := range []string{"", "x", "1.0", "01", "+1", "9223372036854775808"} {
		if u, err := users.Get(ctx, id); !errors.Is(err, auth.ErrBadID) || u != nil {
			t.Errorf("id %q: %v, %v; want ErrBadID", id, u, err)
		}
		for name, ask := range questions(t, users, &auth.User{ID: id}) {
			if name != "GetByUsername" && !errors.Is(ask(), auth.ErrBadID) {
				t.Errorf("id %q: %s: %v", id, name, ask())
			}
		}
	}
}

func TestUsersFoundByNameAndID(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	ctx := t.Context()
	at := time.Date(2026, 2, 3, 4, 5, 6, 7_000, time.UTC)
	if err := users.SetLastLogin(ctx, "1", at.Add(999)); err != nil { // Python has microseconds
		t.Fatal(err)
	}
	if err := users.SetLastLogin(ctx, "1", at); err != nil {
		t.Errorf("the same time again: %v", err)
	}
	var stored string
	if err := db.QueryRowContext(ctx, "SELECT CAST(last_login AS TEXT) FROM auth_user WHERE id = 1").Scan(&stored); err != nil ||
		stored != "2026-02-03 04:05:06.000007" {
		t.Errorf("stored %q, %v", stored, err)
	}
	byID, err := users.Get(ctx, "1")
	if err != nil {
		t.Fatal(err)
	}
	byName, err := users.GetByUsername(ctx, "anne")
	if err != nil {
		t.Fatal(err)
	}
	for name, u := range map[string]*auth.User{"by id": byID, "by name": byName} {
		if u.ID != "1" || u.Username != "anne" || string(u.Password) != "encoded" || !u.IsActive || !u.IsStaff ||
			u.IsSuperuser || !u.LastLogin.Equal(at) || u.NoHash {
			t.Errorf("%s: %+v", name, u)
		}
	}
	bob, err := users.GetByUsername(ctx, "bob")
	if err != nil || bob.ID != "2" || bob.IsActive || bob.IsStaff || !bob.IsSuperuser || !bob.LastLogin.IsZero() {
		t.Errorf("bob: %+v, %v", bob, err)
	}
}

func TestSeveralUsersOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	if _, err := db.ExecContext(t.Context(), "UPDATE auth_user SET first_name = 'same'"); err != nil {
		t.Fatal(err)
	}
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User", UsernameColumn: "first_name"})
	if u, err := users.GetByUsername(t.Context(), "same"); !errors.Is(err, tables.ErrSeveralUsers) || u != nil {
		t.Errorf("%v, %v; want ErrSeveralUsers", u, err)
	}
}

// No migration creates such tables. Groups and permissions that cannot be read are
// neither granted nor silently dropped.
func TestNullsWhereTextBelongsAreErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ ddl, question string }{
		"group": {
			`DROP TABLE auth_group; CREATE TABLE auth_group (id integer, name text); INSERT INTO auth_group VALUES (1, NULL)`, "Groups",
		},
		"codename": {
			`DROP TABLE auth_permission; CREATE TABLE auth_permission (id integer, content_type_id integer, codename text);
				INSERT INTO auth_permission VALUES (1, 1, NULL)`, "Permissions",
		},
		"flag": {`UPDATE auth_user SET is_active = 'perhaps'`, "Get"},
	} {
		db, _ := newUserDatabase(t, userDDL)
		if _, err := db.ExecContext(t.Context(), c.ddl); err != nil {
			t.Fatal(err)
		}
		users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
		if err := questions(t, users, &auth.User{ID: "1"})[c.question](); err == nil || errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestModelsWithoutGroupsAskNothing(t *testing.T) {
	t.Parallel()
	db, c := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User", Without: tables.PermissionFields})
	for _, id := range []string{"1", "2", "x"} {
		u := &auth.User{ID: id, IsSuperuser: id == "2"}
		groups, err := users.Groups(t.Context(), u)
		permissions, permissionsErr := users.Permissions(t.Context(), u)
		if groups != nil || err != nil || permissions != nil || permissionsErr != nil {
			t.Errorf("%v, %v, %v, %v", groups, err, permissions, permissionsErr)
		}
	}
	if n := c.statements.Load(); n != 0 {
		t.Errorf("%d statements", n)
	}
}

func TestModelsWithoutLastLoginStoreNone(t *testing.T) {
	t.Parallel()
	db, c := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User", Without: tables.LastLoginField})
	if err := users.SetLastLogin(t.Context(), "1", time.Now()); err != nil || c.statements.Load() != 0 {
		t.Errorf("%v after %d statements", err, c.statements.Load())
	}
	if u, err := users.Get(t.Context(), "1"); err != nil || !u.LastLogin.IsZero() {
		t.Errorf("%v, %v", u, err)
	}
}
