package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// oldPassword is "password", encoded by Django with more iterations than newHashers has.
const oldPassword = "pbkdf2_sha256$2$seasalt$VK8lGaN3rA0AJM2lOHZsSnopZzlEZJCbJV6SQhDZP4o="

// changing are users whose password is changed before it is replaced.
type changing struct {
	*memoryUsers
	change func(*memoryUsers)
	err    error
}

func (c *changing) ReplacePassword(ctx context.Context, id string, old, encoded auth.Secret) error {
	if c.err != nil {
		return c.err
	}
	if c.change != nil {
		c.change(c.memoryUsers)
	}
	return c.memoryUsers.ReplacePassword(ctx, id, old, encoded)
}

// upgradeSite returns a site and users with an old password of anne.
func upgradeSite(t *testing.T, users *changing, o djangosession.Options) (*site, *auth.Auth) {
	t.Helper()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["1"].password = oldPassword
	site.with(t, o)
	users.memoryUsers = site.people
	a, err := auth.New(site.manager, users, site.options)
	if err != nil {
		t.Fatal(err)
	}
	return site, a
}

func TestLoginUpgradesThePassword(t *testing.T) {
	t.Parallel()
	site, a := upgradeSite(t, &changing{}, djangosession.Options{})
	before := site.people.byID["1"].password
	if _, err := a.Authenticate(t.Context(), "anne", "wrong"); !errors.Is(err, auth.ErrBadCredentials) || site.people.byID["1"].password != before {
		t.Errorf("after a wrong password: %v", err)
	}
	u, err := a.Authenticate(t.Context(), "anne", "password")
	if err != nil {
		t.Fatal(err)
	}
	stored := site.people.byID["1"].password
	if !strings.HasPrefix(stored, "pbkdf2_sha256$1$") || string(u.Password) != stored {
		t.Errorf("stored %q, user has %q", stored, string(u.Password))
	}
	session := site.manager.New()
	if err := a.LoginSession(t.Context(), session, u); err != nil {
		t.Fatal(err)
	}
	if state := site.state(t, session); state.User == nil {
		t.Errorf("the session is not a login: %+v", state)
	}
	if _, err := a.Authenticate(t.Context(), "anne", "password"); err != nil || site.people.byID["1"].password != stored {
		t.Errorf("upgraded again: %v", err)
	}
}

// TestUpgradeOfAnInactiveUser upgrades and refuses, as Django does.
func TestUpgradeOfAnInactiveUser(t *testing.T) {
	t.Parallel()
	site, a := upgradeSite(t, &changing{}, djangosession.Options{})
	site.people.byID["1"].inactive = true
	if _, err := a.Authenticate(t.Context(), "anne", "password"); !errors.Is(err, auth.ErrBadCredentials) ||
		!strings.HasPrefix(site.people.byID["1"].password, "pbkdf2_sha256$1$") {
		t.Errorf("%v, stored %q", err, site.people.byID["1"].password)
	}
}

func TestUpgradeKeepsAPasswordChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		users changing
		want  error
		kept  string
	}{
		{
			name: "another password", want: auth.ErrBadCredentials, kept: bobsPassword,
			users: changing{change: func(p *memoryUsers) { p.byID["1"].password = bobsPassword }},
		},
		{
			name: "the same password, upgraded by another login", kept: annesPassword,
			users: changing{change: func(p *memoryUsers) { p.byID["1"].password = annesPassword }},
		},
		{
			name: "made inactive", want: auth.ErrBadCredentials, kept: annesPassword,
			users: changing{change: func(p *memoryUsers) { p.byID["1"].password, p.byID["1"].inactive = annesPassword, true }},
		},
		{name: "deleted", want: auth.ErrBadCredentials, users: changing{change: func(p *memoryUsers) { delete(p.byID, "1") }}},
		{name: "read-only users", users: changing{err: djangosession.ErrReadOnly}},
		{name: "a failing database", users: changing{err: errAway}, want: errAway},
	} {
		site, a := upgradeSite(t, &c.users, djangosession.Options{})
		u, err := a.Authenticate(t.Context(), "anne", "password")
		if !errors.Is(err, c.want) || (u == nil) != (c.want != nil) {
			t.Errorf("%s: %v, %v", c.name, u, err)
		}
		if c.kept != "" && (site.people.byID["1"].password != c.kept || u != nil && string(u.Password) != c.kept) {
			t.Errorf("%s: stored %q, user %v", c.name, site.people.byID["1"].password, u)
		}
	}
}

func TestReadOnlySitesUpgradeNothing(t *testing.T) {
	t.Parallel()
	site, a := upgradeSite(t, &changing{err: errAway}, djangosession.Options{ReadOnly: true})
	before := site.people.byID["1"].password
	u, err := a.Authenticate(t.Context(), "anne", "password")
	if err != nil || string(u.Password) != before {
		t.Errorf("%v, %v", u, err)
	}
	if err := a.SetPassword(t.Context(), u, "x"); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("SetPassword: %v", err)
	}
	if err := a.SetUnusablePassword(t.Context(), u); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("SetUnusablePassword: %v", err)
	}
}

func TestPasswordsOfAUser(t *testing.T) {
	t.Parallel()
	site, a := upgradeSite(t, &changing{}, djangosession.Options{})
	u := site.people.user("1")
	for password, want := range map[string]bool{"password": true, "wrong": false} {
		if ok, err := a.CheckPassword(t.Context(), u, password); ok != want || err != nil {
			t.Errorf("%s: %v, %v", password, ok, err)
		}
	}
	if stored := site.people.byID["1"].password; string(u.Password) != stored || !strings.HasPrefix(stored, "pbkdf2_sha256$1$") {
		t.Errorf("not upgraded: %q", stored)
	}
	outdated := site.people.user("1")
	if err := a.SetPassword(t.Context(), u, "another"); err != nil {
		t.Error(err)
	}
	if ok, err := a.CheckPassword(t.Context(), u, "another"); !ok || err != nil {
		t.Errorf("the new password: %v, %v", ok, err)
	}
	if err := a.SetPassword(t.Context(), outdated, "a third"); !errors.Is(err, auth.ErrPasswordChanged) {
		t.Errorf("a user that was read before: %v", err)
	}
	if err := a.SetUnusablePassword(t.Context(), u); err != nil || u.HasUsablePassword() || len(u.Password) != 41 {
		t.Errorf("%v, %q", err, string(u.Password))
	}
	if ok, err := a.CheckPassword(t.Context(), u, string(u.Password)); ok || err != nil {
		t.Errorf("an unusable password: %v, %v", ok, err)
	}
	if _, err := a.CheckPassword(t.Context(), nil, ""); !errors.Is(err, auth.ErrNilUser) {
		t.Error(err)
	}
	for _, err := range []error{a.SetPassword(t.Context(), nil, "x"), a.SetUnusablePassword(t.Context(), nil)} {
		if !errors.Is(err, auth.ErrNilUser) {
			t.Error(err)
		}
	}
	if (*auth.User)(nil).HasUsablePassword() {
		t.Error("nobody has a password")
	}
}
