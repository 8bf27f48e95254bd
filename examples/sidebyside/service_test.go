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

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// shopSQL adds the shop and its one tea to fixtures.DemoSQL, whose user ada gets the
// password "tea time".
const shopSQL = `
CREATE TABLE shop_product (sku varchar(50) NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, note varchar(120) NOT NULL, price integer NOT NULL,
	hue smallint NOT NULL);
INSERT INTO shop_product VALUES ('mint', 'Mint', 'fresh', 450, 150);
UPDATE auth_user SET password = '` + teaTime + `' WHERE username = 'ada';`

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
	_, err = db.ExecContext(t.Context(), fixtures.DemoSQL+shopSQL)
	if closed := db.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	settings := filepath.Join("testdata", "site.json") // as Django printed them for this site
	s, err := newService(t.Context(), settings, name, "db")
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
	for _, user := range []string{"", "ada"} {
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
			{method: http.MethodGet, path: "/account/", anonymous: 302, logged: 200, location: "/login/?next=/account/"},
			{method: http.MethodGet, path: "/go/login/", anonymous: 200, logged: 200},
			{method: http.MethodGet, path: "/elsewhere/", anonymous: 404, logged: 404},
			{method: http.MethodPost, path: "/go/logout/", form: url.Values{}, anonymous: 303, logged: 303, location: "/"},
			{method: http.MethodGet, path: "/account/", anonymous: 302, logged: 302, location: "/login/?next=/account/"},
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
