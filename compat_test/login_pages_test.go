package compat_test

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// pageAnswer is a response of a login page, as peers/login_pages.py describes it.
type pageAnswer struct {
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Cookies  []string          `json:"cookies"`
	Template string            `json:"template"`
	Problems [][2]string       `json:"problems"` // fields and codes
	Next     string            `json:"next"`
	Valid    bool              `json:"valid"`
	Mails    [][3]string       `json:"mails"` // address, uid, token
	Body     string            `json:"body"`
}

// pageSite is one side with its own database, and its visitor's cookies.
type pageSite struct {
	visit func(t *testing.T, method, path, body, cookie string) pageAnswer
	jar   map[string]string
}

// TestLoginPages sends the same requests to the login pages of Django and of Go, each on
// its own copy of a database, and compares the responses.
func TestLoginPages(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run("django-"+release, func(t *testing.T) {
			t.Parallel()
			for name, settings := range map[string]string{"default": "{}", "logout URL": `{"LOGOUT_REDIRECT_URL": "/bye/"}`} {
				p := newPages(t, release, settings)
				t.Run(name, p.sameAnswers)
			}
			newPages(t, release, "{}").shareLinks(t)
		})
	}
}

type pages struct {
	django, golang *pageSite
}

func newPages(t *testing.T, release, settings string) *pages {
	t.Helper()
	dir := t.TempDir()
	djangoFile, goFile := filepath.Join(dir, "django.sqlite3"), filepath.Join(dir, "go.sqlite3")
	export := pagesCommand(t, release, settings, djangoFile, "export")
	export.Stdin = strings.NewReader(djangosession.SettingsScript)
	exported, err := export.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, export.Stderr)
	}
	return &pages{
		django: &pageSite{visit: startPages(t, release, settings, djangoFile), jar: map[string]string{}},
		golang: &pageSite{visit: openPages(t, exported, djangoFile, goFile), jar: map[string]string{}},
	}
}

func pagesCommand(t *testing.T, release, settings, database, what string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), python(t, release), filepath.Join("peers", "login_pages.py"), database, what)
	cmd.Env = append(os.Environ(), "LOGIN_PAGES_SETTINGS="+settings, "PYTHONWARNINGS=ignore", "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = t.Output()
	return cmd
}

// startPages starts Django's half.
func startPages(t *testing.T, release, settings, database string) func(t *testing.T, method, path, body, cookie string) pageAnswer {
	t.Helper()
	cmd := pagesCommand(t, release, settings, database, "visit")
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := cmp.Or(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	answers := bufio.NewReader(out)
	return func(t *testing.T, method, path, body, cookie string) (a pageAnswer) {
		t.Helper()
		err := json.NewEncoder(in).Encode(map[string]string{"method": method, "path": path, "body": body, "cookie": cookie})
		if err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &a)
		}
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// openPages opens Go's half on a copy of the database.
func openPages(t *testing.T, exported []byte, from, to string) func(t *testing.T, method, path, body, cookie string) pageAnswer {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	file := to + ".json"
	if err == nil {
		err = os.WriteFile(file, exported, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+to+"?_busy_timeout=20000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	site, err := djangobridge.Open(file, djangobridge.Options{
		DB: db, CSRF: csrf.Options{Logger: logger}, Auth: auth.Options{Logger: logger},
	})
	if err != nil {
		t.Fatal(err)
	}
	var current *pageAnswer
	options := views.Options{
		Logger: logger,
		Render: func(w http.ResponseWriter, r *http.Request, page views.Page) {
			if page.Template != views.LoggedOutTemplate {
				if _, err := csrf.Token(r.Context()); err != nil {
					t.Error(err)
				}
			}
			current.Template, current.Next, current.Valid = page.Template, page.Next, page.ValidLink
			for _, p := range page.Problems {
				current.Problems = append(current.Problems, [2]string{p.Field, p.Code})
			}
			_, _ = io.WriteString(w, "page")
		},
		ValidatePassword: func(_ context.Context, password string, _ *auth.User) []views.Problem {
			if len(password) < 6 {
				return []views.Problem{{Code: "password_too_short"}}
			}
			return nil
		},
		SendMail: func(_ context.Context, m views.ResetMail) error {
			current.Mails = append(current.Mails, [3]string{m.To, m.UID, m.Token})
			return nil
		},
		ResetURL: "http://shop.test/accounts/reset/{uidb64}/{token}/",
	}
	pages, err := site.Views(options)
	if err != nil {
		t.Fatal(err)
	}
	options.RedirectAuthenticatedUser = true
	again, err := site.Views(options)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/accounts/login/", pages.Login)
	mux.HandleFunc("/again/", again.Login)
	mux.HandleFunc("/accounts/logout/", pages.Logout)
	mux.HandleFunc("/accounts/password_change/", pages.PasswordChange)
	mux.HandleFunc("/accounts/password_reset/", pages.PasswordReset)
	mux.HandleFunc("/accounts/reset/{uidb64}/{token}/{$}", pages.PasswordResetConfirm)
	mux.HandleFunc("/who/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if user, err := auth.UserFrom(r.Context()); err != nil {
			t.Error(err)
		} else if user != nil {
			_, _ = io.WriteString(w, user.Username)
		}
	})
	handler := site.Middleware(mux)
	return func(t *testing.T, method, path, body, cookie string) pageAnswer {
		t.Helper()
		current = &pageAnswer{Headers: map[string]string{}, Problems: [][2]string{}, Mails: [][3]string{}}
		r := httptest.NewRequestWithContext(t.Context(), method, "http://shop.test"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RequestURI = path
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		a := *current
		a.Status, a.Cookies = w.Code, w.Header()["Set-Cookie"]
		for _, name := range []string{"Location", "Content-Type", "Cache-Control", "Allow", "Vary"} {
			a.Headers[name] = strings.Join(w.Header()[name], ", ")
		}
		if path == "/who/" {
			a.Body = w.Body.String()
		}
		slices.SortFunc(a.Problems, func(x, y [2]string) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
		slices.SortFunc(a.Mails, func(x, y [3]string) int { return cmp.Compare(x[0], y[0]) })
		return a
	}
}

// send sends a request with the cookies of the visitor, and with a CSRF token.
func (s *pageSite) send(t *testing.T, method, path string, form url.Values) pageAnswer {
	t.Helper()
	if s.jar["csrftoken"] == "" {
		s.jar["csrftoken"] = strings.Repeat("ab", 32)
	}
	list := make([]string, 0, len(s.jar))
	for name, value := range s.jar {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	body := ""
	if form != nil && method == http.MethodPost {
		form.Set("csrfmiddlewaretoken", s.jar["csrftoken"])
		body = form.Encode()
	}
	a := s.visit(t, method, path, body, strings.Join(list, "; "))
	for i, line := range a.Cookies {
		name, rest, _ := strings.Cut(line, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		value = strings.Trim(value, `"`)
		if s.jar[name] = value; value == "" {
			delete(s.jar, name)
			value = "deleted"
		} else {
			value = "set"
		}
		var kept []string
		for attribute := range strings.SplitSeq(attributes, ";") {
			if attribute = strings.TrimSpace(attribute); !strings.HasPrefix(strings.ToLower(attribute), "expires=") {
				kept = append(kept, attribute)
			}
		}
		slices.Sort(kept)
		a.Cookies[i] = name + " " + value + " " + strings.Join(kept, "; ")
	}
	slices.Sort(a.Cookies)
	if len(a.Cookies) == 0 {
		a.Cookies = nil
	}
	return a
}

// both sends the same request to both sides and compares the answers.
func (p *pages) both(t *testing.T, method, path string, form url.Values) {
	t.Helper()
	clone := func() url.Values {
		if form == nil {
			return nil
		}
		parsed, _ := url.ParseQuery(form.Encode())
		return parsed
	}
	d, g := p.django.send(t, method, path, clone()), p.golang.send(t, method, path, clone())
	if !reflect.DeepEqual(d, g) {
		t.Errorf("%s %s %v:\nDjango %+v\nGo     %+v", method, path, form, d, g)
	}
}

func fields(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

func (p *pages) sameAnswers(t *testing.T) {
	const (
		login, logout, change, reset = "/accounts/login/", "/accounts/logout/", "/accounts/password_change/", "/accounts/password_reset/"
		who                          = "/who/"
	)
	steps := []struct {
		method, path string
		form         url.Values
	}{
		{"GET", login, nil},
		{"GET", login + "?next=/cart/%C3%A9%20x", nil},
		{"GET", login + "?next=//evil.test/", nil},
		{"HEAD", login, nil},
		{"OPTIONS", login, nil},
		{"POST", login, fields()},
		{"POST", login, fields("username", "ada", "password", "wrong")},
		{"POST", login, fields("username", "ina", "password", "pass word")},
		{"POST", login, fields("username", "a\x00", "password", "\x00")},
		{"POST", login, fields("username", " \x1c ", "password", " ")},
		{"POST", login, fields("username", "nop", "password", "!")},
		{"GET", change, nil},
		{"GET", logout, nil},
		{"GET", who, nil},
		{"POST", login, fields("username", " ada ", "password", "pass word", "next", "/cart/?a=é b")},
		{"GET", who, nil},
		{"GET", "/again/", nil},
		{"GET", "/again/?next=/x/", nil},
		{"GET", "/again/?next=https://evil.test/", nil},
		{"GET", change, nil},
		{"POST", change, fields()},
		{"POST", change, fields("old_password", "wrong", "new_password1", "another one", "new_password2", "another 1")},
		{"POST", change, fields("old_password", "pass word", "new_password1", "short", "new_password2", "short")},
		{"POST", change, fields("old_password", "pass word", "new_password2", "short")},
		{"OPTIONS", change, nil},
		{"POST", change, fields("old_password", "pass word", "new_password1", "another one", "new_password2", "another one")},
		{"GET", who, nil},
		{"POST", logout, fields("next", "/after/")},
		{"GET", who, nil},
		{"POST", login, fields("username", "ada", "password", "another one")},
		{"POST", logout, fields("next", "//evil.test")},
		{"POST", login, fields("username", "ﬁ\u0301", "password", "pass word")},
		{"GET", who, nil},
		{"POST", logout, fields()},
		{"POST", login, fields("username", "ada", "password", "another one")},
		{"GET", logout + "?next=/seen/", nil},
		{"GET", who, nil},
		{"POST", logout + "?x=1", fields()},
		{"HEAD", logout, nil},
		{"OPTIONS", logout, nil},
		{"GET", reset, nil},
		{"OPTIONS", reset, nil},
		{"POST", reset, fields()},
		{"POST", reset, fields("email", "no address")},
		{"POST", reset, fields("email", strings.Repeat("a", 250)+"@example.com")},
		{"POST", reset, fields("email", "a\x00@example.com")},
		{"POST", reset, fields("email", "nobody@example.com")},
		{"POST", reset, fields("email", "ina@example.com")},
		{"POST", reset, fields("email", "nop@example.com")},
		{"POST", reset, fields("email", "a%a@example.com")},
		{"POST", reset, fields("email", "mıke@example.org")},
		{"POST", reset, fields("email", "aaa@example.com")},
		{"GET", "/accounts/reset/MQ/1-2/", nil},
		{"GET", "/accounts/reset/MQ/set-password/", nil},
		{"GET", "/accounts/reset/x/y/", nil},
	}
	for _, step := range steps {
		p.both(t, step.method, step.path, step.form)
	}
	// Tokens depend on the time and on the salt of a new password: each side has its own.
	d, g := p.django.send(t, "POST", reset, fields("email", " a_A@EXAMPLE.com ")), p.golang.send(t, "POST", reset, fields("email", " a_A@EXAMPLE.com "))
	if len(d.Mails) != 1 || len(g.Mails) != 1 || d.Mails[0][0] != g.Mails[0][0] || d.Mails[0][1] != g.Mails[0][1] {
		t.Fatalf("mails of Django %v, of Go %v", d.Mails, g.Mails)
	}
	p.useLinks(t, d.Mails[0], g.Mails[0])
	p.both(t, "POST", login, fields("username", "like", "password", "brand new"))
	p.both(t, "GET", who, nil)
}

// useLinks opens a link on each side and sets a password.
func (p *pages) useLinks(t *testing.T, django, golang [3]string) {
	t.Helper()
	link := func(mail [3]string) string { return "/accounts/reset/" + mail[1] + "/" + mail[2] + "/" }
	if d, g := p.django.send(t, "GET", link(django), nil), p.golang.send(t, "GET", link(golang), nil); !reflect.DeepEqual(d, g) || d.Status != http.StatusFound {
		t.Errorf("a link:\nDjango %+v\nGo     %+v", d, g)
	}
	set := "/accounts/reset/" + django[1] + "/set-password/"
	for _, form := range []url.Values{
		nil, fields(), fields("new_password1", "brand new", "new_password2", "brand old"), fields("new_password1", "x", "new_password2", "x"),
		fields("new_password1", "brand new", "new_password2", "brand new"), nil,
	} {
		method := "POST"
		if form == nil {
			method = "GET"
		}
		p.both(t, method, set, form)
	}
	if d, g := p.django.send(t, "GET", link(django), nil), p.golang.send(t, "GET", link(golang), nil); !reflect.DeepEqual(d, g) || d.Status != http.StatusOK || d.Valid {
		t.Errorf("a link that was used:\nDjango %+v\nGo     %+v", d, g)
	}
}

// shareLinks uses a link of each side on the other. Both databases still have the same
// users.
func (p *pages) shareLinks(t *testing.T) {
	t.Helper()
	const reset = "/accounts/password_reset/"
	d, g := p.django.send(t, "POST", reset, fields("email", "ada@example.com")), p.golang.send(t, "POST", reset, fields("email", "ada@example.com"))
	if len(d.Mails) != 2 || len(g.Mails) != 2 {
		t.Fatalf("mails of Django %v, of Go %v", d.Mails, g.Mails)
	}
	p.useLinks(t, g.Mails[0], d.Mails[0])
}
