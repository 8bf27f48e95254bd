package compat_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// noisySettings print while they are loaded, on a line that they do not end. Users have a
// model of their own, in a database of their own.
const noisySettings = `
import os
print("loading the settings", {"SECRET_KEY": 1})
print("and more", end="", flush=True)
os.write(1, b"written without print")
INSTALLED_APPS += ["auth_people"]
AUTH_USER_MODEL = "auth_people.Account"
DATABASES["people"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": "people", "TIME_ZONE": "Europe/Berlin"}
DATABASE_ROUTERS = ["shop.routers.Router"]
`

// peopleRouter keeps users in a database of their own.
const peopleRouter = `
print("loading the routers")


class Router:
    def db_for_read(self, model, **hints):
        return "people" if model._meta.app_label == "auth_people" else None

    db_for_write = db_for_read
`

// scriptLine pipes SettingsScript into the shell, with settings of this module. With
// late, the input comes when the shell already waits for a person to type.
func (p project) scriptLine(module string, late bool) []byte {
	p.t.Helper()
	p.write("script.py", djangosession.SettingsScript)
	feed := "cat script.py"
	if late {
		feed = "(sleep 15; cat script.py)"
	}
	return p.run(feed + " | DJANGO_SETTINGS_MODULE=shop." + module + " python manage.py shell")
}

// TestSettingsScript pipes the script into "manage.py shell" of each release.
func TestSettingsScript(t *testing.T) {
	t.Parallel()
	people, err := filepath.Abs(filepath.Join("apps", "auth_people"))
	if err != nil {
		t.Fatal(err)
	}
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, release)
			if err := os.Symlink(people, filepath.Join(shop.dir, "auth_people")); err != nil {
				t.Fatal(err)
			}
			shop.write("shop/routers.py", peopleRouter)
			shop.write("shop/noisy.py", "from shop.settings import *\n"+noisySettings)
			s, found, err := djangosession.ReviewSettings(bytes.NewReader(shop.scriptLine("settings", false)))
			if err != nil || len(found) > 0 {
				t.Errorf("a new project: %v, %v", found, err)
			}
			wantDefaults(t, s)
			for _, late := range []bool{false, true} {
				s, found, err = djangosession.ReviewSettings(bytes.NewReader(shop.scriptLine("noisy", late)))
				if err != nil || len(found) != 1 || found[0].Setting != "USER_DATABASE" || found[0].Refused {
					t.Errorf("late %v: %v, %v", late, found, err)
				}
				wantAccounts(t, s)
			}
		})
	}
}

func sqliteDatabase(alias string) djangosession.Database {
	return djangosession.Database{Alias: alias, WriteAlias: alias, Engine: "django.db.backends.sqlite3", Vendor: "sqlite"}
}

// wantDefaults checks what a new project prints.
func wantDefaults(t *testing.T, s djangosession.Settings) {
	t.Helper()
	if want := sqliteDatabase("default"); s.SessionDatabase != want || s.UserDatabase != want {
		t.Errorf("databases %+v, %+v", s.SessionDatabase, s.UserDatabase)
	}
	want := djangosession.UserModel{
		Model: "auth.User", Table: "auth_user", IDColumn: "id", IDType: "integer", IDField: "django.db.models.fields.AutoField",
		UsernameColumn: "username", PasswordColumn: "password", IsActiveColumn: "is_active", IsStaffColumn: "is_staff",
		IsSuperuserColumn: "is_superuser", LastLoginColumn: "last_login", UsernameField: "username", EmailField: "email",
		Groups: &djangosession.UserLink{
			Table: "auth_user_groups", UserColumn: "user_id", OtherColumn: "group_id", Model: "auth.Group",
		},
		UserPermissions: &djangosession.UserLink{
			Table: "auth_user_user_permissions", UserColumn: "user_id", OtherColumn: "permission_id", Model: "auth.Permission",
		},
		OtherTables: []string{}, Computed: []string{}, SessionAuthHash: "django",
		Overrides: map[string][]string{}, ManagerOverrides: map[string][]string{},
		Fields: []djangosession.UserField{
			{Name: "id", Column: "id", Type: "AutoField"},
			{Name: "password", Column: "password", Type: "CharField"},
			{Name: "last_login", Column: "last_login", Type: "DateTimeField", Null: true}, // since 1.8
			{Name: "is_superuser", Column: "is_superuser", Type: "BooleanField"},
			{Name: "username", Column: "username", Type: "CharField"},
			{Name: "first_name", Column: "first_name", Type: "CharField"},
			{Name: "last_name", Column: "last_name", Type: "CharField"},
			{Name: "email", Column: "email", Type: "CharField"},
			{Name: "is_staff", Column: "is_staff", Type: "BooleanField"},
			{Name: "is_active", Column: "is_active", Type: "BooleanField"},
			{Name: "date_joined", Column: "date_joined", Type: "DateTimeField"},
		},
	}
	if !reflect.DeepEqual(s.UserModel, want) {
		t.Errorf("read %+v\nwant %+v", s.UserModel, want)
	}
}

// wantAccounts checks what the site with noisySettings prints.
func wantAccounts(t *testing.T, s djangosession.Settings) {
	t.Helper()
	people := sqliteDatabase("people")
	people.TimeZone = "Europe/Berlin"
	if s.SessionDatabase != sqliteDatabase("default") || s.UserDatabase != people {
		t.Errorf("databases %+v, %+v", s.SessionDatabase, s.UserDatabase)
	}
	m := s.UserModel
	if m.Model != "auth_people.Account" || m.Table != "auth_people_account" || m.IDType != "uuid" || m.UsernameColumn != "E mail" ||
		m.IsActiveColumn != "order" || m.Groups == nil || m.Groups.UserColumn != "account_id" || len(m.UnknownOverrides()) > 0 {
		t.Errorf("read %+v", m)
	}
}
