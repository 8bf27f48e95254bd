package compat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/tables"
)

// frontModels are the user models that sites are opened with.
func frontModels() []string { return []string{"auth.User", "auth_people.Account"} }

// frontSettings are those of a site with this user model in a database. A session lasts
// shorter than the database's zone differs from UTC, so that both sides must know it.
func frontSettings(model string, d *database) string {
	django := d.django()
	if d.product != "postgresql" { // which stores instants
		django["TIME_ZONE"] = "Asia/Tokyo"
	}
	entry, err := json.Marshal(django)
	if err != nil {
		panic(err) // it is text and numbers
	}
	return fmt.Sprintf(`from shop.settings import *
INSTALLED_APPS += ["auth_people"]
AUTH_USER_MODEL = %q
ALLOWED_HOSTS = ["shop.test"]
DATABASES = {"default": %s}
SESSION_COOKIE_AGE = 3600
USE_TZ = True
if AUTH_USER_MODEL != "auth.User":
    # Tables of an app with migrations cannot refer to those of one without.
    MIGRATION_MODULES = {name: None for name in ["admin", "auth", "contenttypes", "sessions"]}
`, model, entry)
}

// frontDriver lets Django take the driver that needs no compiler for MySQLdb.
const frontDriver = `
import pymysql
pymysql.version_info = (2, 2, 7, "final", 0)
pymysql.install_as_MySQLdb()
`

// frontDjango makes the tables and a user, logs the user in with Django's test client,
// and prints the user's id and cookie.
const frontDjango = `
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client
User = get_user_model()
user = User()
setattr(user, User.USERNAME_FIELD, "anne@example.com")
user.set_password("tea time")
user.save()
editors = Group.objects.create(name="editors")
editors.permissions.add(Permission.objects.get(codename="add_group"))
user.groups.add(editors)
user.user_permissions.add(Permission.objects.get(codename="view_group"))
client = Client()
assert client.login(username="anne@example.com", password="tea time")
print(user.pk, client.cookies["sessionid"].value)
`

// frontWho prints the user whom Django sees with a session key.
const frontWho = `
import django, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
request = HttpRequest()
request.session = import_module(settings.SESSION_ENGINE).SessionStore(sys.argv[1])
user = get_user(request)
print(user.pk, user.last_login.timestamp() if user.pk else None)
`

// frontPages are a service on the front door: who is logged in, and a form that logs in.
func frontPages(site *djangobridge.Site) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		user, err := auth.UserFrom(r.Context())
		token, tokenErr := csrf.Token(r.Context())
		if site.Sessions.ReadOnly() && errors.Is(tokenErr, djangosession.ErrReadOnly) {
			tokenErr = nil // a new token needs a cookie
		}
		if err != nil || tokenErr != nil {
			http.Error(w, fmt.Sprint(err, tokenErr), http.StatusInternalServerError)
			return
		}
		name := "nobody"
		if user != nil {
			name = user.ID
		}
		_, _ = fmt.Fprintf(w, "%s %s", name, token)
	})
	mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
		user, err := site.Login.Authenticate(r.Context(), r.PostFormValue("username"), r.PostFormValue("password"))
		if err == nil {
			err = site.Login.Login(r.Context(), user)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
	})
	return site.Middleware(mux)
}

// frontAnswer is a response as the test looks at it.
type frontAnswer struct {
	status  int
	body    string
	cookies []*http.Cookie
}

// frontAsk sends one request.
func frontAsk(t *testing.T, h http.Handler, form url.Values, cookies ...*http.Cookie) frontAnswer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.test/", http.NoBody)
	if form != nil {
		r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://shop.test/in", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	result := w.Result()
	defer result.Body.Close() //nolint:errcheck // a recorder's
	return frontAnswer{status: result.StatusCode, body: w.Body.String(), cookies: result.Cookies()}
}

// TestFrontDoor opens sites from what their script prints, and shares logins with them.
func TestFrontDoor(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		for _, product := range databases() {
			for _, model := range frontModels() {
				t.Run(release+"/"+product+"/"+model, func(t *testing.T) {
					t.Parallel()
					f := newFront(t, release, product, model)
					pk, key, _ := strings.Cut(f.django("python setup.py"), " ")
					f.shop.write("site.json", string(f.shop.scriptLine("front", false)))
					f.sharesLogins(t, pk, key)
					f.sharesUsers(t, pk)
				})
			}
		}
	}
}

// front is a Django project, and the database that it shares with Go.
type front struct {
	shop      project
	base      *database
	openCache func(djangosession.Settings) (caches.Cache, error)
}

func newFront(t *testing.T, release, product, model string) *front {
	t.Helper()
	people, err := filepath.Abs(filepath.Join("apps", "auth_people"))
	if err != nil {
		t.Fatal(err)
	}
	f := &front{shop: newProject(t, release), base: newDatabase(t, product)}
	if err := os.Symlink(people, filepath.Join(f.shop.dir, "auth_people")); err != nil {
		t.Fatal(err)
	}
	f.shop.write("shop/__init__.py", frontDriver)
	f.shop.write("shop/front.py", frontSettings(model, f.base))
	f.shop.write("setup.py", frontDjango)
	f.shop.write("who.py", frontWho)
	return f
}

// django returns what a command prints.
func (f *front) django(command string) string { return strings.TrimSpace(string(f.shop.run(command))) }

// open opens the site.
func (f *front) open(t *testing.T, readOnly bool) *djangobridge.Site {
	t.Helper()
	site, err := djangobridge.Open(f.file(), djangobridge.Options{DB: f.base.open(t), OpenCache: f.openCache, ReadOnly: readOnly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := site.Check(t.Context()); err != nil {
		t.Error(err)
	}
	return site
}

// file is the site's settings file.
func (f *front) file() string { return filepath.Join(f.shop.dir, "site.json") }

// sharesLogins has each side see the other's login of the user pk, of which Django made
// one with this key.
func (f *front) sharesLogins(t *testing.T, pk, key string) {
	t.Helper()
	h := frontPages(f.open(t, false))
	// Django's login is seen, and by a read-only service too.
	theirs := &http.Cookie{Name: "sessionid", Value: key}
	for _, handler := range []http.Handler{h, frontPages(f.open(t, true))} {
		a := frontAsk(t, handler, nil, theirs)
		if !strings.HasPrefix(a.body, pk+" ") {
			t.Errorf("Go sees %q, want %s", a.body, pk)
		}
		if readOnly := a.body == pk+" "; readOnly != (len(a.cookies) == 0) {
			t.Errorf("a page with a token: %v, cookies %v", !readOnly, a.cookies)
		}
	}
	// A form without a token is refused, and one with it logs in.
	page := frontAsk(t, h, nil)
	who, token, _ := strings.Cut(page.body, " ")
	form := url.Values{"username": {"anne@example.com"}, "password": {"tea time"}}
	if a := frontAsk(t, h, form, page.cookies...); who != "nobody" || a.status != http.StatusForbidden {
		t.Errorf("%s: a form without a token: %d", who, a.status)
	}
	form.Set("csrfmiddlewaretoken", token)
	before := time.Now()
	a := frontAsk(t, h, form, page.cookies...)
	mine := ""
	for _, c := range a.cookies {
		if c.Name == "sessionid" {
			mine = c.Value
		}
	}
	if a.status != http.StatusOK || mine == "" {
		t.Fatalf("login: %d %s", a.status, a.body)
	}
	who, last, _ := strings.Cut(f.django("python who.py "+mine), " ")
	if who != pk {
		t.Fatalf("Django sees %s, want %s", who, pk)
	}
	at, err := strconv.ParseFloat(last, 64)
	if got := time.UnixMilli(int64(1000 * at)); err != nil || got.Sub(before).Abs() > time.Minute {
		t.Errorf("Django reads a last_login at %s, %v, want %s", got, err, before)
	}
}

// sharesUsers reads a user by the long way round, which takes the same settings and no
// more.
func (f *front) sharesUsers(t *testing.T, pk string) {
	t.Helper()
	s, err := djangosession.ReadSettingsFile(f.file())
	if err != nil {
		t.Fatal(err)
	}
	db := f.base.open(t)
	engine, engineErr := tables.New(db, s, tables.Options{})
	users, usersErr := tables.NewUsers(db, s, tables.UserOptions{ReadOnly: true})
	if err := errors.Join(engineErr, usersErr); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(engine.Check(t.Context()), users.Check(t.Context())); err != nil {
		t.Error(err)
	}
	user, err := users.GetByUsername(t.Context(), "anne@example.com")
	if err != nil || user.ID != pk || !user.IsActive || user.IsStaff || user.IsSuperuser {
		t.Fatalf("%+v, %v, want the user %s", user, err, pk)
	}
	if groups, err := users.Groups(t.Context(), user); err != nil || !slices.Equal(groups, []string{"editors"}) {
		t.Errorf("groups %v, %v", groups, err)
	}
	permissions, err := users.Permissions(t.Context(), user)
	slices.Sort(permissions)
	if err != nil || !slices.Equal(permissions, []string{"auth.add_group", "auth.view_group"}) {
		t.Errorf("permissions %v, %v", permissions, err)
	}
	if err := users.SetLastLogin(t.Context(), pk, time.Now()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("a read-only service: %v", err)
	}
	n := 0
	for _, err := range engine.Rows(t.Context()) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n == 0 {
		t.Error("no sessions")
	}
}
