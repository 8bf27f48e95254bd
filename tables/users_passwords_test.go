package tables_test

import (
	"maps"
	"strconv"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

func TestPasswordsOfManyUsersTakeFewQueries(t *testing.T) {
	t.Parallel()
	db, c := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	ids := append(make([]string, 0, 700), "2", "1", "1", "3", "x", "01", "")
	for i := range 600 {
		ids = append(ids, strconv.Itoa(1000+i))
	}
	got, err := users.Passwords(t.Context(), ids)
	if want := map[string]auth.Secret{"1": "encoded", "2": ""}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%d passwords, %v", len(got), err)
	}
	if n := c.statements.Load(); n != 2 {
		t.Errorf("%d statements", n)
	}
	if got, err := users.Passwords(t.Context(), []string{"x", ""}); err != nil || len(got) != 0 || c.statements.Load() != 2 {
		t.Errorf("ids of no user: %d passwords, %v", len(got), err)
	}
}

func TestPasswordsAreFoundByEachKindOfID(t *testing.T) {
	t.Parallel()
	const uuid = "12345678-1234-1234-1234-123456789abc"
	for kind, c := range map[tables.IDType]struct{ stored, id string }{
		tables.UUIDKey: {stored: "12345678123412341234123456789abc", id: uuid}, tables.TextKey: {stored: "ann", id: "ann"},
	} {
		db, _ := newUserDatabase(t, `CREATE TABLE shop_user (id text, password text, last_login text, username text, is_active bool);
			INSERT INTO shop_user VALUES ('`+c.stored+`', 'encoded', NULL, 'ann', 1)`)
		users := newUsers(t, db, tables.UserOptions{
			Model: "shop.User", IDType: kind, Without: tables.PermissionFields,
		})
		got, err := users.Passwords(t.Context(), []string{c.id, "bob"})
		if want := map[string]auth.Secret{c.id: "encoded"}; err != nil || !maps.Equal(got, want) {
			t.Errorf("%v: %d passwords, %v", kind, len(got), err)
		}
	}
}

func TestCountIncludesExpiredRows(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	site.exec(t, `INSERT INTO django_session VALUES ('a', 'x', '2999-01-01 00:00:00'), ('b', 'x', '1999-01-01 00:00:00')`)
	if n, err := site.engine.Count(t.Context()); n != 2 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}
