package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// failing is an engine that reads but cannot write.
type failing struct {
	*memory.Engine
	err error
}

func (e *failing) Create(context.Context, *djangosession.Record) error { return e.err }
func (e *failing) Save(context.Context, *djangosession.Record) error   { return e.err }
func (e *failing) Delete(context.Context, string) error                { return e.err }
func (e *failing) Cycle(context.Context, string, func(*djangosession.Record) error) error {
	return e.err
}

// breakEngine makes the engine of the site fail from here on.
func (s *site) breakEngine(t *testing.T, o auth.Options) {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	s.options = o
	s.build(t, &failing{Engine: s.engine, err: errAway}, s.manager.Settings(), djangosession.Options{})
}

// TestUserAfterWhatHappened asks for the user before and after each way to change the
// login in a request, and after each failure of these.
func TestUserAfterWhatHappened(t *testing.T) {
	t.Parallel()
	login := func(id string) func(context.Context, *site) error {
		return func(ctx context.Context, s *site) error { return s.auth.Login(ctx, s.people.user(id)) }
	}
	logout := func(ctx context.Context, s *site) error { return s.auth.Logout(ctx) }
	update := func(id string) func(context.Context, *site) error {
		return func(ctx context.Context, s *site) error { return s.auth.UpdateSessionAuthHash(ctx, s.people.user(id)) }
	}
	gone := func(_ *testing.T, s *site, key string) { _ = s.engine.Delete(context.Background(), key) }
	broken := func(t *testing.T, s *site, _ string) { t.Helper(); s.breakEngine(t, auth.Options{}) }
	noLogins := func(_ *testing.T, s *site, _ string) { s.people.noLogins = errAway }
	for _, c := range []struct {
		name     string
		visitor  bool // the session is a visitor's, otherwise bob's
		readOnly bool
		before   func(t *testing.T, s *site, key string) // in the request, after the session and the user have been loaded
		start    func(t *testing.T, s *site, key string) // before the middlewares run
		do       func(context.Context, *site) error
		err      error
		user     string // expected afterwards, "" for nil
	}{
		{name: "login", visitor: true, do: login("1"), user: "anne"},
		{name: "login again", do: login("2"), user: "bob"},
		{name: "login as another user", do: login("1"), user: "anne"},
		{name: "login of nil", do: func(ctx context.Context, s *site) error { return s.auth.Login(ctx, nil) }, err: auth.ErrNilUser, user: "bob"},
		{name: "login without last_login", visitor: true, before: noLogins, do: login("1"), err: errAway},
		{name: "login again without last_login", before: noLogins, do: login("2"), err: errAway, user: "bob"},
		{name: "login as another user without last_login", before: noLogins, do: login("1"), err: errAway},
		{name: "login, read-only", readOnly: true, do: login("1"), err: djangosession.ErrReadOnly, user: "bob"},
		{name: "login with a broken engine", visitor: true, start: broken, do: login("1"), err: errAway},
		{name: "login as another user with a broken engine", start: broken, do: login("1"), err: errAway, user: "bob"},

		{name: "logout", do: logout},
		{name: "logout of a visitor", visitor: true, do: logout},
		{name: "logout, read-only", readOnly: true, do: logout, err: djangosession.ErrReadOnly, user: "bob"},
		{name: "logout with a broken engine", start: broken, do: logout, err: errAway},
		{name: "logout of a session that is gone", before: gone, do: logout},

		{name: "new password", do: update("2"), user: "bob"},
		{name: "new password of another user", do: update("1"), user: "bob"},
		{name: "new password, of a visitor", visitor: true, do: update("1")},
		{
			name: "new password of nil", do: func(ctx context.Context, s *site) error { return s.auth.UpdateSessionAuthHash(ctx, nil) },
			err: auth.ErrNilUser, user: "bob",
		},
		{name: "new password, gone", before: gone, do: update("2"), err: djangosession.ErrSessionGone, user: "bob"},
		{name: "new password of another user, gone", before: gone, do: update("1"), err: djangosession.ErrSessionGone, user: "bob"},
		{name: "new password, read-only", readOnly: true, do: update("2"), err: djangosession.ErrReadOnly, user: "bob"},
		{name: "new password of another user, read-only", readOnly: true, do: update("1"), err: djangosession.ErrReadOnly, user: "bob"},
		{name: "new password with a broken engine", start: broken, do: update("2"), err: errAway, user: "bob"},
		{name: "new password of another user with a broken engine", start: broken, do: update("1"), err: errAway, user: "bob"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "5.2.19", nil)
			values, was := bob(nil), "bob"
			if c.visitor {
				values, was = map[string]any{"cart": 1}, ""
			}
			key := site.session(t, values).Key()
			site.with(t, djangosession.Options{ReadOnly: c.readOnly})
			if c.start != nil {
				c.start(t, site, key)
			}
			site.ask(t.Context(), key, func(w http.ResponseWriter, r *http.Request) {
				defer w.WriteHeader(http.StatusInternalServerError) // prevents saving
				if u, err := auth.UserFrom(r.Context()); err != nil || name(u) != was {
					t.Fatalf("before: %v, %v", u, err)
				}
				if c.before != nil {
					c.before(t, site, key)
				}
				if err := c.do(r.Context(), site); !errors.Is(err, c.err) || c.err == nil && err != nil {
					t.Errorf("error %v, want %v", err, c.err)
				}
				u, err := auth.UserFrom(r.Context())
				if err != nil || name(u) != c.user {
					t.Errorf("afterwards the user is %v, %v, want %q", u, err, c.user)
				}
			})
		})
	}
}

// TestUpdateNeedsAUser also covers sessions outside requests.
func TestUpdateNeedsAUser(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	s := site.login(t, "2")
	key := s.Key()
	if err := site.auth.UpdateSession(t.Context(), s, nil); !errors.Is(err, auth.ErrNilUser) || s.Key() != key {
		t.Errorf("%v, another key %v", err, s.Key() != key)
	}
}

// TestUpdateGivesNoHashToASessionOfAnotherUser also covers users without a hash.
func TestUpdateGivesNoHashToASessionOfAnotherUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		update string
		noHash bool
		want   any
	}{
		{name: "the user", update: "2", want: sha256Hash},
		{name: "another user", update: "1", want: "old"},
		{name: "a user without a session hash", update: "2", noHash: true, want: "old"},
	} {
		site := newSite(t, "5.2.19", nil)
		site.people.byID["2"].noHash = c.noHash
		s := site.session(t, bob(map[string]any{auth.HashSessionKey: "old"}))
		if err := site.auth.UpdateSession(t.Context(), s, site.people.user(c.update)); err != nil {
			t.Error(err)
		}
		if hash, _ := s.Get(auth.HashSessionKey); hash != c.want {
			t.Errorf("%s: hash %v", c.name, hash)
		}
	}
}

// TestFailedLoginKeepsTheFormerOne lets the last step fail when a logged-in user logs in
// again.
func TestFailedLoginKeepsTheFormerOne(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	s := site.session(t, bob(nil))
	shared := &httpmw.Shared{}
	shared.AtLogin(func(context.Context) error { return errAway })
	ctx := context.WithValue(t.Context(), httpmw.Key{}, shared)
	if err := site.auth.LoginSession(ctx, s, site.people.user("2")); !errors.Is(err, errAway) {
		t.Error(err)
	}
	save(t, s)
	if state := site.state(t, site.load(t, s.Key())); name(state.User) != "bob" {
		t.Errorf("%+v", state)
	}
}

// TestLoginOfAVisitorWhoseSessionIsGone keeps the visitor's values under a new key.
func TestLoginOfAVisitorWhoseSessionIsGone(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	s := site.session(t, map[string]any{"cart": 1})
	key := s.Key()
	if err := site.engine.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := site.auth.LoginSession(t.Context(), s, site.people.user("2")); err != nil {
		t.Fatal(err)
	}
	save(t, s)
	again := site.load(t, s.Key())
	if state := site.state(t, again); name(state.User) != "bob" || !again.Contains("cart") || s.Key() == key || site.stored(key) {
		t.Errorf("%+v, another key %v", state, s.Key() != key)
	}
}

// TestFailedLoginKeepsTheFormerBackend covers a user who logs in by another backend.
func TestFailedLoginKeepsTheFormerBackend(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.AuthenticationBackends = []string{auth.ModelBackend, allauthBackend}
	})
	s := site.session(t, bob(nil))
	shared := &httpmw.Shared{}
	shared.AtLogin(func(context.Context) error { return errAway })
	ctx := context.WithValue(t.Context(), httpmw.Key{}, shared)
	u := site.people.user("2")
	u.Backend = allauthBackend
	if err := site.auth.LoginSession(ctx, s, u); !errors.Is(err, errAway) {
		t.Error(err)
	}
	if backend, _ := s.Get(auth.BackendSessionKey); backend != auth.ModelBackend {
		t.Errorf("the backend is %v", backend)
	}
}

// TestSessionsWithoutAHash: these were logins before Django 1.10, when
// SessionAuthenticationMiddleware was optional.
func TestSessionsWithoutAHash(t *testing.T) {
	t.Parallel()
	for django, good := range map[string]bool{
		"1.6.11": true, "1.8.19": true, "1.9.13": true, "1.10": false, "1.10.8": false, "1.11.29": false, "2.0.13": false,
		"2.2.28": false, "3.2.25": false, "6.1.3": false,
	} {
		site := newSite(t, django, nil)
		state := site.state(t, site.session(t, bob(map[string]any{auth.HashSessionKey: nil})))
		if (state.User != nil) != good || !good && state.Reason != auth.BadHash {
			t.Errorf("%s: %+v", django, state)
		}
	}
}

// TestFailedRenewalIsAnError lets the engine fail when a session gets a new key and hash.
func TestFailedRenewalIsAnError(t *testing.T) {
	t.Parallel()
	site := rotatedSite(t)
	key := site.session(t, bob(nil)).Key()
	site.breakEngine(t, auth.Options{})
	s := site.load(t, key)
	if state, err := site.auth.State(t.Context(), s); !errors.Is(err, errAway) || state != (auth.State{}) || s.Key() != key {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestFailedFlushIsAnError lets the engine fail when a session with a wrong hash is
// flushed.
func TestFailedFlushIsAnError(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.session(t, bob(map[string]any{auth.HashSessionKey: newHash})).Key()
	site.breakEngine(t, auth.Options{})
	if state, err := site.auth.State(t.Context(), site.load(t, key)); !errors.Is(err, errAway) || state != (auth.State{}) {
		t.Errorf("%+v, %v", state, err)
	}
}

// unreadable is an engine that cannot read.
type unreadable struct{ *memory.Engine }

func (unreadable) Load(context.Context, string) (*djangosession.Record, error) { return nil, errAway }

// TestRequestWhoseSessionCannotBeLoaded: the login is unknown, and nothing changes.
func TestRequestWhoseSessionCannotBeLoaded(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.login(t, "2").Key()
	user := site.people.user("2")
	manager, err := djangosession.NewManager(unreadable{site.engine}, site.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	site.manager = manager
	if site.auth, err = auth.New(manager, site.people, auth.Options{}); err != nil {
		t.Fatal(err)
	}
	site.ask(t.Context(), key, func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		defer w.WriteHeader(http.StatusInternalServerError)
		u, userErr := auth.UserFrom(ctx)
		login, realErr := auth.RealUserFrom(ctx)
		n, everywhereErr := site.auth.LogoutEverywhere(ctx, "2")
		if u != nil || login != nil || n > 0 {
			t.Errorf("%v, %v, %d sessions", u, login, n)
		}
		for what, err := range map[string]error{
			"user": userErr, "real user": realErr, "everywhere": everywhereErr, "login": site.auth.Login(ctx, user),
			"logout": site.auth.Logout(ctx), "update": site.auth.UpdateSessionAuthHash(ctx, user),
		} {
			if !errors.Is(err, errAway) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	if !site.stored(key) {
		t.Error("the session is gone")
	}
}

// TestRenewalBehindNewerSettings: after this request has loaded the session, Django
// stores it with a key that this service does not have.
func TestRenewalBehindNewerSettings(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.SecretKey, s.SecretKeyFallbacks, s.ExportedAt = "new", []string{secretKey}, time.Now().Add(-time.Hour)
	})
	s := site.session(t, bob(nil))
	settings := site.manager.Settings()
	settings.SecretKey = "newer"
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		t.Fatal(err)
	}
	text, err := codec.Encode(s.Dict())
	if err != nil {
		t.Fatal(err)
	}
	_, expire, _ := site.engine.Row(s.Key())
	site.engine.SetRow(s.Key(), text, expire)
	key := s.Key()
	if state := site.state(t, s); name(state.User) != "bob" || s.Key() != key {
		t.Errorf("%+v, another key %v", state, s.Key() != key)
	}
	if now, _, _ := site.engine.Row(key); now != text {
		t.Error("the session was overwritten")
	}
}

// TestUpdateNeedsToKnowTheUser lets Users fail.
func TestUpdateNeedsToKnowTheUser(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.login(t, "2").Key()
	user := site.people.user("2")
	site.people.failure = errAway
	site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
		if err := site.auth.UpdateSessionAuthHash(r.Context(), user); !errors.Is(err, errAway) {
			t.Errorf("error %v", err)
		}
	})
	if !site.stored(key) {
		t.Error("the session has another key")
	}
}

func TestIDsOfUsers(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	if n, err := (&auth.User{ID: "10"}).IDInt64(); n != 10 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for text, want := range map[string]struct{ number, uuid bool }{
		"7": {number: true}, "10": {number: true}, "-7": {number: true}, "07": {}, "+7": {}, "": {}, "x": {}, "9223372036854775808": {}, id: {uuid: true},
	} {
		u := &auth.User{ID: text}
		n, err := u.IDInt64()
		if (err == nil) != want.number || err != nil && (n != 0 || !errors.Is(err, auth.ErrBadID)) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
		uuid, err := u.IDUUID()
		if (err == nil) != want.uuid || err != nil && !errors.Is(err, auth.ErrBadID) || want.uuid && uuid.String() != id {
			t.Errorf("%q: %v, %v", text, uuid, err)
		}
	}
}
