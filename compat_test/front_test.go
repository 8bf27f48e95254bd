package compat_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// frontSettings give users a model with a UUID for a key.
const frontSettings = `
INSTALLED_APPS += ["auth_people"]
AUTH_USER_MODEL = "auth_people.Account"
ALLOWED_HOSTS = ["shop.test"]
`

// frontDjango makes the tables and a user, logs the user in with Django's test client, and
// prints the user's id and cookie.
const frontDjango = `
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from django.contrib.auth import get_user_model
from django.test import Client
User = get_user_model()
user = User(email="anne@example.com")
user.set_password("tea time")
user.save()
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
print(get_user(request).pk)
`

// frontPages are a service on the front door: who is logged in, and a form that logs in.
func frontPages(site *djangobridge.Site) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		user, err := auth.UserFrom(r.Context())
		token, tokenErr := csrf.Token(r.Context())
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
			err = site.Login.Login(r.Context(), user, "")
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

// TestFrontDoor opens a site from what its script prints, and shares logins with it.
func TestFrontDoor(t *testing.T) {
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
			shop.write("shop/front.py", "from shop.settings import *\n"+frontSettings)
			shop.write("setup.py", frontDjango)
			shop.write("who.py", frontWho)
			pk, key, _ := strings.Cut(strings.TrimSpace(string(shop.run("python setup.py"))), " ")
			shop.write("site.json", string(shop.scriptLine("front", false)))
			site := openFront(t, shop.dir, false)
			h := frontPages(site)

			// Django's login is seen, and by a read-only service too.
			theirs := &http.Cookie{Name: "sessionid", Value: key}
			for _, handler := range []http.Handler{h, frontPages(openFront(t, shop.dir, true))} {
				if a := frontAsk(t, handler, nil, theirs); !strings.HasPrefix(a.body, pk+" ") {
					t.Errorf("Go sees %q, want %s", a.body, pk)
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
			if got := bytes.TrimSpace(shop.run("python who.py " + mine)); string(got) != pk {
				t.Errorf("Django sees %s, want %s", got, pk)
			}
		})
	}
}

func openFront(t *testing.T, dir string, readOnly bool) *djangobridge.Site {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "db.sqlite3")+"?mode=rw&_busy_timeout=10000&_synchronous=FULL")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	site, err := djangobridge.Open(filepath.Join(dir, "site.json"), djangobridge.Options{DB: db, ReadOnly: readOnly})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Check(t.Context()); err != nil {
		t.Error(err)
	}
	return site
}
