package tables_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

func storedPassword(t *testing.T, db *sql.DB, id string) (password sql.NullString) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT password FROM auth_user WHERE id = ?", id).Scan(&password); err != nil {
		t.Fatal(err)
	}
	return password
}

// The column considers "encoded" and "ENCODED" equal.
func TestPasswordIsReplacedOnlyIfItIsTheExpectedOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored       any
		old, encoded auth.Secret
		want         error
	}{
		"expected":           {stored: "encoded", old: "encoded", encoded: "new"},
		"the same again":     {stored: "encoded", old: "encoded", encoded: "encoded"},
		"empty":              {stored: "", old: "", encoded: "new"},
		"null":               {stored: nil, old: "", encoded: "new"},
		"another":            {stored: "another", old: "encoded", encoded: "new", want: auth.ErrPasswordChanged},
		"already the new":    {stored: "new", old: "encoded", encoded: "new", want: auth.ErrPasswordChanged},
		"other case":         {stored: "ENCODED", old: "encoded", encoded: "new", want: auth.ErrPasswordChanged},
		"not empty":          {stored: "encoded", old: "", encoded: "new", want: auth.ErrPasswordChanged},
		"a space":            {stored: " ", old: "", encoded: "new", want: auth.ErrPasswordChanged},
		"was empty":          {stored: "", old: "encoded", encoded: "new", want: auth.ErrPasswordChanged},
		"was null":           {stored: nil, old: "encoded", encoded: "new", want: auth.ErrPasswordChanged},
		"with a zero byte":   {stored: "encoded", old: "encoded\x00", encoded: "new", want: auth.ErrPasswordChanged},
		"not UTF-8":          {stored: "encoded", old: "\xff", encoded: "new", want: auth.ErrPasswordChanged},
		"different from old": {stored: "another", old: "encoded", encoded: "encoded", want: auth.ErrPasswordChanged},
	} {
		db, _ := newUserDatabase(t, `CREATE TABLE auth_user (id integer PRIMARY KEY, username text, password text COLLATE NOCASE NULL)`)
		users := newUsers(t, db, tables.UserOptions{
			Model: "auth.User", Table: "auth_user", // which has no further fields
			Without: tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField | tables.LastLoginField |
				tables.PermissionFields,
		})
		_, err := db.ExecContext(t.Context(), "INSERT INTO auth_user VALUES (1, 'anne', ?), (2, 'bob', ?)", c.stored, c.stored)
		if err != nil {
			t.Fatal(err)
		}
		if err := users.ReplacePassword(t.Context(), "1", c.old, c.encoded); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		want := c.stored
		if c.want == nil {
			want = string(c.encoded)
		}
		if got := storedPassword(t, db, "1"); got.Valid != (want != nil) || got.Valid && got.String != want {
			t.Errorf("%s: stored %q, want %q", name, got.String, want)
		}
		if got := storedPassword(t, db, "2"); got.Valid != (c.stored != nil) || got.Valid && got.String != c.stored {
			t.Errorf("%s: the other user has %q", name, got.String)
		}
	}
}

func TestPasswordThatCannotBeReplaced(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	model := tables.UserOptions{Model: "auth.User"}
	readOnly, without := model, model
	readOnly.ReadOnly = true
	without.Without, without.NoHash = tables.PasswordField, true
	for name, c := range map[string]struct {
		options tables.UserOptions
		id      string
		want    error
	}{
		"unknown id":       {options: model, id: "3", want: auth.ErrNoUser},
		"bad id":           {options: model, id: "01", want: auth.ErrBadID},
		"read-only":        {options: readOnly, id: "1", want: djangosession.ErrReadOnly},
		"without password": {options: without, id: "1", want: errors.ErrUnsupported},
	} {
		if err := newUsers(t, db, c.options).ReplacePassword(t.Context(), c.id, "encoded", "new"); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	if got := storedPassword(t, db, "1"); got.String != "encoded" {
		t.Errorf("stored %q", got.String)
	}
}
