package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Hashes of bob's password, made by Django with secretKey and with "new".
const (
	sha1Hash   = "374563a9dba229d231fad8a8aa790e6a9deb282b"
	sha256Hash = "1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c"
	newHash    = "a347f350e67b7a91eb9c7bee4e7cf4ca939f0fbb9bae443844e192be153db671"
)

// bob returns a session in which bob is logged in, with changes.
func bob(changes map[string]any) map[string]any {
	values := map[string]any{
		auth.SessionKey: "2", auth.BackendSessionKey: auth.ModelBackend, auth.HashSessionKey: sha256Hash, "cart": 1,
	}
	for name, v := range changes {
		if v == nil {
			delete(values, name)
		} else {
			values[name] = v
		}
	}
	return values
}

func TestEveryReleasesHashIsVerified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, django, hash string
		change             func(*djangosession.Settings, *auth.Options)
		good               bool
	}{
		{"2.2 makes SHA-1", "2.2.28", sha1Hash, nil, true},
		{"2.2 refuses SHA-256", "2.2.28", sha256Hash, nil, false},
		{"3.1 makes SHA-256", "3.1.1", sha256Hash, nil, true},
		{"3.2 takes SHA-1", "3.2.25", sha1Hash, nil, true},
		{"3.2 with DEFAULT_HASHING_ALGORITHM takes SHA-1", "3.2.25", sha1Hash, sha1Default, true},
		{"3.2 with DEFAULT_HASHING_ALGORITHM refuses SHA-256", "3.2.25", sha256Hash, sha1Default, false},
		{"4.0 refuses SHA-1", "4.0", sha1Hash, nil, false},
		{"4.0 takes SHA-256", "4.0", sha256Hash, nil, true},
		{"4.2 with the legacy layout takes SHA-1", "4.2.30", sha1Hash, acceptLegacy, true},
		{"2.2 with the legacy layout takes SHA-256", "2.2.28", sha256Hash, acceptLegacy, true},
		{"6.1 takes SHA-256", "6.1.3", sha256Hash, nil, true},
		{"a hash with another SECRET_KEY", "6.1.3", newHash, nil, false},
		{"an uppercase hash", "6.1.3", strings.ToUpper(sha256Hash), nil, false},
		{"a truncated hash", "6.1.3", sha256Hash[:32], nil, false},
		{"an empty hash", "6.1.3", "", nil, false},
		{"an empty hash before 1.10", "1.8.19", "", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, c.django, c.change)
			s := site.session(t, bob(map[string]any{auth.HashSessionKey: c.hash}))
			key := s.Key()
			state := site.state(t, s)
			if c.good && (state.User == nil || state.User.Username != "bob" || s.Modified() || !site.stored(key)) {
				t.Errorf("state %+v, modified %v", state, s.Modified())
			}
			if !c.good && (state.Reason != auth.BadHash || site.stored(key) || s.Key() != "" || !s.IsEmpty()) {
				t.Errorf("state %+v, stored %v, key %v", state, site.stored(key), s.Key() != "")
			}
		})
	}
}

func sha1Default(s *djangosession.Settings, _ *auth.Options)  { s.DefaultHashingAlgorithm = "sha1" }
func acceptLegacy(s *djangosession.Settings, _ *auth.Options) { s.AcceptLegacyLayout = true }

func TestNobodyIsLoggedInForAReason(t *testing.T) {
	t.Parallel()
	custom := "shop.backends.Custom"
	backends := func(list ...string) func(*djangosession.Settings, *auth.Options) {
		return func(s *djangosession.Settings, _ *auth.Options) { s.AuthenticationBackends = list }
	}
	for _, c := range []struct {
		name    string
		session map[string]any
		change  func(*djangosession.Settings, *auth.Options)
		person  func(*memoryUsers)
		want    auth.Reason
		flushed bool
	}{
		{"an empty session", map[string]any{"cart": 1}, nil, nil, auth.NotLoggedIn, false},
		{"no id", bob(map[string]any{auth.SessionKey: nil}), nil, nil, auth.NotLoggedIn, false},
		{"no backend", bob(map[string]any{auth.BackendSessionKey: nil}), nil, nil, auth.NotLoggedIn, false},
		{"a backend that is not listed", bob(nil), backends(custom), nil, auth.UnknownBackend, false},
		{"a backend in another case", bob(map[string]any{auth.BackendSessionKey: strings.ToLower(auth.ModelBackend)}), nil, nil, auth.UnknownBackend, false},
		{"a backend that is a list", bob(map[string]any{auth.BackendSessionKey: []string{auth.ModelBackend}}), nil, nil, auth.UnknownBackend, false},
		{"a backend of two", bob(nil), backends(custom, auth.ModelBackend), nil, "", false},
		{"an id that is not a number", bob(map[string]any{auth.SessionKey: "abc"}), nil, nil, auth.BadID, false},
		{"an id with spaces", bob(map[string]any{auth.SessionKey: " 2 "}), nil, nil, auth.BadID, false},
		{"an id with an underscore", bob(map[string]any{auth.SessionKey: "0_2"}), nil, nil, auth.BadID, false},
		{"an id in Arabic digits", bob(map[string]any{auth.SessionKey: "\u0662"}), nil, nil, auth.BadID, false},
		{"an id with a fraction", bob(map[string]any{auth.SessionKey: "2.0"}), nil, nil, auth.BadID, false},
		{"an id that is a float", bob(map[string]any{auth.SessionKey: 2.0}), nil, nil, auth.BadID, false},
		{"an id that is true", bob(map[string]any{auth.SessionKey: true}), nil, nil, auth.BadID, false},
		{"an id that is a list", bob(map[string]any{auth.SessionKey: []any{"2"}}), nil, nil, auth.BadID, false},
		{"an id that is null", bob(map[string]any{auth.SessionKey: (*string)(nil)}), nil, nil, auth.BadID, false},
		{"an id from before Django 1.9", bob(map[string]any{auth.SessionKey: 2}), nil, nil, "", false},
		{"a deleted user for whom Users returns no error", bob(nil), nil, func(p *memoryUsers) { p.byID["2"] = nil; p.silent = true }, auth.NoSuchUser, false},
		{"a deleted user", bob(nil), nil, func(p *memoryUsers) { delete(p.byID, "2") }, auth.NoSuchUser, false},
		{"another id", bob(map[string]any{auth.SessionKey: "3"}), nil, nil, auth.NoSuchUser, false},
		{"another user's id", bob(map[string]any{auth.SessionKey: "1"}), nil, nil, auth.BadHash, true},
		{"an inactive user", bob(nil), nil, func(p *memoryUsers) { p.byID["2"].inactive = true }, auth.Inactive, false},
		{
			"an inactive user whose backend takes those", bob(map[string]any{auth.BackendSessionKey: auth.AllowAllUsersModelBackend}),
			backends(auth.AllowAllUsersModelBackend), func(p *memoryUsers) { p.byID["2"].inactive = true }, "", false,
		},
		{
			"an inactive user whose own backend takes those", bob(map[string]any{auth.BackendSessionKey: custom}),
			func(s *djangosession.Settings, o *auth.Options) {
				s.AuthenticationBackends, o.InactiveBackends = []string{auth.ModelBackend, custom}, []string{custom}
			}, func(p *memoryUsers) { p.byID["2"].inactive = true }, "", false,
		},
		{"a changed password", bob(nil), nil, func(p *memoryUsers) { p.byID["2"].password += "x" }, auth.BadHash, true},
		{"no hash", bob(map[string]any{auth.HashSessionKey: nil}), nil, nil, auth.BadHash, true},
		{"a hash that is a number", bob(map[string]any{auth.HashSessionKey: 1}), nil, nil, auth.BadHash, true},
		{
			"a user without a session hash", bob(map[string]any{auth.HashSessionKey: ""}), nil,
			func(p *memoryUsers) { p.byID["2"].noHash = true }, "", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "5.2.19", c.change)
			if c.person != nil {
				c.person(site.people)
			}
			s := site.session(t, c.session)
			key := s.Key()
			if state := site.state(t, s); state.Reason != c.want || c.want == "" && state.User.Username != "bob" {
				t.Errorf("state %+v, want reason %q", state, c.want)
			}
			if site.stored(key) == c.flushed || !c.flushed && (s.Modified() || s.Key() != key || !s.Contains("cart")) {
				t.Errorf("stored %v, modified %v, want flushed %v", site.stored(key), s.Modified(), c.flushed)
			}
			told := c.want != "" && c.want != auth.NotLoggedIn
			if told != strings.Contains(site.log.String(), "reason="+string(c.want)) || told != (len(site.refused) == 1) {
				t.Errorf("log %q, hook %v", site.log.String(), site.refused)
			}
			for _, secret := range []string{key, sha256Hash, bobsPassword, "id="} {
				if strings.Contains(site.log.String(), secret) {
					t.Errorf("the log tells %q", secret)
				}
			}
		})
	}
}

func TestRotatedSecretKeyKeepsTheLoginUnderANewKey(t *testing.T) {
	t.Parallel()
	rotated := func(s *djangosession.Settings, _ *auth.Options) {
		s.SecretKey, s.SecretKeyFallbacks = "new", []string{"other", secretKey}
	}
	for _, c := range []struct {
		django string
		good   bool
	}{{"4.1.7", false}, {"4.1.8", true}, {"4.2", true}, {"6.1.3", true}, {"4.0", false}} {
		t.Run(c.django, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, c.django, rotated)
			s := site.session(t, bob(nil))
			key := s.Key()
			state := site.state(t, s)
			if !c.good {
				if state.Reason != auth.BadHash || site.stored(key) {
					t.Errorf("state %+v; the release does not look at fallback keys here", state)
				}
				return
			}
			if state.User == nil || s.Key() == key || site.stored(key) || !s.Modified() {
				t.Fatalf("state %+v, same key %v, still stored %v", state, s.Key() == key, site.stored(key))
			}
			save(t, s)
			again := site.load(t, s.Key())
			if hash, _ := again.Get(auth.HashSessionKey); hash != newHash || !again.Contains("cart") {
				t.Errorf("hash %v", hash)
			}
			if state := site.state(t, again); state.User == nil || again.Modified() {
				t.Errorf("the next request: %+v", state)
			}
		})
	}
}

// TestRotationDoesNotUndoALogout logs the session out after it was loaded and before it
// gets a new key.
func TestRotationDoesNotUndoALogout(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
			s.SecretKey, s.SecretKeyFallbacks = "new", []string{secretKey}
		})
		site.with(t, djangosession.Options{MergeSaves: merge})
		s := site.session(t, bob(nil))
		key := s.Key()
		if err := site.auth.LogoutSession(t.Context(), site.load(t, key)); err != nil {
			t.Fatal(err)
		}
		if state := site.state(t, s); state.User == nil || s.Modified() || s.Key() != key {
			t.Errorf("state %+v: the request began before the logout, and must store nothing", state)
		}
		if n := len(keys(t, site)); n != 0 {
			t.Errorf("%d sessions are stored after the logout", n)
		}
		s.Set("page", 1)
		if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("saving: %v", err)
		}
	}
}

// Two requests have a session whose hash was made with a fallback key. One gives it a new
// key, and the other one is answered.
func TestSlowerOfTwoRenewalsIsAnswered(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.SecretKey, s.SecretKeyFallbacks, s.SessionSaveEveryRequest = "new", []string{secretKey}, true
	})
	key := site.session(t, bob(nil)).Key()
	status := func(h http.HandlerFunc) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("Cookie", "sessionid="+key)
		w := httptest.NewRecorder()
		site.manager.Middleware(site.auth.Middleware(h)).ServeHTTP(w, r)
		return w.Code
	}
	who := func(r *http.Request) {
		if u, err := auth.UserFrom(r.Context()); err != nil || u == nil || u.ID != "2" {
			t.Errorf("%v, %v", u, err)
		}
	}
	slower := status(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := djangosession.FromContext(r.Context()); err != nil {
			t.Error(err)
		}
		if faster := status(func(_ http.ResponseWriter, r *http.Request) { who(r) }); faster != http.StatusOK {
			t.Errorf("the faster one: %d", faster)
		}
		who(r)
	})
	if slower != http.StatusOK || len(keys(t, site)) != 1 || site.stored(key) {
		t.Errorf("the slower one: %d, %d sessions", slower, len(keys(t, site)))
	}
}

// keys returns the keys of all stored sessions.
func keys(t *testing.T, s *site) []string {
	t.Helper()
	var all []string
	for r, err := range s.manager.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.Key)
	}
	return all
}

func TestSessionsThatAreNoneAreNoLogin(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	s := site.login(t, "2")
	text, expire, _ := site.engine.Row(s.Key())
	forged := []byte(text)
	forged[len(forged)-1] ^= 1
	for name, key := range map[string]string{
		"forged": "forged0000000000", "expired": "expired000000000", "empty": "empty00000000000", "missing": "missing000000000", "short": "short",
	} {
		switch name {
		case "forged":
			site.engine.SetRow(key, string(forged), expire)
		case "expired":
			site.engine.SetRow(key, text, time.Now().Add(-time.Second))
		case "empty":
			site.engine.SetRow(key, "", expire)
		}
		if state := site.state(t, site.load(t, key)); state.Reason != auth.NotLoggedIn {
			t.Errorf("%s: %+v", name, state)
		}
	}
}

func TestReadOnlyModeWritesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		session map[string]any
		reason  auth.Reason
	}{
		"good":            {bob(map[string]any{auth.HashSessionKey: newHash}), ""},
		"of a fallback":   {bob(nil), ""},
		"of another hash": {bob(map[string]any{auth.HashSessionKey: sha1Hash}), auth.BadHash},
		"without a hash":  {bob(map[string]any{auth.HashSessionKey: nil}), auth.BadHash},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
			s.SecretKey, s.SecretKeyFallbacks = "new", []string{secretKey}
		})
		key := site.session(t, c.session).Key()
		site.with(t, djangosession.Options{ReadOnly: true})
		s := site.load(t, key)
		before, _, _ := site.engine.Row(key)
		if state := site.state(t, s); state.Reason != c.reason {
			t.Errorf("%s: %+v", name, state)
		}
		u := site.people.user("1")
		_, everywhere := site.auth.LogoutEverywhere(t.Context(), "2")
		for what, err := range map[string]error{
			"login": site.auth.LoginSession(t.Context(), s, u), "logout": site.auth.LogoutSession(t.Context(), s),
			"update": site.auth.UpdateSession(t.Context(), s, u), "everywhere": everywhere,
		} {
			if !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		after, _, _ := site.engine.Row(key)
		if after != before || s.Modified() || s.Key() != key || site.people.asked["SetLastLogin"] != 0 {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestFailuresSayNothingAboutTheLogin(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	s := site.login(t, "1")
	site.people.failure = errors.New("the database is away")
	if state, err := site.auth.State(t.Context(), s); !errors.Is(err, site.people.failure) || state != (auth.State{}) {
		t.Errorf("state %+v, %v", state, err)
	}
	if !site.stored(s.Key()) {
		t.Error("the session was flushed")
	}
}
