package compat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
)

// TestLogins shares logins of Django's own users.
func TestLogins(t *testing.T) {
	t.Parallel()
	onEachAuth(t, releases(), "", func(t *testing.T, p *authPair) {
		p.open(t)
		for _, part := range []struct {
			name string
			run  func(t *testing.T, p *authPair)
		}{
			{"who logs in on one side is logged in on both", loginsAreShared},
			{"who logs out on one side is logged out on both", logoutsAreShared},
			{"a session is another's after another's login", loginsOverLogins},
			{"a changed password ends other sessions", passwordsAreShared},
			{"a user who may not log in is nobody", usersWhoMayNot},
			{"what is no login is none in any mode", noLogins},
			{"permissions are the same", permissionsAreShared},
			{"names and passwords are the same", credentialsAreShared},
			{"a user is logged out everywhere", logoutEverywhere},
			{"a rotated key keeps logins", rotatedKeys}, // changes settings: the last
		} {
			t.Run(part.name, func(t *testing.T) { part.run(t, p) })
		}
	})
}

func loginsAreShared(t *testing.T, p *authPair) {
	pk := p.makeUser(t, "anne", map[string]any{"is_staff": true})
	theirs, mine := p.djangoLogin(t, pk), p.goLogin(t, pk)
	p.bothSee(t, theirs, pk)
	p.bothSee(t, mine, pk)
	if a, b := p.payload(t, theirs), p.payload(t, mine); a != b {
		t.Errorf("Django stores %s\nGo stores     %s", a, b)
	}
	var want struct {
		Username  string `json:"username"`
		Password  string `json:"password"`
		Active    bool   `json:"is_active"`
		Staff     bool   `json:"is_staff"`
		Superuser bool   `json:"is_superuser"`
		LastLogin string `json:"last_login"`
	}
	if err := py.Scan(p.django.do(t, "user", map[string]any{"pk": pk}), &want, nil); err != nil {
		t.Fatal(err)
	}
	u, err := p.login.User(t.Context(), p.load(t, mine))
	if err != nil {
		t.Fatal(err)
	}
	last, err := py.ParseISOFormat(want.LastLogin)
	if err != nil || u.Username != want.Username || string(u.Password) != want.Password || u.IsActive != want.Active ||
		u.IsStaff != want.Staff || u.IsSuperuser != want.Superuser || !u.LastLogin.Equal(last.Time) || time.Since(u.LastLogin) > time.Minute {
		t.Errorf("Go reads %+v\nDjango has %+v, %v", u, want, err)
	}
	// An anonymous visitor's cart moves to the new session.
	s := p.sessions.New()
	s.Set("cart", []any{1, 2})
	save(t, s)
	old := s.Key()
	if err := p.login.LoginSession(t.Context(), s, u); err != nil {
		t.Fatal(err)
	}
	save(t, s)
	p.bothSee(t, s.Key(), pk)
	if !strings.Contains(p.payload(t, s.Key()), `"cart":[1,2]`) || p.stored(t, old) {
		t.Error("the cart is gone, or the old session is not")
	}
}

func logoutsAreShared(t *testing.T, p *authPair) {
	pk := p.makeUser(t, "out", nil)
	mine, theirs := p.djangoLogin(t, pk), p.goLogin(t, pk)
	held := p.load(t, theirs)
	if err := p.login.LogoutSession(t.Context(), p.load(t, mine)); err != nil {
		t.Fatal(err)
	}
	if v := p.ask(t, "logout", map[string]any{"key": theirs}); v.User != nil || v.Key != nil {
		t.Errorf("Django's logout: %+v", v)
	}
	p.nobodySees(t, mine, auth.NotLoggedIn)
	p.nobodySees(t, theirs, auth.NotLoggedIn)
	held.Set("page", 1)
	if err := held.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("a request that was on its way: %v", err)
	}
}

func loginsOverLogins(t *testing.T, p *authPair) {
	one, two := p.makeUser(t, "one", nil), p.makeUser(t, "two", nil)
	login := map[string]func(key, pk string) string{
		"Django": func(key, pk string) string {
			return *p.ask(t, "login", map[string]any{"key": key, "pk": pk}).Key
		},
		"Go": func(key, pk string) string {
			s := p.load(t, key)
			u, err := p.users.Get(t.Context(), pk)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.login.LoginSession(t.Context(), s, u); err != nil {
				t.Fatal(err)
			}
			save(t, s)
			return s.Key()
		},
	}
	payloads := map[string][]string{}
	for side, do := range login {
		key := p.goLogin(t, one)
		s := p.load(t, key)
		s.Set("cart", 1)
		save(t, s)
		same := do(key, one)
		if same != key {
			t.Errorf("%s: the user's own session has another key", side)
		}
		payloads[side] = append(payloads[side], p.payload(t, same))
		other := do(key, two)
		if other == key || p.stored(t, key) {
			t.Errorf("%s: the other user's session is not flushed", side)
		}
		payloads[side] = append(payloads[side], p.payload(t, other))
		p.bothSee(t, other, two)
	}
	for i := range payloads["Go"] {
		if payloads["Go"][i] != payloads["Django"][i] {
			t.Errorf("Go stores %s\nDjango stores %s", payloads["Go"][i], payloads["Django"][i])
		}
	}
}

func passwordsAreShared(t *testing.T, p *authPair) {
	pk := p.makeUser(t, "changing", nil)
	stays, goes := p.djangoLogin(t, pk), p.goLogin(t, pk)
	v := p.ask(t, "new_password", map[string]any{"key": stays, "password": "new"})
	p.bothSee(t, *v.Key, pk)
	if who, key := p.goSees(t, goes); who != string(auth.BadHash) || key != "" {
		t.Errorf("Go sees %q", who)
	}
	if p.stored(t, goes) {
		t.Error("the session is not flushed")
	}
	// Go changes the password and keeps its own session.
	mine, other := p.load(t, *v.Key), p.djangoLogin(t, pk)
	p.django.do(t, "set_user", map[string]any{"pk": pk, "password": "newer"})
	u, err := p.users.Get(t.Context(), pk)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.login.UpdateSession(t.Context(), mine, u); err != nil {
		t.Fatal(err)
	}
	save(t, mine)
	p.bothSee(t, mine.Key(), pk)
	if who, _ := p.djangoSees(t, other); who != "" {
		t.Errorf("Django sees %s in the session with the old password", who)
	}
}

func usersWhoMayNot(t *testing.T, p *authPair) {
	pk := p.makeUser(t, "leaving", nil)
	key := p.goLogin(t, pk)
	p.django.do(t, "set_user", map[string]any{"pk": pk, "is_active": false})
	p.nobodySees(t, key, auth.Inactive)
	p.django.do(t, "set_user", map[string]any{"pk": pk, "is_active": true})
	p.bothSee(t, key, pk) // the session was kept
	p.django.do(t, "delete_user", map[string]any{"pk": pk})
	p.nobodySees(t, key, auth.NoSuchUser)
	if !p.stored(t, key) {
		t.Error("the session of the deleted user is not kept")
	}
	if err := p.users.SetLastLogin(t.Context(), pk, time.Now()); !errors.Is(err, auth.ErrNoUser) {
		t.Errorf("last_login of the deleted user: %v", err)
	}
}

// noLogins shows sessions without a login to Go in every mode, and to Django where it
// answers.
func noLogins(t *testing.T, p *authPair) {
	pk := p.makeUser(t, "nobody", nil)
	other := p.makeUser(t, "somebody", nil)
	gone := p.makeUser(t, "gone", nil)
	inactive := p.makeUser(t, "inactive", nil)
	good := p.goLogin(t, pk)
	db := p.base.open(t)
	cases := map[string]struct {
		key    string
		reason auth.Reason
		raises bool // in Django
	}{
		"no such session": {"nosuchsession0000000000000000000", auth.NotLoggedIn, false},
		"wrong backend":   {p.tampered(t, good, map[string]any{auth.BackendSessionKey: "shop.Backend"}), auth.UnknownBackend, false},
		"no backend":      {p.tampered(t, good, map[string]any{auth.BackendSessionKey: nil}), auth.NotLoggedIn, false},
		"another's id":    {p.tampered(t, good, map[string]any{auth.SessionKey: other}), auth.BadHash, false},
		"a large id":      {p.tampered(t, good, map[string]any{auth.SessionKey: "2147483648"}), auth.NoSuchUser, false},
		"a huge id":       {p.tampered(t, good, map[string]any{auth.SessionKey: "9223372036854775807"}), auth.NoSuchUser, false},
		"too huge an id":  {p.tampered(t, good, map[string]any{auth.SessionKey: "9223372036854775808"}), auth.BadID, true},
		"a negative id":   {p.tampered(t, good, map[string]any{auth.SessionKey: "-1"}), auth.NoSuchUser, false},
		"no number":       {p.tampered(t, good, map[string]any{auth.SessionKey: "1 OR 1=1"}), auth.BadID, true},
		"no hash":         {p.tampered(t, good, map[string]any{auth.HashSessionKey: nil}), auth.BadHash, false},
		"empty hash":      {p.tampered(t, good, map[string]any{auth.HashSessionKey: ""}), auth.BadHash, false},
		"wrong hash":      {p.tampered(t, good, map[string]any{auth.HashSessionKey: strings.Repeat("0", 64)}), auth.BadHash, false},
		"deleted user":    {p.goLogin(t, gone), auth.NoSuchUser, false},
		"inactive user":   {p.goLogin(t, inactive), auth.Inactive, false},
	}
	p.django.do(t, "delete_user", map[string]any{"pk": gone})
	p.django.do(t, "set_user", map[string]any{"pk": inactive, "is_active": false})
	for name, change := range map[string]string{
		"forged": "session_data = 'x:1r31eq:forged'", "cut off": "session_data = ''", "expired": "expire_date = '2001-01-01 00:00:00'",
	} {
		key := p.goLogin(t, pk)
		if _, err := db.ExecContext(t.Context(), "UPDATE django_session SET "+change+" WHERE session_key = '"+key+"'"); err != nil {
			t.Fatal(err)
		}
		c := cases["no such session"]
		c.key = key
		cases[name] = c
	}
	for _, mode := range []string{"read-only", "merge", "strict", "plain"} { // what writes comes last
		sessions := newManager(t, p.engine, p.sessions.Settings(), djangosession.Options{
			StrictLoad: mode == "strict", MergeSaves: mode == "merge", ReadOnly: mode == "read-only",
		})
		login := p.with(t, sessions)
		for name, c := range cases {
			s, err := sessions.Load(t.Context(), c.key)
			if err != nil {
				if mode != "strict" || name != "forged" && name != "cut off" {
					t.Errorf("%s, %s: %v", mode, name, err)
				}
				continue
			}
			want := c.reason
			if want == auth.BadHash && mode != "read-only" && s.Key() == "" { // an earlier mode has flushed it
				want = auth.NotLoggedIn
			}
			if state, err := login.State(t.Context(), s); state.User != nil || state.Reason != want || err != nil {
				t.Errorf("%s, %s: %+v, %v; want %s", mode, name, state, err, want)
			}
			if there, err := sessions.Exists(t.Context(), c.key); name != "no such session" && there == (c.reason == auth.BadHash && mode != "read-only") || err != nil {
				t.Errorf("%s, %s: stored %v, %v", mode, name, there, err)
			}
		}
		if s, err := sessions.Load(t.Context(), good); err != nil {
			t.Error(err)
		} else if u, err := login.User(t.Context(), s); u == nil || err != nil {
			t.Errorf("%s: the good one: %v, %v", mode, u, err)
		}
	}
	for name, c := range cases {
		answer, err := p.django.try(t, "whois", map[string]any{"key": c.key})
		var v visit
		if err == nil {
			err = py.Scan(answer, &v, nil)
		}
		if v.User != nil || (err != nil) != c.raises && name != "too huge an id" {
			t.Errorf("Django, %s: %+v, %v", name, v, err)
		}
	}
}

func permissionsAreShared(t *testing.T, p *authPair) {
	ask := []any{"auth.add_user", "auth.delete_user", "auth.view_group", "sessions.view_session", "auth.nothing", "nothing", ""}
	apps := []any{"auth", "sessions", "admin", "nothing"}
	groups := map[string]any{"editors": []any{"auth.add_user", "auth.view_group"}, "all é": []any{"sessions.view_session"}}
	for name, c := range map[string]struct {
		fields map[string]any
		groups map[string]any
		own    []any
	}{
		"plain":              {nil, nil, []any{}},
		"own":                {nil, nil, []any{"auth.delete_user", "auth.add_user"}},
		"grouped":            {nil, groups, []any{}},
		"both":               {nil, groups, []any{"auth.delete_user", "auth.add_user"}},
		"super":              {map[string]any{"is_superuser": true}, nil, []any{}},
		"inactive":           {map[string]any{"is_active": false}, groups, []any{"auth.delete_user"}},
		"inactive superuser": {map[string]any{"is_active": false, "is_superuser": true}, groups, []any{}},
	} {
		pk := p.makeUser(t, "perm "+name, c.fields)
		p.django.do(t, "grant", map[string]any{"pk": pk, "groups": c.groups, "permissions": c.own})
		var want struct {
			All     []string `json:"all"`
			Groups  []string `json:"groups"`
			Has     []bool   `json:"has"`
			Modules []bool   `json:"modules"`
		}
		if err := py.Scan(p.django.do(t, "permissions", map[string]any{"pk": pk, "ask": ask, "apps": apps}), &want, nil); err != nil {
			t.Fatal(err)
		}
		// A user whom a page knows, even one who may not log in.
		settings := p.sessions.Settings()
		settings.AuthenticationBackends = []string{auth.AllowAllUsersModelBackend}
		login := p.with(t, newManager(t, p.engine, settings, djangosession.Options{}))
		s := p.load(t, p.tampered(t, p.djangoLogin2(t, pk), map[string]any{auth.BackendSessionKey: auth.AllowAllUsersModelBackend}))
		u, err := login.User(t.Context(), s)
		if u == nil || err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all, err := u.Permissions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		inGroups, err := u.Groups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(all, " ") != strings.Join(want.All, " ") || !sameSet(inGroups, want.Groups) {
			t.Errorf("%s: Go has %q, %q\nDjango has %q, %q", name, all, inGroups, want.All, want.Groups)
		}
		for i, permission := range ask {
			text, _ := permission.(string)
			if got, err := u.HasPerm(t.Context(), text); got != want.Has[i] || err != nil {
				t.Errorf("%s: %s: %v, %v", name, text, got, err)
			}
		}
		for i, app := range apps {
			text, _ := app.(string)
			if got, err := u.HasModulePerms(t.Context(), text); got != want.Modules[i] || err != nil {
				t.Errorf("%s: app %s: %v, %v", name, text, got, err)
			}
		}
	}
}

// djangoLogin2 is djangoLogin for a user who may not be logged in afterwards.
func (p *authPair) djangoLogin2(t *testing.T, pk string) string {
	t.Helper()
	return *p.ask(t, "login", map[string]any{"key": nil, "pk": pk}).Key
}

func sameSet(a, b []string) bool {
	count := map[string]int{}
	for _, v := range a {
		count[v]++
	}
	for _, v := range b {
		count[v]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
