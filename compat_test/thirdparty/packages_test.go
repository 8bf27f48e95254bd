package thirdparty

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/tables"
)

// sharedCase is a package that Go works beside.
type sharedCase struct {
	name   string // in site/shop/packages.py
	user   string // who logs in; "ada" by default
	login  func(b *browser)
	logout func(b *browser)
	more   func(t *testing.T, b *browser) // with a user who is logged in
	// refused is part of the error with which Go refuses to check passwords; "" if it
	// checks them.
	refused string
	options options
}

func sharedCases() []sharedCase {
	form := func(path string, fields ...string) func(b *browser) {
		return func(b *browser) { b.submit(path, fields...) }
	}
	return []sharedCase{
		{name: "plain"},
		{
			name: "allauth", login: form("/accounts/login/", "login", "ada", "password", "pass word"), logout: form("/accounts/logout/"),
		},
		{name: "axes", refused: `"axes.backends.AxesStandaloneBackend"`},
		{name: "db_subclass", options: options{tables: func(o *tables.Options) {
			o.ExtraColumns = []tables.Column{{Name: "account_id", Value: tables.LoggedInUserID}}
		}}},
		{name: "drf", more: apiCalls},
		{name: "guardian"},
		{name: "hijack"},
		{name: "otp", more: secondStep},
		{name: "qsessions_db", options: options{tables: qsessions}},
		{name: "social", login: socialLogin, options: options{auth: social}},
		{name: "user_sessions", options: options{tables: userSessions}},
		{
			name: "wagtail", user: "root", login: form("/cms/login/", "username", "root", "password", "pass word", "next", "/who/"),
			logout: func(b *browser) { b.post("/cms/logout/") },
		},
		{name: "impersonate", options: options{auth: impersonate}},
	}
}

// socialLogin comes back from a provider of python-social-auth that asks for a name
// alone.
func socialLogin(b *browser) {
	b.submit("/social/complete/username/", "username", "ada")
}

// apiCalls asks an API that needs a login by session, and CSRF tokens.
func apiCalls(t *testing.T, b *browser) {
	if p := b.get(b.django + "/api/"); p.User != "ada" || p.Go != "1" {
		t.Errorf("the API says %+v", p)
	}
	if status, body := b.post("/api/"); status != http.StatusOK {
		t.Errorf("the API answers a POST with %d: %s", status, body)
	}
	if status, _ := b.send(http.MethodPost, b.django+"/api/", url.Values{}); status != http.StatusForbidden {
		t.Errorf("the API answers a POST without a token with %d", status)
	}
}

// secondStep verifies the user by a code. What Go writes afterwards must not undo that.
func secondStep(t *testing.T, b *browser) {
	b.submit("/otp/", "token", "123456")
	b.get(b.service + "/set/?go=1")
	if p := b.get(b.django + "/who/"); !p.Verified || p.User != "ada" {
		t.Errorf("after the second step Django says %+v", p)
	}
}

// TestPackagesWorkTogether has a user log in through the package, and both sides read and
// write that session and end it.
func TestPackagesWorkTogether(t *testing.T) {
	t.Parallel()
	for _, c := range sharedCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, c.name)
			v := startService(t, s, c.options)
			b := newBrowser(t, s.url, v.url)
			turns(t, c, b)
		})
	}
}

// turns has a user log in and out on each side, and both sides write to the session.
func turns(t *testing.T, c sharedCase, b *browser) {
	t.Helper()
	if c.user == "" {
		c.user = "ada"
	}
	if c.login == nil {
		c.login = func(b *browser) { b.submit("/login/", "username", "ada", "password", "pass word") }
	}
	if c.logout == nil {
		c.logout = func(b *browser) { b.submit("/logout/") }
	}
	logouts := map[string]func(*browser){
		"Django": c.logout,
		"Go":     func(b *browser) { b.get(b.service + "/logout/") },
	}
	for side, logout := range logouts {
		share(t, c, b)
		copied := b.thief()
		copied.wantBoth("with the copied cookie", page{User: c.user, Go: "1", Dj: "2"})
		logout(b)
		b.wantBoth("after a logout by "+side, page{})
		copied.wantBoth("after a logout by "+side+", with a copied cookie,", page{})
	}
	logouts["Django"] = func(b *browser) { b.submit("/logout/") }
	shareGoLogin(t, c, b, logouts)
}

// share has a user log in through Django, and values written by both sides.
func share(t *testing.T, c sharedCase, b *browser) {
	t.Helper()
	c.login(b)
	b.wantBoth("after the login", page{User: c.user})
	b.get(b.service + "/set/?go=1")
	b.wantBoth("after Go's change", page{User: c.user, Go: "1"})
	b.get(b.django + "/set/?dj=2")
	b.wantBoth("after Django's change", page{User: c.user, Go: "1", Dj: "2"})
	old := b.thief()
	b.get(b.service + "/cycle/")
	old.wantBoth("with the key of before", page{})
	if c.more != nil {
		c.more(t, b)
	}
	b.wantBoth("after Go changed the key", page{User: c.user, Go: "1", Dj: "2"})
}

// shareGoLogin has ada log in through Go, or Go refuse to.
func shareGoLogin(t *testing.T, c sharedCase, b *browser, logouts map[string]func(*browser)) {
	t.Helper()
	for side, logout := range logouts {
		b.get(b.service + "/set/?go=kept")
		refused := b.goLogin()
		if c.refused != "" {
			if !strings.Contains(refused, c.refused) || !strings.Contains(refused, "Options.") {
				t.Errorf("Go's login says %q, want %q and an option", refused, c.refused)
			}
			b.wantBoth("after the refused login", page{Go: "kept"})
			return
		}
		if refused != "" {
			t.Errorf("Go's login: %s", refused)
			return
		}
		b.wantBoth("after Go's login", page{User: "ada", Go: "kept"})
		b.get(b.django + "/set/?dj=2")
		b.wantBoth("after Go's login and Django's change", page{User: "ada", Go: "kept", Dj: "2"})
		copied := b.thief()
		logout(b)
		b.wantBoth("after a logout by "+side, page{})
		copied.wantBoth("after a logout by "+side+", with a copied cookie,", page{})
	}
}
