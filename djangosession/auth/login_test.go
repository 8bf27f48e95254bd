package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/httpmw"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

func TestLoginOnEverySession(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		before         map[string]any
		newKey, keeps  bool
		immediatelyNew bool // the row of the new key exists before the session is saved
	}{
		{"an anonymous visitor's is kept under a new key", map[string]any{"cart": 1}, true, true, true},
		{"the user's own is kept", bob(nil), false, true, false},
		{"the user's own of another backend is kept", bob(map[string]any{auth.BackendSessionKey: "other"}), false, true, false},
		{"another user's is flushed", bob(map[string]any{auth.SessionKey: "1"}), true, false, false},
		{"the user's own with another hash is flushed", bob(map[string]any{auth.HashSessionKey: newHash}), true, false, false},
		{"the user's own without a hash is flushed", bob(map[string]any{auth.HashSessionKey: nil}), true, false, false},
		{"one with an invalid id is flushed", bob(map[string]any{auth.SessionKey: "x"}), true, false, false},
		{"one with half a login is kept under a new key", bob(map[string]any{auth.SessionKey: nil}), true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "5.2.19", nil)
			s := site.session(t, c.before)
			key := s.Key()
			user := site.people.user("2")
			if err := site.auth.LoginSession(t.Context(), s, user); err != nil {
				t.Fatal(err)
			}
			if site.stored(key) == c.newKey || (s.Key() != "" && s.Key() != key) != c.immediatelyNew {
				t.Errorf("stored %v, key %q of %q", site.stored(key), s.Key(), key)
			}
			save(t, s)
			again := site.load(t, s.Key())
			if state := site.state(t, again); state.User == nil || state.User.Username != "bob" {
				t.Errorf("state %+v", state)
			}
			if (s.Key() != key) != c.newKey || again.Contains("cart") != c.keeps {
				t.Errorf("new key %v, cart %v", s.Key() != key, again.Contains("cart"))
			}
			if user.Backend != auth.ModelBackend || user.LastLogin.IsZero() || !site.people.byID["2"].lastLogin.Equal(user.LastLogin) {
				t.Errorf("user %+v", user)
			}
		})
	}
}

// TestLoginWritesWhatDjangoWrites compares the payload with Django's in the same
// situation.
func TestLoginWritesWhatDjangoWrites(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	s := site.manager.New()
	shared := &httpmw.Shared{}
	shared.AtLogin(func(ctx context.Context) error { s.Set("_csrftoken", "x"); return ctx.Err() })
	if err := site.auth.LoginSession(context.WithValue(t.Context(), httpmw.Key{}, shared), s, site.people.user("2")); err != nil {
		t.Fatal(err)
	}
	const want = `{"_auth_user_id":"2","_auth_user_backend":"django.contrib.auth.backends.ModelBackend","_auth_user_hash":"` +
		sha256Hash + `","_csrftoken":"x"}`
	if got, err := pyjson.Dumps(s.Dict()); string(got) != want || err != nil {
		t.Errorf("payload %s, %v", got, err)
	}
}

// A site may disconnect the receiver that stores last_login.
func TestLoginStoresLastLoginIfDjangoDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		receivers []string
		stores    bool
	}{
		{name: "unknown receivers", stores: true},
		{name: "the receiver of Django", receivers: []string{"django.contrib.auth.models.update_last_login", "shop.carts.merge"}, stores: true},
		{name: "another receiver", receivers: []string{"shop.carts.merge"}},
		{name: "no receiver", receivers: []string{}},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) { s.LoginReceivers = c.receivers })
		user, session := site.people.user("2"), site.manager.New()
		if err := site.auth.LoginSession(t.Context(), session, user); err != nil {
			t.Fatal(err)
		}
		if stored := site.people.user("2").LastLogin; stored.IsZero() == c.stores || !user.LastLogin.Equal(stored) {
			t.Errorf("%s: LastLogin is %v, stored %v", c.name, user.LastLogin, stored)
		}
		if state := site.state(t, session); name(state.User) != "bob" {
			t.Errorf("%s: %+v", c.name, state)
		}
	}
}

// A time that is not stored would make tokens invalid: those of a user with it are not
// those of the same user, read again.
func TestLoginOfAModelWithoutLastLoginSetsNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		model djangosession.UserModel
		sets  bool
	}{
		{name: "an unknown model", sets: true},
		{name: "a model with the field", model: djangosession.UserModel{Model: "shop.User", LastLoginColumn: "seen"}, sets: true},
		{name: "a model without the field", model: djangosession.UserModel{Model: "shop.User"}},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) { s.UserModel = c.model })
		user := site.people.user("2")
		if err := site.auth.LoginSession(t.Context(), site.manager.New(), user); err != nil {
			t.Fatal(err)
		}
		if user.LastLogin.IsZero() == c.sets {
			t.Errorf("%s: LastLogin is %v", c.name, user.LastLogin)
		}
	}
}

func TestBackendOfALogin(t *testing.T) {
	t.Parallel()
	const custom = "shop.backends.Custom"
	for _, c := range []struct {
		name        string
		list        []string
		user, given string
		want        string
	}{
		{"the only one", nil, "", "", auth.ModelBackend},
		{"the given one", []string{custom, auth.ModelBackend}, custom, auth.ModelBackend, auth.ModelBackend},
		{"the user's", []string{custom, auth.ModelBackend}, auth.ModelBackend, "", auth.ModelBackend},
		{"one of two", []string{custom, auth.ModelBackend}, "", "", ""},
		{"one that is not listed", nil, "", custom, ""},
		{"the user's that is not listed", nil, custom, "", ""},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
			if c.list != nil {
				s.AuthenticationBackends = c.list
			}
		})
		u := site.people.user("2")
		u.Backend = c.user
		site.ask(t.Context(), "", func(_ http.ResponseWriter, r *http.Request) {
			s, err := djangosession.FromContext(r.Context())
			if err == nil && c.given == "" {
				err = site.auth.Login(r.Context(), u)
			} else if err == nil {
				err = site.auth.LoginBackend(r.Context(), u, c.given)
			}
			got, _ := s.Get(auth.BackendSessionKey)
			if c.want == "" && (!errors.Is(err, auth.ErrBackend) || got != nil || s.Key() != "") || c.want != "" && (err != nil || got != c.want) {
				t.Errorf("%s: %v, %v", c.name, got, err)
			}
		})
	}
}

// TestFailedLoginIsNone lets each step of a login fail.
func TestFailedLoginIsNone(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for _, before := range []map[string]any{{"cart": 1}, bob(nil), bob(map[string]any{auth.SessionKey: "1"})} {
		for name, fail := range map[string]func(ctx context.Context, site *site, u *auth.User) (context.Context, *auth.User){
			"no user": func(ctx context.Context, _ *site, _ *auth.User) (context.Context, *auth.User) { return ctx, nil },
			"last_login": func(ctx context.Context, site *site, u *auth.User) (context.Context, *auth.User) {
				site.people.noLogins = wrong
				return ctx, u
			},
			"deleted user": func(ctx context.Context, site *site, u *auth.User) (context.Context, *auth.User) {
				delete(site.people.byID, u.ID)
				return ctx, u
			},
			"no context": func(ctx context.Context, _ *site, u *auth.User) (context.Context, *auth.User) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, u
			},
			"CSRF": func(ctx context.Context, _ *site, u *auth.User) (context.Context, *auth.User) {
				shared := &httpmw.Shared{}
				shared.AtLogin(func(context.Context) error { return wrong })
				return context.WithValue(ctx, httpmw.Key{}, shared), u
			},
		} {
			site := newSite(t, "5.2.19", nil)
			s := site.session(t, before)
			was, _ := s.Get(auth.SessionKey)
			ctx, u := fail(t.Context(), site, site.people.user("2"))
			if err := site.auth.LoginSession(ctx, s, u); err == nil {
				if name != "no context" { // logging in a logged-in user calls no engine
					t.Errorf("%s, %v: no error", name, before)
				}
				continue
			}
			if s.Key() != "" || s.Contains("cart") { // a handler might continue
				save(t, s)
			}
			id, there := s.Get(auth.SessionKey)
			_, backend := s.Get(auth.BackendSessionKey)
			_, hash := s.Get(auth.HashSessionKey)
			if there && id != was || there != backend && was != nil || there != hash && was != nil || was == nil && there {
				t.Errorf("%s, %v: the session holds %v", name, before, s.Dict())
			}
		}
	}
}

func TestLogoutFlushes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		django string
		keeps  bool
	}{{"1.6.11", false}, {"1.7", true}, {"2.2.28", true}, {"3.0", false}, {"5.2.19", false}} {
		site := newSite(t, c.django, nil)
		s := site.login(t, "2")
		s.Set("_language", "de")
		key := s.Key()
		if err := site.auth.LogoutSession(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if site.stored(key) || s.Key() != "" || s.Contains(auth.SessionKey) {
			t.Errorf("%s: not flushed", c.django)
		}
		if language, there := s.Get("_language"); there != c.keeps || c.keeps && language != "de" {
			t.Errorf("%s: language %v", c.django, language)
		}
	}
}

// TestLoginDoesNotSurviveALogout stores a login, in every way possible, in a session that
// was logged out after it was loaded.
func TestLoginDoesNotSurviveALogout(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		for name, do := range map[string]func(*site, *djangosession.Session) error{
			"page": func(_ *site, s *djangosession.Session) error { s.Set("page", 1); return nil },
			"second login": func(site *site, s *djangosession.Session) error {
				return site.auth.LoginSession(context.Background(), s, site.people.user("2"))
			},
			"new password": func(site *site, s *djangosession.Session) error {
				site.people.byID["2"].password = annesPassword
				return site.auth.UpdateSession(context.Background(), s, site.people.user("2"))
			},
		} {
			site := newSite(t, "5.2.19", nil)
			site.with(t, djangosession.Options{MergeSaves: merge})
			mine := site.login(t, "2")
			theirs := site.load(t, mine.Key())
			if err := site.auth.LogoutSession(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
			err := do(site, mine)
			if err == nil {
				err = mine.Save(t.Context())
			}
			if !errors.Is(err, djangosession.ErrSessionGone) {
				t.Errorf("merge %v, %s: %v", merge, name, err)
			}
			if left := keys(t, site); len(left) != 0 {
				t.Errorf("merge %v, %s: %d sessions are stored", merge, name, len(left))
			}
		}
	}
}

// TestLogoutDuringLogin races a login and a logout on one session, many times. If the
// logout comes last, no login is left, and a login is never left incomplete.
func TestLogoutDuringLogin(t *testing.T) {
	t.Parallel()
	for round := range 200 {
		site := newSite(t, "5.2.19", nil)
		site.with(t, djangosession.Options{MergeSaves: round%2 == 0})
		key := site.login(t, "2").Key()
		mine, theirs := site.load(t, key), site.load(t, key)
		site.people.byID["2"].password = annesPassword
		ended := make(chan error, 1)
		go func() { ended <- site.auth.LogoutSession(context.Background(), theirs) }()
		err := site.auth.UpdateSession(t.Context(), mine, site.people.user("2"))
		if err == nil {
			err = mine.Save(t.Context())
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if left := keys(t, site); errors.Is(err, djangosession.ErrSessionGone) != (len(left) == 0) || len(left) > 1 {
			t.Fatalf("error %v, %d sessions", err, len(left))
		}
	}
}

func TestUpdateSessionAuthHash(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	other := site.login(t, "2")
	for _, id := range []string{"2", "1"} {
		site.people.byID["2"].password = bobsPassword
		s := site.login(t, id)
		key := s.Key()
		site.people.byID["2"].password = annesPassword
		if err := site.auth.UpdateSession(t.Context(), s, site.people.user("2")); err != nil {
			t.Fatal(err)
		}
		save(t, s)
		if s.Key() == key || site.stored(key) {
			t.Errorf("%s: the key is the old one", id)
		}
		if state := site.state(t, site.load(t, s.Key())); state.User == nil || state.User.ID != id {
			t.Errorf("%s: %+v", id, state)
		}
	}
	if state := site.state(t, other); state.Reason != auth.BadHash {
		t.Errorf("another session of the user: %+v", state)
	}
}

func TestLogoutEverywhere(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	bobs := make([]*djangosession.Session, 0, 6)
	for range 5 {
		bobs = append(bobs, site.login(t, "2"))
	}
	bobs = append(bobs, site.session(t, bob(map[string]any{auth.SessionKey: 2, auth.HashSessionKey: "old"})))
	anne, visitor := site.login(t, "1"), site.session(t, map[string]any{"cart": 1})
	site.engine.SetRow("garbage000000000", "garbage", time.Now().Add(time.Hour))
	n, err := site.auth.LogoutElsewhere(t.Context(), "2", bobs[2])
	if err != nil || n != 5 {
		t.Errorf("%d sessions, %v", n, err)
	}
	want := []string{bobs[2].Key(), anne.Key(), visitor.Key(), "garbage000000000"}
	slices.Sort(want)
	left := keys(t, site)
	slices.Sort(left)
	if !slices.Equal(left, want) {
		t.Errorf("%d are left, want 4", len(left))
	}
	if n, err := site.auth.LogoutEverywhere(t.Context(), "2"); err != nil || n != 1 || site.stored(bobs[2].Key()) {
		t.Errorf("%d sessions, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := site.auth.LogoutEverywhere(ctx, "1"); !errors.Is(err, context.Canceled) || !site.stored(anne.Key()) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	u := newSite(t, "5.2.19", nil).people.user("1")
	text := fmt.Sprintf("%v %+v %#v %s %q %x %d", u, u, u.Password, u.Password, u.Password, u.Password, u.Password)
	if strings.Contains(text, "YQUqao") || strings.Contains(text, fmt.Sprintf("%x", "YQUqao")) {
		t.Error(text)
	}
	encoded, err := json.Marshal(map[string]any{"password": u.Password, "user": u})
	if err != nil || !strings.Contains(string(encoded), `"password":"********"`) || strings.Contains(string(encoded), "YQUqao") {
		t.Errorf("%s, %v", encoded, err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("user", "password", u.Password, "user", u)
	if !strings.Contains(log.String(), "password=********") || strings.Contains(log.String(), "YQUqao") {
		t.Error(log.String())
	}
}
