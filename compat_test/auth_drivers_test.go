package compat_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// TestUsersThroughEveryDriver reads and writes users with every driver, and with every
// parameter of a data source name that matters.
func TestUsersThroughEveryDriver(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		for _, model := range []string{"auth_people.Person", "auth_people.Account", "auth_people.Member"} {
			t.Run(product+"/"+model, func(t *testing.T) {
				t.Parallel()
				p := newAuthPair(t, newest()[0], product, model, true, nil)
				absent := "12345678901234567890123456789012"
				switch model {
				case "auth_people.Person":
					p.model.Table, p.model.IDColumn, p.model.Without = "Persons", "number", tables.IsStaffField
					absent = "9223372036854775807"
				case "auth_people.Account":
					p.model.IDType, p.model.UsernameColumn, p.model.IsActiveColumn = tables.UUIDKey, "E mail", "order"
				case "auth_people.Member":
					p.model.IDColumn, p.model.UsernameColumn, p.model.IDType = "code", "code", tables.TextKey
					p.model.Without = tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField | tables.LastLoginField |
						tables.PermissionFields
				}
				pk := p.makeUser(t, "Zoë", nil)
				groups := p.model.Without&tables.PermissionFields == 0
				if groups {
					p.django.do(t, "grant", map[string]any{"pk": pk, "groups": map[string]any{"g": []any{"auth.add_group"}}})
				}
				for i, source := range productNamed(product).sources(p.base.server, p.base.name) {
					db, err := sql.Open(source.driver, source.dsn)
					if err != nil {
						t.Fatal(err)
					}
					users, err := tables.NewUsers(db, p.sessions.Settings(), p.model)
					if err != nil {
						t.Fatal(err)
					}
					at := time.Date(2026, 3, 4, 5, 6, i, 789000, time.UTC)
					err = errors.Join(users.Check(t.Context()), users.SetLastLogin(t.Context(), pk, at))
					u, getErr := users.Get(t.Context(), pk)
					if err := errors.Join(err, getErr); err != nil {
						t.Errorf("%s: %v", source.name, err)
						continue
					}
					if u.ID != pk || u.Username != "Zoë" || !u.IsActive || groups && !u.LastLogin.Equal(at) {
						t.Errorf("%s: %+v, last login %v", source.name, u, u.LastLogin)
					}
					if byName, err := users.GetByUsername(t.Context(), "Zoë"); err != nil || byName.ID != pk {
						t.Errorf("%s: by name: %v, %v", source.name, byName, err)
					}
					if _, err := users.Get(t.Context(), absent); !errors.Is(err, auth.ErrNoUser) {
						t.Errorf("%s: a user who is not there: %v", source.name, err)
					}
					all, err := users.Permissions(t.Context(), u)
					if err != nil || groups && (len(all) != 1 || all[0] != "auth.add_group") {
						t.Errorf("%s: permissions %v, %v", source.name, all, err)
					}
					if in, err := users.Groups(t.Context(), u); err != nil || groups && (len(in) != 1 || in[0] != "g") {
						t.Errorf("%s: groups %v, %v", source.name, in, err)
					}
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}
