package auth_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// TestLoginOfAUserWithoutHashes uses a model without get_session_auth_hash, for which
// Django stores an empty hash.
func TestLoginOfAUserWithoutHashes(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["2"].noHash = true
	s := site.login(t, "2")
	if hash, there := s.Get(auth.HashSessionKey); hash != "" || !there {
		t.Errorf("the session has the hash %v", hash)
	}
	if state := site.state(t, s); name(state.User) != "bob" {
		t.Errorf("state %+v", state)
	}
	s.Set("cart", 1)
	save(t, s)
	key := s.Key()
	if err := site.auth.LoginSession(t.Context(), s, site.people.user("2")); err != nil || s.Key() != key || !s.Contains("cart") {
		t.Errorf("logged in again: %v, another key %v, cart kept %v", err, s.Key() != key, s.Contains("cart"))
	}
}

// TestUnknownNameWithoutAnError uses Users that return neither a user nor an error.
func TestUnknownNameWithoutAnError(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.silent = true
	if u, err := site.auth.Authenticate(t.Context(), "carl", "password"); u != nil || !errors.Is(err, auth.ErrBadCredentials) {
		t.Errorf("%v, %v", u, err)
	}
}

func TestSecretAsTextIsHidden(t *testing.T) {
	t.Parallel()
	if got := auth.Secret("hunter2").String(); got != "********" {
		t.Errorf("it prints as %q", got)
	}
}

func TestNewNeedsAManagerAndUsers(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	if a, err := auth.New(nil, site.people, auth.Options{}); a != nil || err == nil {
		t.Errorf("without a manager: %v, %v", a, err)
	}
	if a, err := auth.New(site.manager, nil, auth.Options{}); a != nil || err == nil {
		t.Errorf("without users: %v, %v", a, err)
	}
}
