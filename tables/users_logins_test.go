package tables_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// Django's SQLite backend compiles iexact to LIKE, which ignores the case of ASCII
// letters.
func TestUsersAreFoundByTheirLoginFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		fields     []string
		ignoreCase bool
		login      string
		want       string // the user's name
		err        error
	}{
		{name: "default", login: "anne", want: "anne"},
		{name: "default, other case", login: "Anne", err: auth.ErrNoUser},
		{name: "any case", ignoreCase: true, login: "ANNE", want: "anne"},
		{name: "email", fields: []string{"mail"}, login: "anne@example.com", want: "anne"},
		{name: "email, other case", fields: []string{"mail"}, login: "Anne@example.com", err: auth.ErrNoUser},
		{name: "email in any case", fields: []string{"mail"}, ignoreCase: true, login: "Anne@Example.com", want: "anne"},
		{name: "name alone is no email", fields: []string{"mail"}, login: "anne", err: auth.ErrNoUser},
		{name: "name of both", fields: []string{"username", "mail"}, login: "anne", want: "anne"},
		{name: "email of both", fields: []string{"username", "mail"}, login: "anne@example.com", want: "anne"},
		{name: "email that is another's name", fields: []string{"username", "mail"}, login: "b@example.com", err: tables.ErrSeveralUsers},
		{name: "names that differ by case", ignoreCase: true, login: "carol", err: tables.ErrSeveralUsers},
		{name: "of them the exact one", login: "carol", want: "carol"},
		{name: "percent sign", ignoreCase: true, login: "a%", err: auth.ErrNoUser},
		{name: "underscore", ignoreCase: true, login: "ann_", err: auth.ErrNoUser},
		{name: "wildcards in a name", ignoreCase: true, login: "X_%!Y\\", want: "x_%!y\\"},
		{name: "no wildcards in a name", ignoreCase: true, login: "xa%!y\\", err: auth.ErrNoUser},
	} {
		db, _ := newUserDatabase(t, employeeDDL+`INSERT INTO shop_employee (id, username, password, "e mail") VALUES
			(3, 'b@example.com', '', 'x@example.com'), (4, 'dora', '', 'b@example.com'), (5, 'carol', '', NULL), (6, 'Carol', '', NULL),
			(7, 'x_%!y\', '', NULL)`)
		s := settings()
		s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), employeeModel()
		users, err := tables.NewUsers(db, s, tables.UserOptions{LoginFields: c.fields, IgnoreCase: c.ignoreCase})
		if err != nil {
			t.Fatal(err)
		}
		u, err := users.GetByUsername(t.Context(), c.login)
		if !errors.Is(err, c.err) || (u != nil) != (c.err == nil) || u != nil && u.Username != c.want {
			t.Errorf("%s: found %v, %v", c.name, u, err)
		}
	}
}

func TestLoginFieldsThatCannotBeComparedAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, employeeDDL)
	for field, want := range map[string]string{"fax": "its fields are id, username", "score": "text field", "password": "text field"} {
		s := settings()
		s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), employeeModel()
		_, err := tables.NewUsers(db, s, tables.UserOptions{LoginFields: []string{field}})
		var wrong *djangosession.SettingError
		if !errors.As(err, &wrong) || wrong.Setting != "UserOptions" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
