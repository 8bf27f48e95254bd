package compat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

func credentialsAreShared(t *testing.T, p *authPair) {
	p.makeUser(t, "Zoë", nil)
	p.makeUser(t, "sleeping", map[string]any{"is_active": false})
	locked := p.makeUser(t, "locked", nil)
	p.django.do(t, "set_user", map[string]any{"pk": locked, "password": nil})
	for _, c := range []struct{ username, password string }{
		{"Zoë", "pässword☃"},
		{"Zoë", "password"},
		{"Zoë", ""},
		{"zoë", "pässword☃"},  // the same name in MariaDB
		{"Zoe", "pässword☃"},  // likewise
		{"Zoë ", "pässword☃"}, // likewise
		{"' OR 1=1 --", "pässword☃"},
		{"sleeping", "pässword☃"},
		{"unknown", "pässword☃"},
		{"", ""},
		{strings.Repeat("é", 1000), "x"},
	} {
		answer, err := p.django.try(t, "authenticate", map[string]any{"username": c.username, "password": c.password})
		if err != nil {
			t.Fatal(err)
		}
		u, err := p.login.Authenticate(t.Context(), c.username, c.password)
		if (u != nil) != (answer != nil) || u == nil && !errors.Is(err, auth.ErrBadCredentials) {
			t.Errorf("%q, %q: Go has %v, %v; Django has %v", c.username, c.password, u, err, answer)
			continue
		}
		if u != nil {
			var want struct {
				User    string `json:"user"`
				Backend string `json:"backend"`
			}
			if err := py.Scan(answer, &want, nil); err != nil || u.ID != want.User || u.Backend != want.Backend {
				t.Errorf("%q: Go has %s by %s, Django %+v", c.username, u.ID, u.Backend, want)
			}
		}
	}
	for _, name := range []string{"a\x00b", "\xff"} { // which a driver cannot send, or Django not receive
		if _, err := p.login.Authenticate(t.Context(), name, "x"); !errors.Is(err, auth.ErrBadCredentials) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func logoutEverywhere(t *testing.T, p *authPair) {
	pk, other := p.makeUser(t, "everywhere", nil), p.makeUser(t, "elsewhere", nil)
	mine := make([]string, 0, 6)
	for range 3 {
		mine = append(mine, p.djangoLogin(t, pk), p.goLogin(t, pk))
	}
	kept := p.djangoLogin(t, other)
	n, err := p.login.LogoutElsewhere(t.Context(), pk, p.load(t, mine[3]))
	if n != 5 || err != nil {
		t.Errorf("%d sessions, %v", n, err)
	}
	p.bothSee(t, mine[3], pk)
	if n, err := p.login.LogoutEverywhere(t.Context(), pk); n != 1 || err != nil {
		t.Errorf("%d sessions, %v", n, err)
	}
	for _, key := range mine {
		p.nobodySees(t, key, auth.NotLoggedIn)
	}
	p.bothSee(t, kept, other)
}

func rotatedKeys(t *testing.T, p *authPair) {
	pk := p.makeUser(t, "rotating", nil)
	first, second, third := p.djangoLogin(t, pk), p.goLogin(t, pk), p.goLogin(t, pk)
	s := p.sessions.Settings()
	s.SecretKey, s.SecretKeyFallbacks = "new-secret-key", []string{s.SecretKey}
	p.django.do(t, "settings", map[string]any{"SECRET_KEY": s.SecretKey, "SECRET_KEY_FALLBACKS": s.SecretKeyFallbacks})
	_, p.engine = p.site(t, s, tables.Options{})
	// It is not strict, because 3.2 has no fallback keys: what the old one signed is no
	// session.
	p.sessions = newManager(t, p.engine, s, djangosession.Options{})
	p.login = p.with(t, p.sessions)
	who, key := p.goSees(t, first)
	if p.release < "4.1" {
		if d, _ := p.djangoSees(t, second); who != string(auth.NotLoggedIn) || d != "" {
			t.Errorf("Go sees %s, Django %q", who, d)
		}
		return
	}
	if who != pk || key == first {
		t.Errorf("Go sees %s, under the same key %v", who, key == first)
	}
	p.bothSee(t, key, pk)
	who, key = p.djangoSees(t, second)
	if who != pk || key == second {
		t.Errorf("Django sees %s, under the same key %v", who, key == second)
	}
	p.bothSee(t, key, pk)
	for _, old := range []string{first, second} {
		if p.stored(t, old) {
			t.Error("the session is there under its old key")
		}
	}
	// Two tabs at once: both are logged in, and one session comes of it.
	one, two := p.load(t, third), p.load(t, third)
	for i, tab := range []*djangosession.Session{one, two} {
		if u, err := p.login.User(t.Context(), tab); u == nil || err != nil {
			t.Errorf("tab %d: %v, %v", i, u, err)
		}
	}
	if !one.Modified() || two.Modified() || one.Key() == third {
		t.Error("the first tab is to have a new key, and the second to store nothing")
	}
	save(t, one)
	p.bothSee(t, one.Key(), pk)
}

// TestLastLoginIsWrittenAsDjangoWritesIt compares the text in the column.
func TestLastLoginIsWrittenAsDjangoWritesIt(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		for _, useTZ := range []bool{true, false} {
			name := product
			if !useTZ {
				name += " without USE_TZ"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := newAuthPair(t, newest()[0], product, "", useTZ, nil)
				p.open(t)
				pk := p.makeUser(t, "anne", nil)
				berlin, err := time.LoadLocation("Europe/Berlin")
				if err != nil {
					t.Fatal(err)
				}
				for _, at := range []time.Time{
					time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), time.Date(2026, 7, 2, 3, 4, 5, 0, time.UTC),
					time.Date(2026, 7, 2, 3, 4, 5, 120000999, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 1000, time.UTC),
					time.Date(2026, 10, 25, 1, 30, 0, 1000, time.UTC),
				} {
					date := at.Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000+00:00")
					if !useTZ {
						date = at.In(berlin).Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000")
					}
					p.django.do(t, "set_last_login", map[string]any{"pk": pk, "date": date})
					want := p.django.text(t, "last_login_text", map[string]any{"pk": pk})
					if err := p.users.SetLastLogin(t.Context(), pk, time.Unix(1, 0)); err != nil {
						t.Fatal(err)
					}
					for range 2 { // the second time it is already there
						if err := p.users.SetLastLogin(t.Context(), pk, at); err != nil {
							t.Fatal(err)
						}
					}
					if got := p.django.text(t, "last_login_text", map[string]any{"pk": pk}); got != want {
						t.Errorf("%v: Go writes %s, Django %s", at, got, want)
					}
					u, err := p.users.Get(t.Context(), pk)
					if err != nil {
						t.Fatal(err)
					}
					// Without USE_TZ, one hour in autumn occurs twice, and the text does
					// not say which one it is.
					if off := u.LastLogin.Sub(at.Truncate(time.Microsecond)); off != 0 && (useTZ || off.Abs() != time.Hour) {
						t.Errorf("%v: Go reads %v", at, u.LastLogin)
					}
				}
			})
		}
	}
}
