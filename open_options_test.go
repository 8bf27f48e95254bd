package djangobridge_test

import (
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/tables"
)

// addUsers adds the tables of users, with one user.
func addUsers(t *testing.T, db *sql.DB, name string) {
	t.Helper()
	const ddl = `CREATE TABLE "auth_user" ("id" integer PRIMARY KEY, "password" text, "last_login" datetime, "is_superuser" bool, "username" text, "is_staff" bool, "is_active" bool);
		CREATE TABLE "auth_group" ("id" integer, "name" text); CREATE TABLE "auth_user_groups" ("user_id" integer, "group_id" integer);
		CREATE TABLE "django_content_type" ("id" integer, "app_label" text); CREATE TABLE "auth_permission" ("id" integer, "content_type_id" integer, "codename" text);
		CREATE TABLE "auth_group_permissions" ("group_id" integer, "permission_id" integer);
		CREATE TABLE "auth_user_user_permissions" ("user_id" integer, "permission_id" integer);`
	if _, err := db.ExecContext(t.Context(), ddl); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO auth_user VALUES (1, 'x', NULL, 0, ?, 1, 1)", name); err != nil {
		t.Fatal(err)
	}
}

func openSite(t *testing.T, old, replacement string, o djangobridge.Options) *djangobridge.Site {
	t.Helper()
	site, err := djangobridge.Open(siteFile(t, old, replacement), o)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

const (
	oneDatabase  = `"USER_DATABASE": {"alias": "default", "write_alias": "default"`
	twoDatabases = `"USER_DATABASE": {"alias": "u", "write_alias": "u"`
)

func TestUsersAreReadFromTheirDatabase(t *testing.T) {
	t.Parallel()
	db, userDB := siteDB(t), siteDB(t)
	addUsers(t, db, "anne")
	addUsers(t, userDB, "bob")
	for name, site := range map[string]*djangobridge.Site{
		"anne": openSite(t, "", "", djangobridge.Options{DB: db}),
		"bob":  openSite(t, oneDatabase, twoDatabases, djangobridge.Options{DB: db, UserDB: userDB}),
	} {
		u, err := site.Users.Get(t.Context(), "1")
		if err != nil || u.Username != name {
			t.Errorf("%+v, %v; want %s", u, err, name)
		}
		if err := site.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	both := openSite(t, "", "", djangobridge.Options{DB: db, UserDB: db})
	if u, err := both.Users.Get(t.Context(), "1"); err != nil || u.Username != "anne" {
		t.Errorf("one database given twice: %+v, %v", u, err)
	}
	elsewhere := openSite(t, oneDatabase, twoDatabases, djangobridge.Options{DB: db, UserDB: userDB, Tables: tables.Options{Schema: "nowhere"}})
	if _, err := elsewhere.Users.Get(t.Context(), "1"); err != nil {
		t.Errorf("the schema of sessions is used for users: %v", err)
	}
	if err := elsewhere.Check(t.Context()); err == nil {
		t.Errorf("the schema is not used for sessions: %v", err)
	}
	for name, userDB := range map[string]*sql.DB{"once": nil, "twice": db} {
		same := openSite(t, "", "", djangobridge.Options{DB: db, UserDB: userDB, Tables: tables.Options{Schema: "nowhere"}})
		if _, err := same.Users.Get(t.Context(), "1"); err == nil {
			t.Errorf("the schema is not used for users if the database is given %s", name)
		}
	}
}

func TestOptionsReachTheParts(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	addUsers(t, db, "anne")
	site := openSite(t, "", "", djangobridge.Options{
		DB: db, Sessions: djangosession.Options{MergeSaves: true}, Tables: tables.Options{LockWait: -1},
	})
	for _, merges := range []bool{true, false} {
		o := djangobridge.Options{DB: db, Sessions: djangosession.Options{MergeSaves: merges}}
		if got := keepsBoth(t, openSite(t, "", "", o)); got != merges {
			t.Errorf("MergeSaves %v: both values are kept: %v", merges, got)
		}
	}
	if site.Settings.SecretKey != "hush" || site.Login == nil || site.CSRF == nil {
		t.Errorf("%+v", site)
	}
	s := site.Sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := site.Sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := site.Users.SetLastLogin(t.Context(), "1", at); err != nil {
		t.Error(err)
	}
	readOnly := openSite(t, "", "", djangobridge.Options{DB: db, ReadOnly: true, Sessions: djangosession.Options{ReadOnly: true}})
	loaded, err := readOnly.Sessions.Load(t.Context(), s.Key())
	if err != nil || !loaded.Contains("a") {
		t.Fatalf("a site that only reads: %v", err)
	}
	loaded.Set("b", 2)
	merges := openSite(t, "", "", djangobridge.Options{DB: db, ReadOnly: true, Sessions: djangosession.Options{MergeSaves: true}})
	merging, err := merges.Sessions.Load(t.Context(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	merging.Set("b", 2)
	_, clearing := readOnly.Sessions.ClearExpired(t.Context(), djangosession.ClearOptions{})
	for what, err := range map[string]error{
		"cycle": loaded.CycleKey(t.Context()), "merge": merging.Save(t.Context()), "clear": clearing, "delete": readOnly.Sessions.Delete(t.Context(), s.Key()),
		"last login": readOnly.Users.SetLastLogin(t.Context(), "1", at.Add(time.Hour)), "create": readOnly.Sessions.New().Create(t.Context()),
	} {
		if !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("%s: %v, want ErrReadOnly", what, err)
		}
	}
	whole, err := readOnly.Sessions.Load(t.Context(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	whole.Set("b", 2)
	if err := whole.Save(t.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("save: %v", err)
	}
	if again, err := site.Sessions.Load(t.Context(), s.Key()); err != nil || again.Contains("b") {
		t.Errorf("stored all the same: %v", err)
	}
}

// keepsBoth reports whether two saves of one session keep the values of both.
func keepsBoth(t *testing.T, site *djangobridge.Site) bool {
	t.Helper()
	s := site.Sessions.New()
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	var both [2]*djangosession.Session
	for i, name := range []string{"a", "b"} {
		loaded, err := site.Sessions.Load(t.Context(), s.Key())
		if err != nil {
			t.Fatal(err)
		}
		loaded.Set(name, 1)
		both[i] = loaded
	}
	if err := errors.Join(both[0].Save(t.Context()), both[1].Save(t.Context())); err != nil {
		t.Fatal(err)
	}
	loaded, err := site.Sessions.Load(t.Context(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Contains("a") && loaded.Contains("b")
}

func TestOptionsThatCannotBeUsedAreRefused(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	const engine = `"mro": ["django.contrib.sessions.backends.db.SessionStore"`
	for name, c := range map[string]struct {
		old, replacement string
		options          djangobridge.Options
		names            string // "" if it is accepted
	}{
		"read-only sessions":     {options: djangobridge.Options{DB: db, Sessions: djangosession.Options{ReadOnly: true}}, names: "Options.ReadOnly"},
		"read-only everywhere":   {options: djangobridge.Options{DB: db, ReadOnly: true, Sessions: djangosession.Options{ReadOnly: true}}},
		"read-only messages":     {options: djangobridge.Options{DB: db, Messages: messages.Options{ReadOnly: true}}, names: "Options.Messages.ReadOnly"},
		"accepted engine":        {old: engine, replacement: `"mro": ["shop.S"`, options: djangobridge.Options{DB: db, Tables: tables.Options{AcceptEngine: "django.contrib.sessions.backends.db"}}},
		"another engine":         {old: engine, replacement: `"mro": ["shop.S"`, options: djangobridge.Options{DB: db, Tables: tables.Options{AcceptEngine: "shop.other"}}, names: "shop.other"},
		"engine":                 {old: engine, replacement: `"mro": ["shop.S"`, options: djangobridge.Options{DB: db}, names: "Options.Tables.AcceptEngine"},
		"no engine":              {old: `"SESSION_ENGINE"`, replacement: `"OLD"`, options: djangobridge.Options{DB: db, Tables: tables.Options{AcceptEngine: "django.contrib.sessions.backends.db"}}, names: "SESSION_ENGINE"},
		"extra column":           {options: djangobridge.Options{DB: db, Tables: tables.Options{ExtraColumns: []tables.Column{{Name: "session_key"}}}}, names: "ExtraColumns"},
		"engines with a dialect": {old: `"engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, replacement: `"engine": "shop.db", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}}},
		"users' engine":          {old: `"engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, replacement: `"engine": "shop.db", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, options: djangobridge.Options{DB: db}, names: "USER_DATABASE"},
		"no engine of users":     {old: `"engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, replacement: `"engine": "", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}}, names: "USER_DATABASE"},
		"error and a dialect":    {old: `"engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, replacement: `"engine": "shop.db", "error": "E", "vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}}, names: "USER_DATABASE"},
		"vendor and a dialect":   {old: `"vendor": "sqlite", "time_zone": null}, "USER_MODEL"`, replacement: `"vendor": "mysql", "time_zone": null}, "USER_MODEL"`, options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}}, names: "USER_DATABASE"},
		"no release of Django's": {old: `"5.2.19"`, replacement: `"x"`, options: djangobridge.Options{DB: db}, names: "DJANGO_VERSION"},
		"computed":               {old: `"computed": []`, replacement: `"computed": ["is_active"]`, options: djangobridge.Options{DB: db, KnownOverrides: []string{"is_active", ""}}, names: "is_active"},
		"csrf":                   {options: djangobridge.Options{DB: db, CSRF: csrf.Options{}}},
		"fields of other users":  {options: djangobridge.Options{DB: db, Users: memory.NewUsers(), UserFields: []string{"phone"}}, names: "Options.UserFields"},
		"names of other users":   {options: djangobridge.Options{DB: db, Users: memory.NewUsers(), LoginFields: []string{"email"}}, names: "Options.LoginFields"},
		"case of other users":    {options: djangobridge.Options{DB: db, Users: memory.NewUsers(), LoginIgnoresCase: true}, names: "Options.LoginIgnoresCase"},
		"other users":            {options: djangobridge.Options{DB: db, Users: memory.NewUsers()}},
	} {
		site, err := djangobridge.Open(siteFile(t, c.old, c.replacement), c.options)
		if (err == nil) != (c.names == "") || (site == nil) != (err != nil) || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v, want %q", name, err, c.names)
		}
	}
}

func TestRefusalsNameTheFileAndAllFindings(t *testing.T) {
	t.Parallel()
	file := siteFile(t, `"overrides": {}, "manager`, `"overrides": {"shop.User": ["has_perm", "has_perms"]}, "manager`)
	_, err := djangobridge.Open(file, djangobridge.Options{DB: siteDB(t), KnownOverrides: []string{"shop.User.other"}})
	refused, ok := errors.AsType[*djangobridge.RefusedError](err)
	if !ok || refused.File != file || len(refused.Findings) != 2 {
		t.Fatalf("%v", err)
	}
	want := "djangobridge: cannot open the site described by " + file + ": " + refused.Findings[0].String() + "; " + refused.Findings[1].String()
	if err.Error() != want || !refused.Findings[0].Refused || !refused.Findings[1].Refused {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestFilesThatCannotBeReadAreRefused(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	text, err := os.ReadFile("testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	const most = 1 << 20
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"of the most bytes": {strings.TrimRight(string(text), "\n") + strings.Repeat("\n", most-len(strings.TrimRight(string(text), "\n"))), true},
		"of one more":       {strings.TrimRight(string(text), "\n") + strings.Repeat("\n", most+1-len(strings.TrimRight(string(text), "\n"))), false},
		"empty":             {"", false},
	} {
		file := filepath.Join(t.TempDir(), "site.json")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if site, err := djangobridge.Open(file, djangobridge.Options{DB: db}); (err == nil) != c.ok || (site != nil) != c.ok {
			t.Errorf("a file %s: %v", name, err)
		}
	}
	if site, err := djangobridge.Open(t.TempDir(), djangobridge.Options{DB: db}); err == nil || site != nil {
		t.Errorf("a folder: %v", err)
	}
}

func TestPagesForSomeAreClosedToVisitors(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	addUsers(t, db, "anne")
	site := openSite(t, "", "", djangobridge.Options{DB: db})
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for name, c := range map[string]struct {
		page   http.Handler
		status int
	}{
		"all":         {page, http.StatusTeapot},
		"login":       {site.LoginRequired(page), http.StatusFound},
		"login (API)": {site.LoginRequiredAPI(page), http.StatusUnauthorized},
		"staff":       {site.StaffRequired(page), http.StatusFound},
		"permission":  {site.PermissionRequired(page, "shop.add_order"), http.StatusFound},
	} {
		w := httptest.NewRecorder()
		site.Middleware(c.page).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/a", http.NoBody))
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := site.Users.Get(r.Context(), "1")
		if err == nil {
			err = site.Login.Login(r.Context(), u)
		}
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	w := httptest.NewRecorder()
	site.Middleware(login).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/in/", http.NoBody))
	for name, c := range map[string]struct {
		page   http.Handler
		status int
	}{
		"login": {site.LoginRequired(page), http.StatusTeapot}, "staff": {site.StaffRequired(page), http.StatusTeapot}, "permission": {site.PermissionRequired(page, "shop.add_order"), http.StatusFound},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/a", http.NoBody)
		for _, cookie := range w.Result().Cookies() {
			r.AddCookie(cookie)
		}
		answer := httptest.NewRecorder()
		site.Middleware(c.page).ServeHTTP(answer, r)
		if answer.Code != c.status {
			t.Errorf("%s of a user: %d, want %d", name, answer.Code, c.status)
		}
	}
}
