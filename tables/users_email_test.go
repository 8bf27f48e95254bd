package tables_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

func TestUsersAreFoundByTheirAddressInAnyCase(t *testing.T) {
	t.Parallel()
	users := newEmployees(t, true)
	for address, want := range map[string]int{
		"anne@example.com": 1, "ANNE@Example.com": 1, "ann_@example.com": 0, "%": 0, "": 0, "a\x00": 0, "\xff": 0,
	} {
		found, err := users.UsersByEmail(t.Context(), address)
		if err != nil || len(found) != want || want > 0 && found[0].Email != "anne@example.com" {
			t.Errorf("%q: %d users, %v", address, len(found), err)
		}
	}
}

// The options do not name the column.
func TestUsersWithoutDescribedFieldsAreNotFoundByAddress(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	users, err := tables.NewUsers(db, settings(), tables.UserOptions{Dialect: tables.SQLite{}, Model: "shop.User", Table: "auth_user"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = users.UsersByEmail(t.Context(), "anne@example.com")
	if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "USER_MODEL" {
		t.Errorf("error %v", err)
	}
}

// A comparison with the column would find no user, or another one.
func TestUsersWithComputedAddressesAreNotFoundByAddress(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, "")
	s := settings()
	s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), accountModel()
	s.UserModel.EmailField, s.UserModel.EmailComputed = s.UserModel.UsernameField, true
	users, err := tables.NewUsers(db, s, tables.UserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = users.UsersByEmail(t.Context(), "anne@example.com")
	checkSource(t, "by address", err, "computes or converts")
}
