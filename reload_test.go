package djangobridge_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
)

// replaceFile replaces a settings file as a deployment does: all at once.
func replaceFile(t *testing.T, name, old, replacement string) {
	t.Helper()
	text := strings.Replace(readFile(t, name), old, replacement, 1)
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// inMemorySite opens a site with sessions in memory.
func inMemorySite(t *testing.T, file string, o djangobridge.Options) *djangobridge.Site {
	t.Helper()
	o.OpenEngine, o.Users = inMemory, oneUser{writes: new(int)}
	site, err := djangobridge.Open(file, o)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func TestReloadReadsTheFileAgain(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	addUsers(t, db, "anne")
	file := siteFile(t, "", "")
	old, err := djangobridge.Open(file, djangobridge.Options{DB: db, Sessions: djangosession.Options{MergeSaves: true}})
	if err != nil {
		t.Fatal(err)
	}
	s := old.Sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, file, `"SECRET_KEY": "hush"`, `"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["hush"], "LOGIN_URL": "/enter/"`)
	site, err := old.Reload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if site.Settings.SecretKey != "new" || old.Settings.SecretKey != "hush" {
		t.Error("the new site does not have the new key, or the old site has it")
	}
	again, err := site.Sessions.Load(t.Context(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := djangosession.Value[int](again, "a"); n != 1 || err != nil {
		t.Errorf("the new site reads %d, %v", n, err)
	}
	again.Set("b", 2)
	if err := again.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if late, err := old.Sessions.Load(t.Context(), s.Key()); err != nil || late.Contains("a") {
		t.Errorf("the old site has the new key too: %v", err)
	}
}

func TestReloadFindsTheFileFromAnotherFolder(t *testing.T) {
	file := siteFile(t, "", "")
	t.Chdir(filepath.Dir(file))
	site := inMemorySite(t, filepath.Base(file), djangobridge.Options{})
	t.Chdir(t.TempDir())
	if _, err := site.Reload(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReloadRefusesWhatOpenAndCheckRefuse(t *testing.T) {
	t.Parallel()
	broken := errors.New("the users are away")
	for name, c := range map[string]struct {
		old, replacement string
		check            error
		want             string // is in the error
	}{
		"unchanged":    {},
		"cut off":      {old: `"SECRET_KEY"`, replacement: `"SECRET`, want: "site.json"},
		"refused site": {old: `"session_auth_hash": "django"`, replacement: `"session_auth_hash": "overridden"`, want: "get_session_auth_hash"},
		"failed check": {check: broken, want: broken.Error()},
	} {
		file := siteFile(t, "", "")
		users := oneUser{writes: new(int)}
		var opened []*closingEngine
		site, err := djangobridge.Open(file, djangobridge.Options{
			OpenEngine: closingEngines(&opened), Users: &users,
		})
		if err != nil {
			t.Fatal(err)
		}
		replaceFile(t, file, c.old, c.replacement)
		users.check = c.check
		next, err := site.Reload(t.Context())
		if (err == nil) != (c.want == "") || (next == nil) != (err != nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error contains the secret", name)
		}
		if opened[0].closed.Load() != 0 {
			t.Errorf("%s: the old site is closed", name)
		}
		if err != nil && len(opened) > 1 && opened[1].closed.Load() != 1 {
			t.Errorf("%s: the connections of the new site are left open", name)
		}
	}
}

func TestReloadNeedsAFile(t *testing.T) {
	t.Parallel()
	site, err := djangobridge.New(fileSettings(t, func(*djangosession.Settings) {}), djangobridge.Options{
		OpenEngine: inMemory, Users: oneUser{writes: new(int)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "not opened from a file") {
		t.Error(err)
	}
	_, err = djangobridge.NewReloader(site, func(*djangobridge.Site) (http.Handler, error) { return http.NotFoundHandler(), nil })
	if err == nil || !strings.Contains(err.Error(), "not opened from a file") {
		t.Error(err)
	}
}
