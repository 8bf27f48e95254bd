package compat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// customSettings are appended to those that startproject writes.
const customSettings = `
SECRET_KEY = b"\xff\x00 bytes \n"
SECRET_KEY_FALLBACKS = ["old", b"\xfe"]
SESSION_COOKIE_NAME = "sid"
SESSION_COOKIE_AGE = 3600
SESSION_COOKIE_DOMAIN = ".example.com"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = False
SESSION_COOKIE_SAMESITE = False
SESSION_FILE_PATH = BASE_DIR
USE_TZ = False
TIME_ZONE = "Europe/Berlin"
CSRF_COOKIE_AGE = None
CSRF_USE_SESSIONS = True
CSRF_TRUSTED_ORIGINS = ["https://*.example.com"]
ALLOWED_HOSTS = ["example.com"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
MIDDLEWARE = ("shop.middleware.Own",)
PASSWORD_HASHERS = ["shop.hashers.Own"]
`

// highestProtocol is pickle.HIGHEST_PROTOCOL of each Python since 3.8.
const highestProtocol = 5

// TestSettingsScriptPrintsSettings runs the script in a project as django-admin makes it,
// and in one with its own settings.
func TestSettingsScriptPrintsSettings(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run(release+"/new project", func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, release)
			s, err := djangosession.ReadSettings(bytes.NewReader(shop.scriptLine("settings", false)))
			if err != nil {
				t.Fatal(err)
			}
			want, err := djangosession.NewSettingsFor(release, s.SecretKey)
			if err != nil {
				t.Fatal(err)
			}
			// What startproject writes into the settings.
			want.TimeZone, want.UseTZ, want.Debug = "UTC", true, true
			want.PickleProtocol = highestProtocol
			wantExport(t, &s, &want)
			if len(s.SecretKey) < 50 || !same(s, want) {
				t.Errorf("read %+v\nwant %+v", s, want)
			}
		})
		t.Run(release+"/settings of its own", func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, release)
			printed := shop.printed("own", customSettings)
			s, err := djangosession.ReadSettings(bytes.NewReader(printed))
			if err != nil {
				t.Fatal(err)
			}
			want, err := djangosession.NewSettingsFor(release, "\xff\x00 bytes \n")
			if err != nil {
				t.Fatal(err)
			}
			want.SecretKeyFallbacks = []string{"old", "\xfe"}
			want.SessionCookieName, want.SessionCookieAge, want.SessionCookieDomain = "sid", time.Hour, ".example.com"
			want.SessionCookieSecure, want.SessionCookieHTTPOnly, want.SessionCookieSameSite = true, false, ""
			want.SessionFilePath = shop.dir
			want.PickleProtocol = highestProtocol
			want.UseTZ, want.TimeZone = false, "Europe/Berlin"
			want.Middleware, want.PasswordHashers = []string{"shop.middleware.Own"}, []string{"shop.hashers.Own"}
			want.CSRFCookieAge, want.CSRFUseSessions, want.CSRFTrustedOrigins = 0, true, []string{"https://*.example.com"}
			want.AllowedHosts, want.Debug, want.UseXForwardedHost = []string{"example.com"}, true, true // DEBUG by startproject
			want.SecureProxySSLHeader, want.DataUploadMaxMemorySize = [2]string{"HTTP_X_FORWARDED_PROTO", "https"}, 1000
			wantExport(t, &s, &want)
			if !same(s, want) {
				t.Errorf("read %+v\nwant %+v", s, want)
			}
		})
	}
}

// wantExport fills in what each site prints, and checks what no test can know.
func wantExport(t *testing.T, got, want *djangosession.Settings) {
	t.Helper()
	if age := time.Since(got.ExportedAt); age < 0 || age > time.Minute {
		t.Errorf("ExportedAt is %v, %v ago", got.ExportedAt, age)
	}
	want.ExportedAt = got.ExportedAt
	if !strings.HasPrefix(got.PythonVersion, "3.") {
		t.Errorf("PythonVersion is %q", got.PythonVersion)
	}
	want.PythonVersion = got.PythonVersion
	wantDefaults(t, *got)
	want.SessionDatabase, want.UserDatabase, want.UserModel = got.SessionDatabase, got.UserDatabase, got.UserModel
	want.MessageStorage = "django.contrib.messages.storage.fallback.FallbackStorage"
	want.LoginReceivers = []string{"django.contrib.auth.models.update_last_login"}
	if want.Middleware == nil { // what startproject writes, and Django's default
		if len(got.Middleware) != 7 || got.Middleware[1] != "django.contrib.sessions.middleware.SessionMiddleware" {
			t.Errorf("Middleware is %q", got.Middleware)
		}
		if len(got.PasswordHashers) < 4 || got.PasswordHashers[0] != "django.contrib.auth.hashers.PBKDF2PasswordHasher" {
			t.Errorf("PasswordHashers is %q", got.PasswordHashers)
		}
		want.Middleware, want.PasswordHashers = got.Middleware, got.PasswordHashers
	}
	classes := make([]string, 0, len(got.Hashers))
	for _, h := range got.Hashers {
		classes = append(classes, h.Class)
	}
	if !slices.Equal(classes, got.PasswordHashers) {
		t.Errorf("facts about the hashers %q of %q", classes, got.PasswordHashers)
	}
	want.Hashers = got.Hashers
	want.SessionStoreClass = djangosession.SessionStoreClass{
		MRO: []string{
			"django.contrib.sessions.backends.db.SessionStore", "django.contrib.sessions.backends.base.SessionBase", "builtins.object",
		},
		Overrides:        map[string][]string{},
		Model:            "django.contrib.sessions.models.Session",
		Table:            "django_session",
		Columns:          djangoColumns(),
		ModelOverrides:   map[string][]string{},
		ManagerOverrides: map[string][]string{},
	}
}

// djangoColumns are the columns of django_session.
func djangoColumns() []djangosession.SessionStoreColumn {
	return []djangosession.SessionStoreColumn{
		{Name: "session_key", Type: "CharField", PrimaryKey: true},
		{Name: "session_data", Type: "TextField"},
		{Name: "expire_date", Type: "DateTimeField"},
	}
}

// loginURLs are the views of a site.
const loginURLs = `
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import include, path

page = login_required(lambda request: HttpResponse())
urlpatterns = [
    path("account/", page),
    path("in/", page, name="login"),
    path("people/in/", include(([path("", page, name="login")], "accounts"))),
]
`

// askForLogins prints where the site redirects people with each of the modules of
// settings, or null for an error.
const askForLogins = `
import contextlib, importlib, json, os, sys
from wsgiref.util import setup_testing_defaults
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
from django.core.wsgi import get_wsgi_application
site = get_wsgi_application()
from django.test import override_settings
from django.urls import NoReverseMatch


def location():
    environ, began = {"PATH_INFO": "/account/"}, []
    setup_testing_defaults(environ)
    site(environ, lambda status, headers: began.append(dict(headers))).close()
    return began[0]["Location"].partition("?")[0]


answers = {}
for name in sys.argv[1:]:
    module = importlib.import_module("shop." + name)
    changes = {k: getattr(module, k) for k in ["LOGIN_URL", "ROOT_URLCONF", "FORCE_SCRIPT_NAME"] if hasattr(module, k)}
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True, **changes), contextlib.redirect_stdout(sys.stderr):
        try:
            answers[name] = location()
        except (NoReverseMatch, ImportError):
            answers[name] = None
print(json.dumps(answers))
`

// loginURLCase is a module of settings and where Django redirects people who must log in.
type loginURLCase struct {
	settings string
	raw      string // what is read where Django fails
}

func loginURLCases() map[string]loginURLCase {
	return map[string]loginURLCase{
		"path":        {settings: `LOGIN_URL = "/here/"`},
		"url":         {settings: `LOGIN_URL = "https://sso.example.com/in/"`},
		"name":        {settings: `LOGIN_URL = "login"`},
		"namespaced":  {settings: `LOGIN_URL = "accounts:login"`},
		"lazy":        {settings: "from django.urls import reverse_lazy\nLOGIN_URL = reverse_lazy('accounts:login')"},
		"prefixed":    {settings: `LOGIN_URL, FORCE_SCRIPT_NAME = "login", "/base"`},
		"noisyurls":   {settings: `LOGIN_URL, ROOT_URLCONF = "login", "shop.noise"`},
		"missing":     {settings: `LOGIN_URL = "nowhere"`, raw: "nowhere"},
		"missinglazy": {settings: "from django.urls import reverse_lazy\nLOGIN_URL = reverse_lazy('nowhere')", raw: "NoReverseMatch"},
		"brokenurls":  {settings: `LOGIN_URL, ROOT_URLCONF = "login", "shop.gone"`, raw: "login"},
	}
}

// TestSettingsScriptPrintsWhereDjangoSendsPeople asks a page of Django's that needs a
// login.
func TestSettingsScriptPrintsWhereDjangoSendsPeople(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, release)
			shop.write("shop/urls.py", loginURLs)
			shop.write("shop/noise.py", "from shop.urls import *\nprint('noise')\n")
			shop.write("ask.py", askForLogins)
			got := map[string]djangosession.Settings{}
			for name, c := range loginURLCases() {
				o, err := djangosession.ReadSettings(bytes.NewReader(shop.printed(name, c.settings)))
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				got[name] = o
			}
			var django map[string]*string
			names := strings.Join(slices.Collect(maps.Keys(got)), " ")
			if err := json.Unmarshal(shop.run("python ask.py "+names), &django); err != nil {
				t.Fatal(err)
			}
			for name, c := range loginURLCases() {
				want, fails := c.raw, django[name] == nil
				if !fails {
					want = *django[name]
				}
				if got[name].LoginURL != want || fails != (c.raw != "") {
					t.Errorf("%s: read %q, want %q; Django fails: %v", name, got[name].LoginURL, want, fails)
				}
				if err := authProblem(t, got[name]); (err != nil) != fails {
					t.Errorf("%s: error %v, Django fails: %v", name, err, fails)
				}
			}
		})
	}
}

// authProblem is what auth.New has against settings.
func authProblem(t *testing.T, settings djangosession.Settings) error {
	t.Helper()
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = auth.New(sessions, &tables.Users{}, auth.Options{})
	return err
}

// project is a Django project in a folder of its own.
type project struct {
	t        *testing.T
	dir, bin string
}

// newProject makes one as django-admin does.
func newProject(t *testing.T, release string) project {
	t.Helper()
	p := project{t: t, dir: t.TempDir(), bin: filepath.Dir(python(t, release))}
	p.startProject()
	return p
}

// startProject runs startproject.
func (p project) startProject() {
	p.t.Helper()
	p.run(`python -c 'from django.core.management import execute_from_command_line as run; run(["", "startproject", "shop", "."])'`)
}

// run returns what a line for the shell prints.
func (p project) run(command string) []byte {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "sh", "-c", command)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "PATH="+p.bin+":"+os.Getenv("PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%v\n%s", err, stderr.String())
	}
	return out
}

func (p project) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// printed returns the output of SettingsScript with a module of settings that changes
// those of startproject.
func (p project) printed(module, text string) []byte {
	p.t.Helper()
	p.write("shop/"+module+".py", "from shop.settings import *\n"+text)
	return p.scriptLine(module, false)
}

// same compares what settings say. The keys do not print.
func same(a, b djangosession.Settings) bool {
	return a.SecretKey == b.SecretKey && slices.Equal(a.SecretKeyFallbacks, b.SecretKeyFallbacks) &&
		fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}
