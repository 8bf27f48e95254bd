package main

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// siteDDL creates the tables that the service uses, as the migrations of the site do,
// with one user and one tea. The password is "tea time".
const siteDDL = `
CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL, expire_date datetime NOT NULL);
CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime NULL,
	is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL,
	is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL, first_name varchar(150) NOT NULL);
CREATE TABLE auth_group (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE django_content_type (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
CREATE TABLE auth_permission (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, content_type_id integer NOT NULL, codename varchar(100) NOT NULL,
	name varchar(255) NOT NULL);
CREATE TABLE auth_group_permissions (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, group_id integer NOT NULL, permission_id integer NOT NULL);
CREATE TABLE auth_user_groups (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, user_id integer NOT NULL, group_id integer NOT NULL);
CREATE TABLE auth_user_user_permissions (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, user_id integer NOT NULL, permission_id integer NOT NULL);
CREATE TABLE shop_product (sku varchar(50) NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, note varchar(120) NOT NULL, price integer NOT NULL,
	hue smallint NOT NULL);
INSERT INTO shop_product VALUES ('mint', 'Mint', 'fresh', 450, 150);
INSERT INTO auth_user (username, is_staff, is_superuser, password, last_name, email, is_active, date_joined, first_name) VALUES
	('anne', 0, 0, 'PASSWORD', '', '', 1, '2026-01-01 00:00:00', '');`

// teaTime is "tea time" as make_password of Django 5.2 encodes it, with one iteration.
const teaTime = "pbkdf2_sha256$1$seasalt$SyWhP0y8QEjBW9RIjlMfhvwXtq8BEDVi0wn5P+RcIuo="

// visitor is a browser connected to the service.
type visitor struct {
	*http.Client
	url string
}

// visit starts the service with a database of its own, and returns a browser for it.
func visit(t *testing.T) *visitor {
	t.Helper()
	name := filepath.Join(t.TempDir(), "db.sqlite3")
	db, err := sql.Open(sqlitedriver.Name, "file:"+name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), strings.Replace(siteDDL, "PASSWORD", teaTime, 1))
	if closed := db.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	settings := djangosession.NewSettings("a secret for tests")
	settings.AllowedHosts = []string{"127.0.0.1"}
	s, err := newService(settings, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	server := httptest.NewServer(s.handler())
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{url: server.URL, Client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (v *visitor) do(t *testing.T, method, path string, form url.Values) (status int, location, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Location"), string(text)
}

var token = regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`)

// TestEveryPageAnswersVisitorsAndUsers requests each page before and after a login.
func TestEveryPageAnswersVisitorsAndUsers(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"", "anne"} {
		v := visit(t)
		post := func(path string, form url.Values) (status int, location, body string) {
			t.Helper()
			_, _, page := v.do(t, http.MethodGet, "/go/login/", nil)
			found := token.FindStringSubmatch(page)
			if found == nil {
				t.Fatal("the page has no token")
			}
			form.Set("csrfmiddlewaretoken", found[1])
			return v.do(t, http.MethodPost, path, form)
		}
		if user != "" {
			status, _, body := post("/go/login/", url.Values{"username": {user}, "password": {"wrong"}})
			if status != http.StatusOK || !strings.Contains(body, user) {
				t.Errorf("a wrong password: %d %s", status, body)
			}
			status, to, body := post("/go/login/", url.Values{"username": {user}, "password": {"tea time"}})
			if status != http.StatusSeeOther || to != "/account/" {
				t.Fatalf("login: %d to %q %s", status, to, body)
			}
		}
		for _, c := range []struct {
			method, path      string
			form              url.Values
			anonymous, logged int
			location          string // for an anonymous visitor, or for both
			contains          string
		}{
			{method: http.MethodGet, path: "/cart/", anonymous: 200, logged: 200},
			{method: http.MethodPost, path: "/cart/", form: url.Values{"add": {"mint"}}, anonymous: 303, logged: 303, location: "/cart/"},
			{method: http.MethodGet, path: "/cart/", anonymous: 200, logged: 200, contains: "€4.50"},
			{method: http.MethodGet, path: "/account/", anonymous: 302, logged: 200, location: "/accounts/login/?next=/account/"},
			{method: http.MethodGet, path: "/go/login/", anonymous: 200, logged: 200},
			{method: http.MethodGet, path: "/elsewhere/", anonymous: 404, logged: 404},
			{method: http.MethodPost, path: "/go/logout/", form: url.Values{}, anonymous: 303, logged: 303, location: "/"},
			{method: http.MethodGet, path: "/account/", anonymous: 302, logged: 302, location: "/accounts/login/?next=/account/"},
		} {
			want := c.anonymous
			if user != "" {
				want = c.logged
			}
			var status int
			var location, body string
			if c.form != nil {
				status, location, body = post(c.path, c.form)
			} else {
				status, location, body = v.do(t, c.method, c.path, nil)
			}
			if status != want || !strings.Contains(body, c.contains) || want/100 == 3 && location != c.location {
				t.Errorf("%q: %s %s: %d to %q, want %d: %s", user, c.method, c.path, status, location, want, body)
			}
			if page := want == http.StatusOK; page && user != "" && c.path != "/go/login/" && !strings.Contains(body, user) {
				t.Errorf("%s does not name the user: %s", c.path, body)
			}
		}
	}
}
