package sitetest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/sitetest"
)

// recorder is a test whose failures are recorded.
type recorder struct {
	testing.TB

	mu    sync.Mutex
	texts []string
	ended bool // by Fatal or Fatalf
}

func (*recorder) Helper()           {}
func (*recorder) Output() io.Writer { return io.Discard }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	r.ended = true
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// run runs a test of handlers, and returns it with its failures.
func run(t *testing.T, test func(t testing.TB)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	var running sync.WaitGroup
	running.Go(func() { test(r) })
	running.Wait()
	return r
}

func TestFailuresAreReported(t *testing.T) {
	t.Parallel()
	browser := func(t testing.TB) *sitetest.Client {
		site := sitetest.New(t, sitetest.Options{})
		return site.Client(t, newHandler(site.Site))
	}
	for name, c := range map[string]struct {
		test  func(t testing.TB)
		says  string
		fatal bool
	}{
		"status": {
			test: func(t testing.TB) { browser(t).Get("/account").WantStatus(http.StatusOK) },
			says: "GET /account: status 302 Found to /accounts/login/?next=/account, want 200 OK",
		},
		"body": {
			test: func(t testing.TB) { browser(t).Get("/no").WantStatus(http.StatusNotFound).WantBody("page", "tea") },
			says: "GET /no: status 404 Not Found: the body does not contain \"tea\"; the body is:\n404 page not found",
		},
		"no body": {
			test: func(t testing.TB) { browser(t).Get("/no").WantNotInBody("tea", "found") },
			says: "GET /no: status 404 Not Found: the body contains \"found\"",
		},
		"messages": {
			test: func(t testing.TB) { browser(t).Post("/cart", url.Values{"item": {"tea"}}).WantMessages("Added jam.") },
			says: `POST /cart: status 303 See Other to /account: the messages ["Added tea."] wait for the next page, want ["Added jam."]`,
		},
		"no messages": {
			test: func(t testing.TB) { browser(t).Post("/cart", nil).WantMessages() },
			says: `the messages ["Added ."] wait for the next page, want []`,
		},
		"redirect": {
			test: func(t testing.TB) { browser(t).Get("/account").WantRedirect("/account") },
			says: "status 302 Found to /accounts/login/?next=/account, want a redirect to /account",
		},
		"no redirect": {
			test: func(t testing.TB) { browser(t).Get("/no").WantRedirect("/no") }, says: "want a redirect to /no",
		},
		"no redirect to follow": {
			test: func(t testing.TB) { browser(t).Get("/no").Follow() }, says: "it redirects nowhere", fatal: true,
		},
		"redirect elsewhere": {
			test: func(t testing.TB) {
				site := sitetest.New(t, sitetest.Options{})
				site.Client(t, site.Middleware(http.RedirectHandler("https://other.example/x", http.StatusFound))).Get("/").Follow()
			},
			says: "does not belong to the site", fatal: true,
		},
		"relative path": {test: func(t testing.TB) { browser(t).Get("account") }, says: `must begin with "/"`, fatal: true},
		"no handler": {
			test: func(t testing.TB) { sitetest.New(t, sitetest.Options{}).Client(t, nil).Get("/") },
			says: "no handler", fatal: true,
		},
		"no such user": {
			test: func(t testing.TB) { sitetest.New(t, sitetest.Options{}).User(t, "zoe") }, says: `find the user who logs in as "zoe": auth: no such user`, fatal: true,
		},
		"name in use": {
			test: func(t testing.TB) {
				site := sitetest.New(t, sitetest.Options{})
				site.AddUser(t, sitetest.User{Username: "ada"})
				site.AddUser(t, sitetest.User{Username: "ada"})
			},
			says: `the name "ada" is in use`, fatal: true,
		},
		"no group": {
			test: func(t testing.TB) {
				sitetest.New(t, sitetest.Options{}).AddUser(t, sitetest.User{Username: "ada", Groups: []string{"clerks"}})
			},
			says: `no group "clerks"`, fatal: true,
		},
		"nil user": {test: func(t testing.TB) { browser(t).LogIn(nil) }, says: "the user is nil", fatal: true},
		"foreign user": {
			test: func(t testing.TB) { browser(t).LogIn(&auth.User{ID: "9", Username: "zoe"}) }, says: "log zoe in: auth: no such user", fatal: true,
		},
		"inactive user": {
			test: func(t testing.TB) {
				site := sitetest.New(t, sitetest.Options{})
				site.Client(t, nil).LogIn(site.AddUser(t, sitetest.User{Username: "ada", Inactive: true}))
			},
			says: "does not accept the login (inactive)", fatal: true,
		},
		"unknown backend": {
			test: func(t testing.TB) {
				site := sitetest.New(t, sitetest.Options{})
				ada := site.AddUser(t, sitetest.User{Username: "ada"})
				ada.Backend = "shop.Backend"
				site.Client(t, nil).LogIn(ada)
			},
			says: "log ada in: ", fatal: true,
		},
		"value": {
			test: func(t testing.TB) { browser(t).SetSession("f", func() {}) }, says: "set f in the session: ", fatal: true,
		},
		"JSON": {
			test: func(t testing.TB) { browser(t).JSON(http.MethodPost, "/cart", func() {}) }, says: "POST /cart: json: ", fatal: true,
		},
		"settings": {
			test: func(t testing.TB) {
				sitetest.New(t, sitetest.Options{Settings: djangosession.Settings{SecretKey: "k"}})
			},
			says: "create them with NewSettings", fatal: true,
		},
		"no file": {
			test: func(t testing.TB) { sitetest.New(t, sitetest.Options{File: "no.json"}) }, says: "no.json", fatal: true,
		},
		"file and settings": {
			test: func(t testing.TB) {
				sitetest.New(t, sitetest.Options{File: "no.json", Settings: djangosession.NewSettings("k")})
			},
			says: "only one of them", fatal: true,
		},
		"site that is refused": {
			test: func(t testing.TB) {
				s := djangosession.NewSettings("k")
				s.UserModel = djangosession.UserModel{Model: "shop.User", SessionAuthHash: "overridden"}
				sitetest.New(t, sitetest.Options{Settings: s})
			},
			says: "get_session_auth_hash", fatal: true,
		},
		"no file to open": {
			test: func(t testing.TB) { sitetest.Open(t, "no.json", djangobridge.Options{}) }, says: "no.json", fatal: true,
		},
		"empty database": {
			test: func(t testing.TB) {
				sitetest.Open(t, siteFile, djangobridge.Options{DB: database(t, filepath.Join(t.TempDir(), "db"))})
			},
			says: "django_session", fatal: true,
		},
		"user added to a database": {
			test: func(t testing.TB) { openSite(t).AddUser(t, sitetest.User{Username: "ada"}) }, says: "find one by its name with Site.User", fatal: true,
		},
		"group added to a database": {
			test: func(t testing.TB) { openSite(t).AddGroup(t, "clerks") }, says: "find one by its name with Site.User", fatal: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.test)
			if len(got.texts) != 1 || !strings.Contains(got.texts[0], c.says) || got.ended != c.fatal {
				t.Errorf("it reports %q, and ends: %v; want %q, %v", got.texts, got.ended, c.says, c.fatal)
			}
		})
	}
	if got := run(t, func(t testing.TB) { browser(t).Get("/account").WantStatus(http.StatusFound) }); len(got.texts) > 0 {
		t.Errorf("a test that passes reports %q", got.texts)
	}
}
