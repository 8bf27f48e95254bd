package tables_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

const employeeDDL = `
CREATE TABLE shop_employee (id integer PRIMARY KEY, username text, password text, "e mail" varchar(254) NULL, first_name text, last_name text,
	date_joined datetime, score bigint NULL, small smallint NULL, member bool NULL, phone varchar(20) NULL, born date NULL, wakes time NULL,
	seen datetime NULL, salary decimal NULL, token char(32) NULL, prefs text NULL CHECK (json_valid(prefs) OR prefs IS NULL), rate real NULL,
	key BLOB NULL, vacation bigint NULL, ip char(39) NULL, team_id integer NULL, tags text NULL);
INSERT INTO shop_employee VALUES (1, 'anne', 'pw', 'anne@example.com', 'Anne', 'Smith', '2026-01-02 03:04:05.678901', 9223372036854775807, -3,
	1, '+1 "☃', '1999-12-31', '07:30:00.000001', '2026-07-01 10:00:00', 1234.5, '123456781234123412341234567890ab', '{"a": [1, null]}', 0.1,
	x'00ff', -90000001, '2001:db8::1', 7, '');
INSERT INTO shop_employee (id, username, password, first_name, last_name) VALUES (2, 'bob', 'pw', '', NULL);`

// employeeModel is the model of employeeDDL, as the settings script describes it.
func employeeModel() djangosession.UserModel {
	m := djangosession.UserModel{
		Model: "shop.Employee", Table: "shop_employee", IDColumn: "id", IDType: "integer", UsernameColumn: "username",
		UsernameField: "username", EmailField: "mail", PasswordColumn: "password", SessionAuthHash: "django",
	}
	for _, f := range [][3]string{
		{"id", "id", "AutoField"},
		{"username", "username", "CharField"},
		{"password", "password", "CharField"},
		{"mail", "e mail", "CharField"},
		{"first_name", "first_name", "CharField"},
		{"last_name", "last_name", "CharField"},
		{"date_joined", "date_joined", "DateTimeField"},
		{"score", "score", "BigIntegerField"},
		{"small", "small", "SmallIntegerField"},
		{"member", "member", "BooleanField"},
		{"phone", "phone", "CharField"},
		{"born", "born", "DateField"},
		{"wakes", "wakes", "TimeField"},
		{"seen", "seen", "DateTimeField"},
		{"salary", "salary", "DecimalField"},
		{"token", "token", "UUIDField"},
		{"prefs", "prefs", "JSONField"},
		{"rate", "rate", "FloatField"},
		{"key", "key", "BinaryField"},
		{"vacation", "vacation", "DurationField"},
		{"ip", "ip", "GenericIPAddressField"},
		{"team_id", "team_id", "AutoField"},
		{"tags", "tags", "ArrayField"},
	} {
		m.Fields = append(m.Fields, djangosession.UserField{Name: f[0], Column: f[1], Type: f[2], Null: true})
	}
	return m
}

func newEmployees(t *testing.T, useTZ bool, fields ...string) *tables.Users {
	t.Helper()
	db, _ := newUserDatabase(t, employeeDDL)
	s := settings()
	s.UseTZ, s.TimeZone = useTZ, "Europe/Berlin"
	s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), employeeModel()
	users, err := tables.NewUsers(db, s, tables.UserOptions{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return users
}

func TestFieldsHaveTheTypesOfTheModel(t *testing.T) {
	t.Parallel()
	want := map[string]any{
		"score": int64(9223372036854775807), "small": int64(-3), "member": true, "phone": "+1 \"☃", "born": py.Date{Year: 1999, Month: 12, Day: 31},
		"wakes": py.Time{Hour: 7, Minute: 30, Microsecond: 1}, "salary": "1234.5", "prefs": `{"a": [1, null]}`, "rate": 0.1, "key": []byte{0, 255},
		"vacation": -90000001 * time.Microsecond, "ip": "2001:db8::1", "team_id": int64(7), "mail": "anne@example.com",
		"token": py.UUID{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x90, 0xab},
	}
	names := append(make([]string, 0, len(want)+1), "seen")
	for name := range want {
		names = append(names, name)
	}
	for useTZ, hour := range map[bool]int{true: 10, false: 8} { // Django stores UTC, or the clock of Berlin
		users := newEmployees(t, useTZ, names...)
		anne, err := users.Get(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		if seen, err := auth.FieldAs[time.Time](anne, "seen"); !seen.Equal(time.Date(2026, 7, 1, hour, 0, 0, 0, time.UTC)) || err != nil {
			t.Errorf("USE_TZ %v: %v, %v", useTZ, seen, err)
		}
		for name, v := range want {
			if got, err := anne.Field(name); !reflect.DeepEqual(got, v) || err != nil {
				t.Errorf("%s: %#v, %v, want %#v", name, got, err, v)
			}
		}
		bob, err := users.GetByUsername(t.Context(), "bob")
		if err != nil || len(bob.Fields) != len(names) {
			t.Fatalf("%d fields, %v", len(bob.Fields), err)
		}
		for name, v := range bob.Fields {
			if v != nil {
				t.Errorf("NULL in %s is %#v", name, v)
			}
		}
	}
}

func TestUsersHaveTheirNamesAndAddress(t *testing.T) {
	t.Parallel()
	for useTZ, hour := range map[bool]int{true: 3, false: 2} {
		users := newEmployees(t, useTZ)
		anne, err := users.Get(t.Context(), "1")
		joined := time.Date(2026, 1, 2, hour, 4, 5, 678901000, time.UTC)
		if err != nil || anne.Email != "anne@example.com" || anne.GetFullName() != "Anne Smith" || anne.GetShortName() != "Anne" ||
			!anne.DateJoined.Equal(joined) || anne.Fields != nil {
			t.Errorf("%+v, %v", anne, err)
		}
		if bob, err := users.Get(t.Context(), "2"); err != nil || bob.Email != "" || bob.GetFullName() != "" || !bob.DateJoined.IsZero() {
			t.Errorf("%+v, %v", bob, err)
		}
	}
}

// The reset links of Django depend on the address.
func TestFieldsOfDjangosOwnModelAreKnown(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	_, err := db.ExecContext(t.Context(), `UPDATE auth_user SET email = 'a@b', first_name = 'Anne', last_name = 'Smith',
		date_joined = '2026-01-02 03:04:05' WHERE id = 1`)
	if err != nil {
		t.Fatal(err)
	}
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User", LoginFields: []string{"username", "email"}})
	u, err := users.GetByUsername(t.Context(), "a@b")
	if err != nil || u.ID != "1" || u.Email != "a@b" || u.GetFullName() != "Anne Smith" ||
		!u.DateJoined.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v, %v", u, err)
	}
	if found, err := users.UsersByEmail(t.Context(), "A@b"); err != nil || len(found) != 1 || found[0].ID != "1" {
		t.Errorf("%v, %v", found, err)
	}
}

// The options do not describe the fields of other models.
func TestUsersWithoutDescribedFieldsHaveNoNames(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "shop.User", Table: "auth_user"})
	if _, err := db.ExecContext(t.Context(), "UPDATE auth_user SET email = 'a@b', first_name = 'Anne'"); err != nil {
		t.Fatal(err)
	}
	u, err := users.Get(t.Context(), "1")
	if err != nil || u.Email != "" || u.FirstName != "" || !u.DateJoined.IsZero() {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestFieldsThatCannotBeReadAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, employeeDDL)
	for _, c := range []struct {
		name    string
		fields  []string
		unknown bool // the settings do not describe the fields
		err     string
	}{
		{name: "unknown", fields: []string{"phone", "fax"}, err: "first_name, last_name, date_joined"},
		{name: "by its column", fields: []string{"e mail"}, err: `"e mail"`},
		{name: "older file", fields: []string{"phone"}, unknown: true, err: "export them again"},
		{name: "password", fields: []string{"password"}, err: "User.Password"},
		{name: "of another type", fields: []string{"tags"}, err: "ArrayField"},
		{name: "twice", fields: []string{"phone", "phone"}, err: "twice"},
	} {
		s := settings()
		s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), employeeModel()
		if c.unknown {
			s.UserModel.Fields = nil
		}
		_, err := tables.NewUsers(db, s, tables.UserOptions{Fields: c.fields})
		var wrong *djangosession.SettingError
		if !errors.As(err, &wrong) || wrong.Setting != "UserOptions" || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// SQLite stores any value in any column. The errors name the column but not the value.
func TestValuesOfOtherTypesAreErrors(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, employeeDDL)
	s := settings()
	s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), employeeModel()
	for _, name := range []string{"score", "member", "born", "wakes", "token", "rate", "vacation"} {
		users, err := tables.NewUsers(db, s, tables.UserOptions{Fields: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE shop_employee SET "+name+" = 'secret' WHERE id = 1"); err != nil {
			t.Fatal(err)
		}
		if u, err := users.Get(t.Context(), "1"); err == nil || u != nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	users := newEmployees(t, true, "seen", "vacation")
	if u, err := users.Get(t.Context(), "2"); err != nil || u.Fields["seen"] != nil {
		t.Errorf("%v, %v", u, err)
	}
}
