package compat_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// shareUser has a user of any model log in on both sides, change the password, and be
// deleted.
func shareUser(t *testing.T, p *authPair, username string, fields map[string]any) (pk string) {
	t.Helper()
	pk = p.makeUser(t, username, fields)
	theirs, mine := p.djangoLogin(t, pk), p.goLogin(t, pk)
	p.bothSee(t, theirs, pk)
	p.bothSee(t, mine, pk)
	if a, b := p.payload(t, theirs), p.payload(t, mine); a != b {
		t.Errorf("Django stores %s\nGo stores     %s", a, b)
	}
	if u, err := p.login.Authenticate(t.Context(), username, "pässword☃"); err != nil || u.ID != pk || u.Username != username {
		t.Errorf("Go finds %+v, %v", u, err)
	}
	p.django.do(t, "set_user", map[string]any{"pk": pk, "password": "new"})
	if who, _ := p.goSees(t, mine); who != string(auth.BadHash) {
		t.Errorf("after a change of the password Go sees %s", who)
	}
	replacePassword(t, p, pk, username)
	return pk
}

// replacePassword gives the user a password that Django encoded, but only in place of the
// stored one.
func replacePassword(t *testing.T, p *authPair, pk, username string) {
	t.Helper()
	newer := auth.Secret(p.django.text(t, "make_password", map[string]any{"password": "newer"}))
	u, err := p.users.Get(t.Context(), pk)
	if err != nil {
		t.Fatal(err)
	}
	old := u.Password
	for _, similar := range []auth.Secret{"", newer, auth.Secret(strings.ToUpper(string(old))), old + " ", old + "\x00", "\xff", "ä" + old} {
		if err := p.users.ReplacePassword(t.Context(), pk, similar, "wrong"); !errors.Is(err, auth.ErrPasswordChanged) {
			t.Errorf("in place of a similar password: %v", err)
		}
	}
	for _, from := range []auth.Secret{old, newer} { // the second time it is already there
		if err := p.users.ReplacePassword(t.Context(), pk, from, newer); err != nil {
			t.Error(err)
		}
	}
	var who struct {
		User string `json:"user"`
	}
	answer := p.django.do(t, "authenticate", map[string]any{"username": username, "password": "newer"})
	if err := py.Scan(answer, &who, nil); err != nil || who.User != pk {
		t.Errorf("Django authenticates %q, %v", who.User, err)
	}
}

// TestUserModelWithUUIDs has a UUID for a key, and columns with names that have to be
// quoted.
func TestUserModelWithUUIDs(t *testing.T) {
	t.Parallel()
	onEachAuth(t, releases(), "auth_people.Account", func(t *testing.T, p *authPair) {
		native := p.base.product == "postgresql" || p.base.server != nil && p.base.server.Name != servers.MySQL9 && p.release >= "5.0"
		if kind := p.django.text(t, "column_type", nil); (kind == "uuid") != native {
			t.Errorf("the column is %s", kind)
		}
		p.model.IDType, p.model.UsernameColumn, p.model.IsActiveColumn = tables.UUIDKey, "E mail", "order"
		p.open(t)
		pk := shareUser(t, p, "anne@example.com", map[string]any{"is_staff": true})
		if len(pk) != 36 {
			t.Errorf("the id is %q", pk)
		}
		key := p.goLogin(t, pk)
		u, err := p.login.User(t.Context(), p.load(t, key))
		if err != nil || !u.IsStaff || u.LastLogin.IsZero() {
			t.Fatalf("Go reads %+v, %v", u, err)
		}
		if id, err := u.IDUUID(); err != nil || id.String() != pk {
			t.Errorf("as UUID: %v, %v", id, err)
		}
		// Both sides take other ways to write it.
		for _, id := range []string{strings.ReplaceAll(pk, "-", ""), strings.ToUpper(pk)} {
			p.bothSee(t, p.tampered(t, key, map[string]any{auth.SessionKey: id}), pk)
		}
		p.nobodySees(t, p.tampered(t, key, map[string]any{auth.SessionKey: strings.Repeat("0", 32)}), auth.NoSuchUser)
		for _, id := range []string{"1", "x", pk + "0", pk[:35] + "g", pk[:35] + "'"} {
			if who, _ := p.goSees(t, p.tampered(t, key, map[string]any{auth.SessionKey: id})); who != string(auth.BadID) {
				t.Errorf("Go sees %s in the session of %q", who, id)
			}
		}
		p.django.do(t, "grant", map[string]any{
			"pk": pk, "groups": map[string]any{"editors": []any{"auth.add_group"}}, "permissions": []any{"auth.view_group"},
		})
		all, err := u.Permissions(t.Context())
		if err != nil || !slices.Equal(all, []string{"auth.add_group", "auth.view_group"}) {
			t.Errorf("permissions %v, %v", all, err)
		}
		if groups, err := u.Groups(t.Context()); err != nil || !slices.Equal(groups, []string{"editors"}) {
			t.Errorf("groups %v, %v", groups, err)
		}
		if n, err := p.login.LogoutEverywhere(t.Context(), pk); n < 3 || err != nil {
			t.Errorf("logged out %d, %v", n, err)
		}
		key = p.goLogin(t, pk)
		p.django.do(t, "set_user", map[string]any{"pk": pk, "is_active": false})
		p.nobodySees(t, key, auth.Inactive)
	})
}

// TestUserModelWithLargeNumbers has a bigint for a key, and a table with a name of its
// own.
func TestUserModelWithLargeNumbers(t *testing.T) {
	t.Parallel()
	onEachAuth(t, newest(), "auth_people.Person", func(t *testing.T, p *authPair) {
		p.model.Table, p.model.IDColumn, p.model.Without = "Persons", "number", tables.IsStaffField
		p.open(t)
		grouped := p.makeUser(t, "grouped", nil)
		p.django.do(t, "grant", map[string]any{"pk": grouped, "groups": map[string]any{"g": []any{"auth.add_group"}}})
		u, err := p.login.User(t.Context(), p.load(t, p.goLogin(t, grouped)))
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := u.HasPerm(t.Context(), "auth.add_group"); !ok || err != nil {
			t.Errorf("has the group's permission: %v, %v", ok, err)
		}
		for _, number := range []string{"9223372036854775807", "4294967297", "0"} {
			if number == "0" && p.base.product == "mariadb" { // where it means the next number
				continue
			}
			pk := shareUser(t, p, "person"+number, map[string]any{"number": number, "is_superuser": true})
			u, err := p.users.Get(t.Context(), pk)
			if err != nil || !u.IsSuperuser || u.IsStaff || pk != number {
				t.Errorf("%s: %+v, %v", number, u, err)
			}
			if id, err := u.IDInt64(); err != nil || id < 0 {
				t.Errorf("%s as a number: %d, %v", number, id, err)
			}
		}
		if _, err := p.users.Get(t.Context(), "9223372036854775806"); !errors.Is(err, auth.ErrNoUser) {
			t.Error(err)
		}
	})
}

// TestUserModelWithText has text for a key, and neither groups nor anything else that can
// be left out.
func TestUserModelWithText(t *testing.T) {
	t.Parallel()
	onEachAuth(t, newest(), "auth_people.Member", func(t *testing.T, p *authPair) {
		p.model.IDColumn, p.model.UsernameColumn, p.model.IDType = "code", "code", tables.TextKey
		p.model.Without = tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField | tables.LastLoginField |
			tables.PermissionFields
		p.open(t)
		for _, code := range []string{"Anne", "it's; \"x\" `y` \\", "Zoë ☃", "00012", "12"} {
			if pk := shareUser(t, p, code, nil); pk != code {
				t.Errorf("the id is %q", pk)
			}
		}
		key := p.goLogin(t, "Anne")
		// For MariaDB these are "Anne"; but an id is not near it.
		for _, id := range []string{"anne", "ANNE", "Anne ", "Ännе", "a\x00", "\xff", ""} {
			if _, err := p.users.Get(t.Context(), id); !errors.Is(err, auth.ErrNoUser) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if who, _ := p.goSees(t, p.tampered(t, key, map[string]any{auth.SessionKey: "anne"})); who != string(auth.NoSuchUser) {
			t.Errorf("Go sees %s", who)
		}
		u, err := p.login.User(t.Context(), p.load(t, key))
		if err != nil || !u.IsActive || u.IsStaff || u.IsSuperuser || !u.LastLogin.IsZero() {
			t.Fatalf("Go reads %+v, %v", u, err)
		}
		if all, err := u.Permissions(t.Context()); len(all) != 0 || err != nil {
			t.Errorf("permissions %v, %v", all, err)
		}
	})
}

// TestBackendsOfTheSite has inactive users whose backend takes them.
func TestBackendsOfTheSite(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			backends := []string{"django.contrib.auth.backends.RemoteUserBackend", auth.AllowAllUsersModelBackend}
			p := newAuthPair(t, newest()[0], product, "", true, map[string]any{"AUTHENTICATION_BACKENDS": backends})
			p.open(t)
			pk := p.makeUser(t, "sleeping", map[string]any{"is_active": false})
			v := p.ask(t, "login", map[string]any{"key": nil, "pk": pk, "backend": auth.AllowAllUsersModelBackend})
			p.bothSee(t, *v.Key, pk)
			remote := p.ask(t, "login", map[string]any{"key": nil, "pk": pk, "backend": auth.RemoteUserBackend})
			p.nobodySees(t, *remote.Key, auth.Inactive)
			p.nobodySees(t, p.tampered(t, *v.Key, map[string]any{auth.BackendSessionKey: auth.ModelBackend}), auth.UnknownBackend)
			u, err := p.login.Authenticate(t.Context(), "sleeping", "pässword☃")
			if err != nil || u.Backend != auth.AllowAllUsersModelBackend {
				t.Fatalf("%+v, %v", u, err)
			}
			s := p.sessions.New()
			if err := p.login.LoginSession(t.Context(), s, u); err != nil {
				t.Fatal(err)
			}
			save(t, s)
			p.bothSee(t, s.Key(), pk)
			if other := p.sessions.New(); !errors.Is(p.login.LoginSession(t.Context(), other, &auth.User{ID: pk}), auth.ErrBackend) {
				t.Error("a login by one of two backends")
			}
			var want struct {
				Backend string `json:"backend"`
			}
			answer := p.django.do(t, "authenticate", map[string]any{"username": "sleeping", "password": "pässword☃"})
			if err := py.Scan(answer, &want, nil); err != nil || want.Backend != u.Backend {
				t.Errorf("Django authenticates by %+v", want)
			}
		})
	}
}
