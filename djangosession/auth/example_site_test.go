package auth_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// exampleDatabase returns a database with the users 1 anne, 2 staff and 3 root, in the
// table that Django's migrations create.
func exampleDatabase() *sql.DB {
	db, err := sql.Open(sqlitedriver.Name, ":memory:")
	check(err)
	db.SetMaxOpenConns(1) // each connection would have its own database
	_, err = db.ExecContext(context.Background(), `
CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime NULL,
	is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL,
	is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL, first_name varchar(150) NOT NULL);
INSERT INTO auth_user (username, is_staff, is_superuser, password, last_name, email, is_active, date_joined, first_name) VALUES
	('anne', 0, 0, '`+annesPassword+`', '', '', 1, '2026-01-01 00:00:00', ''),
	('staff', 1, 0, '!b', '', '', 1, '2026-01-01 00:00:00', ''),
	('root', 1, 1, '!c', '', '', 1, '2026-01-01 00:00:00', '');`)
	check(err)
	return db
}

// exampleCookie returns the cookie of a browser in which a user, or no user for "", is
// logged in, with further values in the session.
func exampleCookie(
	sessions *djangosession.Manager, login *auth.Auth, users auth.Users, username string, values map[string]any,
) string {
	ctx, session := context.Background(), sessions.New()
	if username != "" {
		user, err := users.GetByUsername(ctx, username)
		check(err)
		check(login.LoginSession(ctx, session, user))
	}
	for name, v := range values {
		session.Set(name, v)
	}
	check(session.Save(ctx))
	return "sessionid=" + session.Key()
}

func check(err error) {
	if err != nil {
		log.Fatal(err) //nolint:revive // examples have no *testing.T
	}
}

// djangoLogin returns the cookie of a browser in which the user has logged in to Django.
func djangoLogin(engine djangosession.Engine, settings djangosession.Settings, username string) string {
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	check(err)
	users, err := tables.NewUsers(exampleDatabase(), settings, tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}})
	check(err)
	login, err := auth.New(sessions, users, auth.Options{})
	check(err)
	return exampleCookie(sessions, login, users, username, nil)
}

// exampleBrowser is a browser that prints its responses.
type exampleBrowser struct {
	site   string
	client *http.Client
}

func newExampleBrowser(site string) *exampleBrowser {
	jar, err := cookiejar.New(nil)
	check(err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &exampleBrowser{site: site, client: &http.Client{Jar: jar, CheckRedirect: stay}}
}

// open opens a page.
func (b *exampleBrowser) open(path string) {
	fmt.Println("GET", path+":", b.send(http.MethodGet, path, nil))
}

// submit sends the form of the login page to an address.
func (b *exampleBrowser) submit(path, username, password string) {
	_, token, _ := strings.Cut(b.send(http.MethodGet, "/login", nil), `value="`)
	token, _, _ = strings.Cut(token, `"`)
	form := url.Values{"csrfmiddlewaretoken": {token}, "username": {username}, "password": {password}}
	fmt.Println("POST", path+":", b.send(http.MethodPost, path, form))
}

func (b *exampleBrowser) send(method, path string, form url.Values) string {
	r, err := http.NewRequestWithContext(context.Background(), method, b.site+path, strings.NewReader(form.Encode()))
	check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := b.client.Do(r)
	check(err)
	defer response.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(response.Body)
	check(err)
	if to := response.Header.Get("Location"); to != "" {
		return "redirected to " + to
	}
	return strconv.Itoa(response.StatusCode) + " " + strings.TrimSpace(string(body))
}
