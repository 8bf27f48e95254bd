package views_test

import (
	"context"
	"errors"
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

const secret = "abcdefghijklmnopqrstuvwxyzABCDEF"

// users are users in memory that can be found by their addresses.
type users struct {
	*memory.Users
	found []*auth.User
	err   error
}

func (u *users) UsersByEmail(context.Context, string) ([]*auth.User, error) { return u.found, u.err }

func newSite(t *testing.T, u auth.Users) *djangobridge.Site {
	t.Helper()
	return newSiteOf(t, "6.1.3", u)
}

func newSiteOf(t *testing.T, release string, u auth.Users) *djangobridge.Site {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "k")
	if err != nil {
		t.Fatal(err)
	}
	s.AllowedHosts = []string{"example.com"}
	site, err := djangobridge.New(s, djangobridge.Options{
		Users: u, OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
		CSRF: csrf.Options{Logger: slog.New(slog.DiscardHandler)}, Auth: auth.Options{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// post sends a form with a CSRF token.
func post(t *testing.T, h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	form.Set("csrfmiddlewaretoken", secret)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "csrftoken="+secret)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestResetMailGoesToTheStoredAddressOnly holds the defense against look-alike addresses:
// the database may take them for the same.
func TestResetMailGoesToTheStoredAddressOnly(t *testing.T) {
	t.Parallel()
	u := &users{Users: memory.NewUsers()}
	site := newSite(t, u)
	var mails []views.ResetMail
	o := views.Options{
		Render: func(http.ResponseWriter, *http.Request, views.Page) { t.Error("a page was shown") },
		SendMail: func(_ context.Context, m views.ResetMail) error {
			mails = append(mails, m)
			return errors.New("the queue is full")
		},
		ResetURL: "https://example.com/reset/{uidb64}/{token}/",
		Logger:   slog.New(slog.DiscardHandler),
	}
	pages, err := site.Views(o)
	if err != nil {
		t.Fatal(err)
	}
	h := site.Middleware(http.HandlerFunc(pages.PasswordReset))
	for _, c := range []struct {
		name, sent string
		user       *auth.User
		mail       bool
	}{
		{name: "same", sent: "mike@example.org", user: &auth.User{Email: "mike@example.org", IsActive: true}, mail: true},
		{name: "case", sent: "MIKE@example.org", user: &auth.User{Email: "Mike@Example.org", IsActive: true}, mail: true},
		{name: "sharp s", sent: "STRASSE@example.org", user: &auth.User{Email: "stra\u00dfe@example.org", IsActive: true}, mail: true},
		{name: "dotless i", sent: "m\u0131ke@example.org", user: &auth.User{Email: "mike@example.org", IsActive: true}},
		{name: "another", sent: "m_ke@example.org", user: &auth.User{Email: "mike@example.org", IsActive: true}},
		{name: "inactive", sent: "mike@example.org", user: &auth.User{Email: "mike@example.org"}},
		{name: "no password", sent: "mike@example.org", user: &auth.User{Email: "mike@example.org", IsActive: true, Password: "!x"}},
	} {
		mails = nil
		c.user.ID = "7"
		u.found = []*auth.User{c.user}
		w := post(t, h, "/reset/", url.Values{"email": {c.sent}})
		if w.Code != http.StatusFound || w.Header().Get("Location") != "/accounts/password_reset/done/" {
			t.Errorf("%s: status %d, %v", c.name, w.Code, w.Header())
		}
		if (len(mails) == 1) != c.mail {
			t.Errorf("%s: %d mails", c.name, len(mails))
			continue
		}
		if c.mail && (mails[0].To != c.user.Email || !site.Tokens.Check(c.user, mails[0].Token) ||
			mails[0].Link != "https://example.com/reset/Nw/"+mails[0].Token+"/") {
			t.Errorf("%s: to %q, %q", c.name, mails[0].To, mails[0].Link)
		}
	}
	u.err = errors.New("the database is away")
	if w := post(t, h, "/reset/", url.Values{"email": {"a@example.org"}}); w.Code != http.StatusInternalServerError {
		t.Errorf("without a database: status %d", w.Code)
	}
}

// TestResetWithoutTokensRevealsNoUser uses settings of an older version, with which no
// tokens can be made. The answer must be the same with and without a user.
func TestResetWithoutTokensRevealsNoUser(t *testing.T) {
	t.Parallel()
	u := &users{Users: memory.NewUsers()}
	site := newSite(t, u)
	old := djangosession.NewSettings("k")
	old.UserModel.Model = "auth.User"
	generator, err := tokens.New(old, tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := views.New(views.Site{Settings: site.Settings, Login: site.Login, Users: u, Tokens: generator}, views.Options{
		Render:   func(http.ResponseWriter, *http.Request, views.Page) { t.Error("a page was shown") },
		SendMail: func(context.Context, views.ResetMail) error { return nil },
		ResetURL: "https://example.com/reset/{uidb64}/{token}/", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := site.Middleware(http.HandlerFunc(pages.PasswordReset))
	for _, found := range [][]*auth.User{nil, {{ID: "7", Email: "a@example.org", IsActive: true}}} {
		u.found = found
		if w := post(t, h, "/reset/", url.Values{"email": {"a@example.org"}}); w.Code != http.StatusInternalServerError {
			t.Errorf("%d users: status %d", len(found), w.Code)
		}
	}
}

func TestPagesCheckTheTokenThemselves(t *testing.T) {
	t.Parallel()
	site := newSite(t, memory.NewUsers())
	pages, err := site.Views(views.Options{
		Render: func(http.ResponseWriter, *http.Request, views.Page) { t.Error("a page was shown") },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]http.HandlerFunc{
		"login": pages.Login, "logout": pages.Logout, "change": pages.PasswordChange, "reset": pages.PasswordReset,
		"confirm": pages.PasswordResetConfirm,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/", http.NoBody)
		if site.Middleware(csrf.Exempt(page)).ServeHTTP(w, r); w.Code != http.StatusForbidden {
			t.Errorf("%s: status %d without a token", name, w.Code)
		}
		w = httptest.NewRecorder()
		if page(w, r); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: status %d without middlewares", name, w.Code)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	site := newSite(t, memory.NewUsers())
	render := func(http.ResponseWriter, *http.Request, views.Page) {}
	for says, o := range map[string]views.Options{
		"Render":   {},
		"ResetURL": {Render: render, ResetURL: "/reset/{uidb64}/{token}/"},
		"uidb64":   {Render: render, ResetURL: "https://example.com/reset/{token}/"},
	} {
		if _, err := site.Views(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	if _, err := views.New(views.Site{}, views.Options{Render: render}); err == nil {
		t.Error("a site without parts is accepted")
	}
	site.Settings.LoginRedirectURL = "home"
	if _, err := site.Views(views.Options{Render: render}); err == nil || !strings.Contains(err.Error(), "LOGIN_REDIRECT_URL") {
		t.Errorf("the name of a view: %v", err)
	}
	site.Settings.LoginRedirectURL, site.Settings.LogoutRedirectURL = "/", "NoReverseMatch"
	if _, err := site.Views(views.Options{Render: render}); err == nil || !strings.Contains(err.Error(), "LOGOUT_REDIRECT_URL") {
		t.Errorf("the name of an exception: %v", err)
	}
	if _, err := site.Views(views.Options{Render: render, LogoutNextPage: "/bye/"}); err != nil {
		t.Errorf("a setting that is not used: %v", err)
	}
}

func TestPasswordsAreNotSetWithoutValidation(t *testing.T) {
	t.Parallel()
	u := memory.NewUsers()
	ada, err := u.Add(&auth.User{Username: "ada", Password: "old", IsActive: true}, memory.Access{})
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(t, u)
	pages, err := site.Views(views.Options{
		Render: func(http.ResponseWriter, *http.Request, views.Page) {}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := site.Login.Login(r.Context(), ada); err != nil {
			t.Error(err)
		}
		pages.PasswordChange(w, r)
	}))
	w := post(t, h, "/change/", url.Values{"new_password1": {"x"}, "new_password2": {"x"}})
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
	if now, err := u.Get(t.Context(), ada.ID); err != nil || now.Password != "old" {
		t.Errorf("the password was set: %v", err)
	}
}

// A router that does not clean paths must not let a logout lead to another site.
func TestLogoutDoesNotLeadToAHostInThePath(t *testing.T) {
	t.Parallel()
	site := newSite(t, memory.NewUsers())
	pages, err := site.Views(views.Options{Render: func(http.ResponseWriter, *http.Request, views.Page) {}})
	if err != nil {
		t.Fatal(err)
	}
	w := post(t, site.Middleware(http.HandlerFunc(pages.Logout)), "//evil.test/logout/?x=1", url.Values{})
	if to := w.Header().Get("Location"); w.Code != http.StatusFound || to != "/%2Fevil.test/logout/" {
		t.Errorf("status %d, %q", w.Code, to)
	}
}
