package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// interrupted is a server that ends its first response after one row because of a
// conflict.
type interrupted struct{ asked int }

func (i *interrupted) Connect(context.Context) (driver.Conn, error) { return i, nil }
func (*interrupted) Driver() driver.Driver                          { return nil }
func (*interrupted) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }

func (*interrupted) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (*interrupted) Close() error              { return nil }

func (i *interrupted) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	i.asked++
	return &twoGroups{conflict: i.asked == 1}, nil
}

// twoGroups has the names of two groups, or only one and an error.
type twoGroups struct {
	conflict bool
	read     int
}

func (*twoGroups) Columns() []string { return []string{"name"} }
func (*twoGroups) Close() error      { return nil }

func (g *twoGroups) Next(values []driver.Value) error {
	g.read++
	if g.conflict && g.read == 2 {
		return stateError("40001")
	}
	all := []string{"admins", "editors"}
	if g.read > len(all) {
		return io.EOF
	}
	values[0] = all[g.read-1]
	return nil
}

// Each row is returned once, although a first response had begun.
func TestQueriesThatAreRepeatedStartAgain(t *testing.T) {
	t.Parallel()
	server := &interrupted{}
	db := sql.OpenDB(server)
	defer db.Close() //nolint:errcheck // nothing is behind it
	users, err := tables.NewUsers(db, settings(), tables.UserOptions{Model: "auth.User", Dialect: tables.PostgreSQL{}, LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	groups, err := users.Groups(t.Context(), &auth.User{ID: "1"})
	if err != nil || !slices.Equal(groups, []string{"admins", "editors"}) || server.asked != 2 {
		t.Errorf("%q, %v; asked %d times", groups, err, server.asked)
	}
}

// The ids have more than one digit.
func TestIDsAreDecimal(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL+`
INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
	VALUES (10, '', 0, 'ten', '', '', 0, 1, '2026-01-01 00:00:00', ''),
		(9223372036854775807, '', 0, 'last', '', '', 0, 1, '2026-01-01 00:00:00', ''),
		(-3, '', 0, 'negative', '', '', 0, 1, '2026-01-01 00:00:00', '')`)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	for id, name := range map[string]string{"10": "ten", "9223372036854775807": "last", "-3": "negative"} {
		if u, err := users.Get(t.Context(), id); err != nil || u.Username != name || u.ID != id {
			t.Errorf("%s: %v, %v", id, u, err)
		}
	}
	for _, id := range []string{"a", "1a", "0x10", "1_0", "010", "-0", " 1", "1 "} {
		if u, err := users.Get(t.Context(), id); !errors.Is(err, auth.ErrBadID) || u != nil {
			t.Errorf("%q: %v, %v", id, u, err)
		}
	}
}

// Each case has one impossible name or type.
func TestNamesThatNoDatabaseHasAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, "")
	for name, model := range map[string]tables.UserOptions{
		"table": {Table: "a\x00"}, "id": {IDColumn: "a\x00"}, "name": {UsernameColumn: "\xff"}, "groups": {GroupsTable: "\xff"},
		"permissions": {UserPermissionsTable: "\xff"}, "user": {UserColumn: "a\x00"}, "last_login": {LastLoginColumn: "a\x00"},
		"is_staff": {IsStaffColumn: "\xff"}, "type below": {IDType: tables.IntegerKey - 2}, "type above": {IDType: tables.TextKey + 1},
	} {
		model.Dialect, model.Model = tables.SQLite{}, "auth.User"
		users, err := tables.NewUsers(db, settings(), model)
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "UserOptions" || users != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
