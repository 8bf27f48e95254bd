package views_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// fakeHashers encode a password as "new$password". The prefix "old$" is that of an older
// hasher, and "gone$" that of an unknown one.
type fakeHashers struct {
	making func() // called, if set, before a password is encoded
}

func (*fakeHashers) Check(_ context.Context, password string, encoded auth.Secret) (ok, mustUpdate bool, err error) {
	hasher, right, _ := strings.Cut(string(encoded), "$")
	if hasher == "gone" {
		return false, false, &auth.HasherError{Hasher: hasher, Problem: "is unknown"}
	}
	return right == password, hasher == "old" && right == password, nil
}

func (h *fakeHashers) Make(ctx context.Context, password string) (auth.Secret, error) {
	if h.making != nil {
		h.making()
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if len(password) > 72 {
		return "", fmt.Errorf("%w: this hasher uses 72 bytes", auth.ErrPasswordTooLong)
	}
	return auth.Secret("new$" + password), nil
}

// watchedUsers call stored, if set, after they have stored a password.
type watchedUsers struct {
	*memory.Users
	stored func()
	down   bool // the database is down for writing
}

func (u *watchedUsers) ReplacePassword(ctx context.Context, id string, old, encoded auth.Secret) error {
	if u.down {
		return errors.New("the database is down")
	}
	err := u.Users.ReplacePassword(ctx, id, old, encoded)
	if u.stored != nil {
		u.stored()
	}
	return err
}

// change is a site with one user, ada, whose browser has logged in.
type change struct {
	users   *watchedUsers
	hashers *fakeHashers
	site    *djangobridge.Site
	handler http.Handler
	pages   []views.Page // that were shown
	cookie  string       // of ada's session
	id      string
}

func newChange(t *testing.T, password auth.Secret) *change {
	t.Helper()
	c := &change{users: &watchedUsers{Users: memory.NewUsers()}, hashers: &fakeHashers{}}
	ada, err := c.users.Add(&auth.User{Username: "ada", Password: password, IsActive: true}, memory.Access{})
	if err != nil {
		t.Fatal(err)
	}
	c.id = ada.ID
	settings := djangosession.NewSettings("k")
	settings.AllowedHosts = []string{"example.com"}
	quiet := slog.New(slog.DiscardHandler)
	site, err := djangobridge.New(settings, djangobridge.Options{
		Users: c.users, OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
		CSRF: csrf.Options{Logger: quiet}, Auth: auth.Options{Logger: quiet, Hashers: c.hashers},
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := site.Views(views.Options{
		Render: func(_ http.ResponseWriter, _ *http.Request, page views.Page) { c.pages = append(c.pages, page) },
		ValidatePassword: func(_ context.Context, password string, _ *auth.User) []views.Problem {
			if password == "bad" {
				return []views.Problem{{Code: "password_too_short"}}
			}
			return nil
		},
		Logger: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/accounts/login/", pages.Login)
	mux.HandleFunc("/change/", pages.PasswordChange)
	mux.HandleFunc("/login/", func(_ http.ResponseWriter, r *http.Request) {
		if err := site.Login.Login(r.Context(), ada); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/reset/{uidb64}/{token}/{$}", pages.PasswordResetConfirm)
	mux.HandleFunc("/user/", func(w http.ResponseWriter, r *http.Request) {
		if user, err := auth.UserFrom(r.Context()); err != nil || user == nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	c.site, c.handler = site, site.Middleware(mux)
	c.send(t, "/login/", url.Values{})
	return c
}

// send posts a form with ada's session.
func (c *change) send(t *testing.T, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	form.Set("csrfmiddlewaretoken", secret)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "csrftoken="+secret+"; sessionid="+c.cookie)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == "sessionid" {
			c.cookie = cookie.Value
		}
	}
	return w
}

// openLink opens a reset link of ada, and returns the path of its form.
func (c *change) openLink(t *testing.T) string {
	t.Helper()
	ada, err := c.users.Get(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	token, err := c.site.Tokens.Make(ada)
	if err != nil {
		t.Fatal(err)
	}
	w := c.send(t, "/reset/"+tokens.EncodeUID(c.id)+"/"+token+"/", url.Values{})
	if w.Code != http.StatusFound {
		t.Fatalf("status %d", w.Code)
	}
	return w.Header().Get("Location")
}

func (c *change) stored(t *testing.T) auth.Secret {
	t.Helper()
	user, err := c.users.Get(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	return user.Password
}

// The old password is encoded again before the form is rejected, which would end the
// session.
func TestRejectedPasswordChangeKeepsTheLogin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, first, second, code string }{
		{name: "two different passwords", first: "a", second: "b", code: "password_mismatch"},
		{name: "a bad password", first: "bad", second: "bad", code: "password_too_short"},
		{name: "a long password", first: strings.Repeat("x", 73), second: strings.Repeat("x", 73), code: "max_length"},
	} {
		site := newChange(t, "old$pw")
		w := site.send(t, "/change/", url.Values{"old_password": {"pw"}, "new_password1": {c.first}, "new_password2": {c.second}})
		if w.Code != http.StatusOK || len(site.pages) != 1 {
			t.Errorf("%s: status %d, %d pages", c.name, w.Code, len(site.pages))
			continue
		}
		if found := site.pages[0].Of("new_password2"); len(found) != 1 || found[0].Code != c.code {
			t.Errorf("%s: problems %v", c.name, site.pages[0].Problems)
		}
		if stored := site.stored(t); stored != "new$pw" {
			t.Errorf("%s: stored %q", c.name, string(stored))
		}
		if w := site.send(t, "/user/", url.Values{}); w.Code != http.StatusOK {
			t.Errorf("%s: the user is logged out", c.name)
		}
	}
}

// Another request of the same browser finds the session with the hash of the old password
// while the new one is already stored.
func TestParallelRequestDoesNotEndTheLogin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		password      auth.Secret
		first, second string
		status        int
	}{
		{name: "a new password", password: "new$pw", first: "a", second: "a", status: http.StatusFound},
		{name: "a new password, the old one encoded again", password: "old$pw", first: "a", second: "a", status: http.StatusFound},
		{name: "only encoded again", password: "old$pw", first: "a", second: "b", status: http.StatusOK},
	} {
		site := newChange(t, c.password)
		before := site.cookie
		visit := func() (status int) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/user/", http.NoBody)
			r.Header.Set("Cookie", "sessionid="+before)
			w := httptest.NewRecorder()
			site.handler.ServeHTTP(w, r)
			return w.Code
		}
		site.users.stored = func() { visit() }
		encoded := 0
		site.hashers.making = func() { // takes most of the time, and must not keep the browser out
			if encoded++; encoded == 1 && visit() != http.StatusOK {
				t.Errorf("%s: no user while the password is encoded", c.name)
			}
		}
		w := site.send(t, "/change/", url.Values{"old_password": {"pw"}, "new_password1": {c.first}, "new_password2": {c.second}})
		if w.Code != c.status {
			t.Errorf("%s: status %d", c.name, w.Code)
		}
		if w := site.send(t, "/user/", url.Values{}); w.Code != http.StatusOK || site.cookie == before {
			t.Errorf("%s: the user is logged out", c.name)
		}
	}
}

// The client disconnects while the password is encoded.
func TestAbortedPasswordChangeChangesNothing(t *testing.T) {
	t.Parallel()
	for _, stored := range []auth.Secret{"old$pw", "new$pw"} {
		site := newChange(t, stored)
		ctx, cancel := context.WithCancel(t.Context())
		site.hashers.making = cancel
		form := url.Values{"old_password": {"pw"}, "new_password1": {"a"}, "new_password2": {"a"}, "csrfmiddlewaretoken": {secret}}
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://example.com/change/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", "csrftoken="+secret+"; sessionid="+site.cookie)
		site.handler.ServeHTTP(httptest.NewRecorder(), r)
		if now := site.stored(t); now != stored {
			t.Errorf("%s: stored %q", string(stored), string(now))
		}
		site.hashers.making = nil
		if w := site.send(t, "/user/", url.Values{}); w.Code != http.StatusOK {
			t.Errorf("%s: the user is logged out", string(stored))
		}
	}
}

// A form that is sent twice at once, or a logout, takes the session away. Django would
// store it again, and so bring back a login after its logout.
func TestPasswordChangeAfterALogoutChangesNothing(t *testing.T) {
	t.Parallel()
	site := newChange(t, "new$pw")
	site.hashers.making = func() {
		if err := site.site.Sessions.Delete(t.Context(), site.cookie); err != nil {
			t.Error(err)
		}
	}
	w := site.send(t, "/change/", url.Values{"old_password": {"pw"}, "new_password1": {"a"}, "new_password2": {"a"}})
	if stored := site.stored(t); w.Code != http.StatusBadRequest || stored != "new$pw" {
		t.Errorf("status %d, stored %q", w.Code, string(stored))
	}
}

// A password that is not stored leaves the login as it is.
func TestFailedPasswordChangeKeepsTheLogin(t *testing.T) {
	t.Parallel()
	for _, stored := range []auth.Secret{"old$pw", "new$pw"} {
		site := newChange(t, stored)
		site.users.down = true
		w := site.send(t, "/change/", url.Values{"old_password": {"pw"}, "new_password1": {"a"}, "new_password2": {"a"}})
		if w.Code != http.StatusInternalServerError || site.stored(t) != stored {
			t.Errorf("%s: status %d, stored %q", string(stored), w.Code, string(site.stored(t)))
		}
		if w := site.send(t, "/user/", url.Values{}); w.Code != http.StatusOK {
			t.Errorf("%s: the user is logged out", string(stored))
		}
	}
}

// The old password is encoded again, and then the database goes down.
func TestFailureAfterEncodingAgainKeepsTheLogin(t *testing.T) {
	t.Parallel()
	site := newChange(t, "old$pw")
	site.users.stored = func() { site.users.down = true }
	w := site.send(t, "/change/", url.Values{"old_password": {"pw"}, "new_password1": {"a"}, "new_password2": {"a"}})
	if stored := site.stored(t); w.Code != http.StatusInternalServerError || stored != "new$pw" {
		t.Errorf("status %d, stored %q", w.Code, string(stored))
	}
	if w := site.send(t, "/user/", url.Values{}); w.Code != http.StatusOK {
		t.Error("the user is logged out")
	}
}

// The default hasher uses only a part of the password.
func TestLongPasswordIsAProblemOfTheForm(t *testing.T) {
	t.Parallel()
	site := newChange(t, "new$pw")
	long := strings.Repeat("x", 73)
	for _, path := range []string{"/change/", site.openLink(t)} {
		site.pages = nil
		w := site.send(t, path, url.Values{"old_password": {"pw"}, "new_password1": {long}, "new_password2": {long}})
		if w.Code != http.StatusOK || len(site.pages) != 1 {
			t.Errorf("%s: status %d, %d pages", path, w.Code, len(site.pages))
			continue
		}
		if found := site.pages[0].Of("new_password2"); len(found) != 1 || found[0].Code != "max_length" || found[0].Text == "" {
			t.Errorf("%s: problems %v", path, site.pages[0].Problems)
		}
	}
	if stored := site.stored(t); stored != "new$pw" {
		t.Errorf("stored %q", string(stored))
	}
}

// To Django, a stored password of an unknown hasher is one that no text matches.
func TestPasswordOfAnUnknownHasherIsAWrongOldOne(t *testing.T) {
	t.Parallel()
	site := newChange(t, "gone$pw")
	w := site.send(t, "/change/", url.Values{"old_password": {"pw"}, "new_password1": {"x"}, "new_password2": {"x"}})
	if w.Code != http.StatusOK || len(site.pages) != 1 {
		t.Fatalf("status %d, %d pages", w.Code, len(site.pages))
	}
	if found := site.pages[0].Of("old_password"); len(found) != 1 || found[0].Code != "password_incorrect" {
		t.Errorf("problems %v", site.pages[0].Problems)
	}
	if stored := site.stored(t); stored != "gone$pw" {
		t.Errorf("stored %q", string(stored))
	}
}

// The decoded texts are those of Python's bytes.decode("utf-8", "replace").
func TestInvalidBytesInFormsAreDecodedAsDjangoDecodesThem(t *testing.T) {
	t.Parallel()
	for sent, decoded := range map[string]string{
		"p\xff\xfe":         "p\ufffd\ufffd",
		"p\xed\xa0\x80":     "p\ufffd\ufffd\ufffd",
		"\xf0\x9f\x98p\xe2": "\ufffdp\ufffd",
	} {
		site := newChange(t, auth.Secret("new$"+decoded))
		w := site.send(t, "/change/", url.Values{"old_password": {sent}, "new_password1": {sent + "1"}, "new_password2": {sent + "1"}})
		if w.Code != http.StatusFound || len(site.pages) > 0 {
			t.Errorf("%x: status %d, %v", sent, w.Code, site.pages)
		}
		if stored := site.stored(t); string(stored) != "new$"+decoded+"1" {
			t.Errorf("%x: stored %q", sent, string(stored))
		}
		w = site.send(t, "/accounts/login/", url.Values{"username": {"ada"}, "password": {sent + "1"}, "next": {"/" + sent}})
		if to := w.Header().Get("Location"); w.Code != http.StatusFound || to != "/"+url.PathEscape(decoded) {
			t.Errorf("%x: status %d, to %q", sent, w.Code, to)
		}
	}
}
