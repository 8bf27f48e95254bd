package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// TestPeopleWithoutPermissions: Users are not asked about them.
func TestPeopleWithoutPermissions(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["2"].permissions = []string{"shop.add_order"}
	inactive := site.state(t, site.login(t, "2")).User
	inactive.IsActive = false
	for who, u := range map[string]*auth.User{"nobody": nil, "an inactive user": inactive} {
		perm, permErr := u.HasPerm(t.Context(), "shop.add_order")
		perms, permsErr := u.HasPerms(t.Context(), "shop.add_order")
		app, appErr := u.HasModulePerms(t.Context(), "shop")
		all, allErr := u.Permissions(t.Context())
		if err := errors.Join(permErr, permsErr, appErr, allErr); err != nil || perm || perms || app || all == nil || len(all) > 0 {
			t.Errorf("%s: %v, %v, %v, %v, %v", who, perm, perms, app, all, err)
		}
	}
	var nobody *auth.User
	if groups, err := nobody.Groups(t.Context()); groups == nil || len(groups) > 0 || err != nil {
		t.Errorf("groups of nobody: %v, %v", groups, err)
	}
	if n := site.people.asked["Permissions"]; n > 0 {
		t.Errorf("asked %d times", n)
	}
}

// TestSuperusersHaveEveryPermission: Users are asked only for a list of all permissions.
func TestSuperusersHaveEveryPermission(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["2"].super = true
	site.people.byID["2"].permissions = []string{"shop.add_order"}
	u := site.state(t, site.login(t, "2")).User
	perm, permErr := u.HasPerm(t.Context(), "x.y")
	app, appErr := u.HasModulePerms(t.Context(), "x")
	if err := errors.Join(permErr, appErr); err != nil || !perm || !app || site.people.asked["Permissions"] > 0 {
		t.Errorf("%v, %v, %v", perm, app, err)
	}
	if all, err := u.Permissions(t.Context()); len(all) != 1 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

// TestFailureToReadPermissionsGivesNone covers failing Users, and users that were made by
// hand.
func TestFailureToReadPermissionsGivesNone(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["2"].permissions, site.people.byID["2"].groups = []string{"shop.add_order"}, []string{"editors"}
	known := site.state(t, site.login(t, "2")).User
	site.people.failure = errAway
	for who, u := range map[string]*auth.User{"a user": known, "a user from nowhere": {IsActive: true}} {
		perm, permErr := u.HasPerm(t.Context(), "shop.add_order")
		perms, permsErr := u.HasPerms(t.Context(), "shop.add_order")
		app, appErr := u.HasModulePerms(t.Context(), "shop")
		all, allErr := u.Permissions(t.Context())
		groups, groupsErr := u.Groups(t.Context())
		if perm || perms || app || all != nil || groups != nil {
			t.Errorf("%s: %v, %v, %v, %v, %v", who, perm, perms, app, all, groups)
		}
		for _, err := range []error{permErr, permsErr, appErr, allErr, groupsErr} {
			if err == nil || u == known && !errors.Is(err, errAway) {
				t.Errorf("%s: error %v", who, err)
			}
		}
	}
	site.people.failure = nil // the next question queries Users again
	if perm, err := known.HasPerm(t.Context(), "shop.add_order"); !perm || err != nil {
		t.Errorf("afterwards: %v, %v", perm, err)
	}
	if groups, err := known.Groups(t.Context()); len(groups) != 1 || err != nil {
		t.Errorf("afterwards: %v, %v", groups, err)
	}
}

// Django asks the backends of the site about permissions, and grants none if they have
// none. Here all users have those of ModelBackend.
func TestBackendsThatMayGrantNoPermissionsAreReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		list    []string // AUTHENTICATION_BACKENDS
		options auth.Options
		warns   bool
	}{
		{name: "the default"},
		{name: "Django's for a server's users", list: []string{socialBackend, auth.AllowAllUsersRemoteUserBackend}},
		{name: "Django's after another", list: []string{socialBackend, auth.ModelBackend}},
		{name: "allauth", list: []string{allauthBackend}, warns: true},
		{name: "allauth that is listed", list: []string{allauthBackend}, options: auth.Options{PasswordBackends: []string{allauthBackend}}},
		{name: "one for inactive users", list: []string{"shop.Backend"}, options: auth.Options{InactiveBackends: []string{"shop.Backend"}}},
		{
			name: "one without passwords", list: []string{socialBackend}, options: auth.Options{IgnoredBackends: []string{socialBackend}},
			warns: true,
		},
		{name: "one of Django's without permissions", list: []string{"django.contrib.auth.backends.BaseBackend"}, warns: true},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, o *auth.Options) {
			o.PasswordBackends, o.InactiveBackends, o.IgnoredBackends =
				c.options.PasswordBackends, c.options.InactiveBackends, c.options.IgnoredBackends
			if c.list != nil {
				s.AuthenticationBackends = c.list
			}
		})
		log := site.log.String()
		if n := strings.Count(log, "level=WARN"); (n == 1) != c.warns || n > 1 {
			t.Errorf("%s: log %q", c.name, log)
		}
		if c.warns && (!strings.Contains(log, c.list[0]) || !strings.Contains(log, "Options.PasswordBackends")) {
			t.Errorf("%s: log %q", c.name, log)
		}
		site.people.byID["2"].permissions = []string{"shop.add_order"}
		u := site.people.user("2")
		u.Backend = site.manager.Settings().AuthenticationBackends[0]
		if err := site.auth.LoginSession(t.Context(), site.manager.New(), u); err != nil {
			t.Fatal(err)
		}
		if ok, err := u.HasPerm(t.Context(), "shop.add_order"); !ok || err != nil {
			t.Errorf("%s: %v, %v", c.name, ok, err)
		}
	}
}
