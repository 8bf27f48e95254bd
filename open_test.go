package djangobridge_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// siteDB is an empty database with the tables of a site.
func siteDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(sqlitedriver.Name, "file:"+filepath.Join(t.TempDir(), "db.sqlite3")+"?_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := djangosession.NewSettings("k")
	engine, err := tables.New(db, s, tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// siteFile is testdata/site.json with one text replaced.
func siteFile(t *testing.T, old, replacement string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), old, replacement, 1)
	if text == string(data) && old != "" {
		t.Fatalf("the file does not contain %s", old)
	}
	name := filepath.Join(t.TempDir(), "site.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpenRefusesWhatItCannotProve(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	const userModel = `"USER_MODEL": {`
	for name, c := range map[string]struct {
		old, replacement string
		options          djangobridge.Options
		names            string // is in the error
		passes           bool
	}{
		"complete":       {options: djangobridge.Options{DB: db}, passes: true},
		"no database":    {names: "Options.DB"},
		"no user model":  {old: userModel, replacement: `"OLD": {`, options: djangobridge.Options{DB: db}, names: "settings script"},
		"unknown engine": {old: "django.db.backends.sqlite3", replacement: "shop.db", options: djangobridge.Options{DB: db}, names: "shop.db"},
		"engine with dialect": {
			old: "django.db.backends.sqlite3", replacement: "shop.db",
			options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}}, passes: true,
		},
		"dialect": {options: djangobridge.Options{DB: db, Dialect: tables.MySQL{}}, names: "Options.Dialect"},
		"two dialects": {
			options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}, Tables: tables.Options{Dialect: tables.MySQL{}}},
			names:   "Options.Tables.Dialect",
		},
		"dialect in tables": {options: djangobridge.Options{DB: db, Tables: tables.Options{Dialect: tables.MySQL{}}}, names: "Options.Dialect"},
		"replica":           {old: `"write_alias": "default"`, replacement: `"write_alias": "main"`, options: djangobridge.Options{DB: db}, names: "SESSION_DATABASE"},
		"replica with dialect": {
			old: `"write_alias": "default"`, replacement: `"write_alias": "main"`,
			options: djangobridge.Options{DB: db, Dialect: tables.SQLite{}}, names: "SESSION_DATABASE",
		},
		"users elsewhere": {
			old: `"USER_DATABASE": {"alias": "default", "write_alias": "default"`, replacement: `"USER_DATABASE": {"alias": "u", "write_alias": "u"`,
			options: djangobridge.Options{DB: db}, names: "Options.UserDB",
		},
		"two for one": {options: djangobridge.Options{DB: db, UserDB: siteDB(t)}, names: "Options.UserDB"},
		"read only in one place": {
			options: djangobridge.Options{DB: db, Sessions: djangosession.Options{ReadOnly: true}}, names: "Options.ReadOnly",
		},
		"override": {
			old: `"overrides": {}, "manager`, replacement: `"overrides": {"shop.User": ["has_perm"]}, "manager`,
			options: djangobridge.Options{DB: db}, names: "shop.User.has_perm",
		},
		"known override": {
			old: `"overrides": {}, "manager`, replacement: `"overrides": {"shop.User": ["has_perm"]}, "manager`,
			options: djangobridge.Options{DB: db, KnownOverrides: []string{"shop.User.has_perm"}}, passes: true,
		},
		"hash stays refused": {
			old: `"session_auth_hash": "django"`, replacement: `"session_auth_hash": "overridden"`,
			options: djangobridge.Options{DB: db, KnownOverrides: []string{""}}, names: "get_session_auth_hash",
		},
		"zone": {old: `"time_zone": null`, replacement: `"time_zone": "Mars/Olympus"`, options: djangobridge.Options{DB: db}, names: "TIME_ZONE"},
	} {
		site, err := djangobridge.Open(siteFile(t, c.old, c.replacement), c.options)
		if (err == nil) != c.passes || (site != nil) != c.passes || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.names)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error contains the secret", name)
		}
	}
}

// TestErrorsOfFilesSayWhatToDo has files that are not the output of the script.
func TestErrorsOfFilesSayWhatToDo(t *testing.T) {
	t.Parallel()
	options := djangobridge.Options{DB: siteDB(t)}
	const marker = `{"DJANGOBRIDGE_SETTINGS":`
	whole := readFile(t, siteFile(t, "", ""))
	for name, text := range map[string]string{
		"empty": "", "not JSON": "hush", "cut off": whole[:len(whole)/2], "more": `{} hush`, "twice": marker + "2}\n" + marker + "2}\n",
	} {
		file := filepath.Join(t.TempDir(), "hush.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := djangobridge.Open(file, options)
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "settings script") {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(strings.ReplaceAll(err.Error(), file, ""), "hush") {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
	_, err := djangobridge.Open(filepath.Join(t.TempDir(), "none"), options)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "settings script") {
		t.Errorf("no file: %v", err)
	}
	_, err = djangobridge.Open(siteFile(t, `"SECRET_KEY"`, `"OLD"`), options)
	if e, ok := errors.AsType[*djangosession.SettingError](err); !ok || e.Setting != "SECRET_KEY" {
		t.Errorf("no SECRET_KEY: %v", err)
	}
}

func TestCheckNamesTheTableThatIsMissing(t *testing.T) {
	t.Parallel()
	site, err := djangobridge.Open(siteFile(t, "", ""), djangobridge.Options{DB: siteDB(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Check(t.Context()); !errors.Is(err, tables.ErrNoTable) {
		t.Errorf("without auth_user: %v", err)
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	large := `"ALLOWED_HOSTS": ["` + strings.Repeat("a", 1<<20) + `"], "ALLOWED_HOSTS`
	for problem, file := range map[string]string{
		"not JSON": siteFile(t, "{", ""), "1 MiB": siteFile(t, `"ALLOWED_HOSTS`, large), "SECRET_KEY": siteFile(t, `"SECRET_KEY": "hush"`, `"SECRET_KEY": ""`),
	} {
		_, err := djangobridge.Open(file, djangobridge.Options{DB: siteDB(t)})
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), problem) {
			t.Errorf("%v, want an error about %q in %s", err, problem, file)
		}
	}
}

func TestSitesDoNotPrintTheSecret(t *testing.T) {
	t.Parallel()
	site, err := djangobridge.Open(siteFile(t, "", ""), djangobridge.Options{DB: siteDB(t)})
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]any{
		"site": site, "settings": site.Settings, "sessions": site.Sessions, "login": site.Login, "CSRF": site.CSRF, "users": site.Users,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if strings.Contains(fmt.Sprintf(verb, part), "hush") {
				t.Errorf("%s as %s contains SECRET_KEY", name, verb)
			}
		}
	}
}

func TestReadOnlySitesStoreNothing(t *testing.T) {
	t.Parallel()
	site, err := djangobridge.Open(siteFile(t, "", ""), djangobridge.Options{
		DB: siteDB(t), ReadOnly: true, Messages: messages.Options{Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := site.Sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("a session outside the middleware: %v", err)
	}
	if err := site.Sessions.Delete(t.Context(), djangosession.NewKey()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("deleting: %v", err)
	}
	if err := site.Users.SetLastLogin(t.Context(), "1", time.Now()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("storing last_login: %v", err)
	}
	if _, err := site.Sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("clearing: %v", err)
	}
	notices := site.Messages.NewStorage(http.Header{}, func(context.Context) (*djangosession.Session, error) { return s, nil })
	if err := notices.Add(t.Context(), messages.Message{Level: messages.LevelInfo, Text: "a"}); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("adding a message: %v", err)
	}
	var inside error
	w := httptest.NewRecorder()
	site.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("a", 1)
		inside = s.Save(r.Context())
	})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if !errors.Is(inside, djangosession.ErrReadOnly) || len(w.Result().Cookies()) > 0 {
		t.Errorf("inside: %v, cookies %v", inside, w.Result().Cookies())
	}
}

func TestMiddlewareChecksForms(t *testing.T) {
	t.Parallel()
	site, err := djangobridge.Open(siteFile(t, "", ""), djangobridge.Options{DB: siteDB(t)})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	site.Middleware(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody))
	if w.Code != http.StatusForbidden {
		t.Errorf("a form without a token: %d", w.Code)
	}
	w = httptest.NewRecorder()
	page := site.LoginRequired(http.NotFoundHandler())
	site.Middleware(page).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/a", http.NoBody))
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/in/?next=/a" {
		t.Errorf("nobody logged in: %d, %q", w.Code, w.Header().Get("Location"))
	}
}
