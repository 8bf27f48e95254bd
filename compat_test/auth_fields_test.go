package compat_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// employee is a user as Django reads it, with all fields as text.
type employee struct {
	PK        string            `json:"pk"`
	FullName  string            `json:"full_name"`
	ShortName string            `json:"short_name"`
	Email     string            `json:"email"`
	Fields    map[string]string `json:"fields"`
}

// describedModel adds to the settings what the settings script finds about the model.
func (p *authPair) describedModel(t *testing.T, m djangosession.UserModel) djangosession.Settings {
	t.Helper()
	if err := py.Scan(p.django.do(t, "fields", nil), &m.Fields, nil); err != nil {
		t.Fatal(err)
	}
	s := p.sessions.Settings()
	s.UserModel = m
	return s
}

func employeeModel() djangosession.UserModel {
	return djangosession.UserModel{
		Model: "auth_people.Employee", Table: "auth_people_employee", IDColumn: "id", IDType: "integer",
		UsernameColumn: "username", UsernameField: "username", EmailField: "mail", PasswordColumn: "password",
		IsActiveColumn: "is_active", IsStaffColumn: "is_staff", IsSuperuserColumn: "is_superuser", LastLoginColumn: "last_login",
		SessionAuthHash: "django",
	}
}

// TestFieldsOfUsersAreTheSame reads a field of every type through every driver.
func TestFieldsOfUsersAreTheSame(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		for _, useTZ := range []bool{true, false} {
			for _, release := range releases() {
				t.Run(fmt.Sprintf("%s/%v/%s", product, useTZ, release), func(t *testing.T) {
					t.Parallel()
					p := newAuthPair(t, release, product, "auth_people.Employee", useTZ, nil)
					s := p.describedModel(t, employeeModel())
					var employees []employee
					if err := py.Scan(p.django.do(t, "make_employees", map[string]any{"password": "x"}), &employees, nil); err != nil {
						t.Fatal(err)
					}
					var names []string
					for _, f := range s.UserModel.Fields {
						if f.Name != "password" {
							names = append(names, f.Name)
						}
					}
					for source, db := range p.everyDriver(t) {
						users, err := tables.NewUsers(db, s, tables.UserOptions{Dialect: p.base.dialect, Fields: names})
						if err != nil {
							t.Fatal(err)
						}
						for _, want := range employees {
							compareEmployee(t, source, users, want, s.UseTZ)
						}
					}
				})
			}
		}
	}
}

// everyDriver opens the database with every driver and parameter that the tests try. They
// are closed with the test.
func (p *authPair) everyDriver(t *testing.T) map[string]*sql.DB {
	t.Helper()
	all := map[string]*sql.DB{"default": p.base.open(t)}
	if sources := productNamed(p.base.product).sources; sources != nil {
		for _, source := range sources(p.base.server, p.base.name) {
			db, err := sql.Open(source.driver, source.dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			all[source.name] = db
		}
	}
	return all
}

func compareEmployee(t *testing.T, source string, users *tables.Users, want employee, useTZ bool) {
	t.Helper()
	loc := time.UTC
	if !useTZ {
		loc = berlin(t)
	}
	u, err := users.Get(t.Context(), want.PK)
	if err != nil {
		t.Errorf("%s: %v", source, err)
		return
	}
	if u.GetFullName() != want.FullName || u.GetShortName() != want.ShortName || u.Email != want.Email ||
		shown(t, u.DateJoined, loc) != want.Fields["date_joined"] || len(u.Fields) != len(want.Fields)-1 {
		t.Errorf("%s: read %q, %q, %q, %v, %d fields", source, u.GetFullName(), u.GetShortName(), u.Email, u.DateJoined, len(u.Fields))
	}
	for name, value := range u.Fields {
		if got := shown(t, value, loc); got != want.Fields[name] {
			t.Errorf("%s: %s: Go reads %s, Django %s", source, name, got, want.Fields[name])
		}
	}
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// shown writes a value as the function of this name in auth_peer.py. Dates become
// readings of a clock in loc.
func shown(t *testing.T, v any, loc *time.Location) string {
	t.Helper()
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case string:
		var parsed map[string]any
		if json.Unmarshal([]byte(v), &parsed) == nil {
			text, err := json.Marshal(parsed)
			if err != nil {
				t.Error(err)
			}
			return string(text)
		}
	case []byte:
		return hex.EncodeToString(v)
	case time.Time:
		return strconv.FormatInt(py.NaiveIn(v, loc).Time.UnixMicro(), 10)
	case time.Duration:
		return strconv.FormatInt(v.Microseconds(), 10)
	}
	return fmt.Sprint(v)
}
