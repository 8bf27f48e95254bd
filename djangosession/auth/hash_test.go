package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// emptyKeyHash is the hash of bob's password that Django computes with an empty key.
const emptyKeyHash = "1d78b3f55ea909824351e3a700e0857e3f208237293b21cf7ee988554e6937f1"

func TestWhichKeyMakesWhichHash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, hash    string
		fallbacks     []string
		legacy        bool
		good, renewed bool
	}{
		{name: "the key before its fallbacks", hash: newHash, fallbacks: []string{"new", secretKey}, good: true},
		{name: "the second fallback", hash: sha256Hash, fallbacks: []string{"other", secretKey}, good: true, renewed: true},
		{name: "an empty fallback, which is a key to Django", hash: emptyKeyHash, fallbacks: []string{""}},
		{name: "the key after an empty fallback", hash: sha256Hash, fallbacks: []string{"", secretKey}, good: true, renewed: true},
		{name: "the empty key without fallbacks", hash: emptyKeyHash},
		{name: "SHA-1 of a fallback", hash: sha1Hash, fallbacks: []string{secretKey}, legacy: true},
		{name: "SHA-256 of a fallback", hash: sha256Hash, fallbacks: []string{secretKey}, legacy: true, good: true, renewed: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
				s.SecretKey, s.SecretKeyFallbacks, s.AcceptLegacyLayout = "new", c.fallbacks, c.legacy
			})
			s := site.session(t, bob(map[string]any{auth.HashSessionKey: c.hash}))
			key := s.Key()
			state := site.state(t, s)
			if good := state.User != nil; good != c.good || good && (s.Key() != key) != c.renewed {
				t.Fatalf("state %+v, another key %v", state, s.Key() != key)
			}
			if hash, _ := s.Get(auth.HashSessionKey); c.good && hash != newHash {
				t.Errorf("the session has the hash %v", hash)
			}
		})
	}
}

// Django takes an empty fallback for a key, and everybody knows that key.
func TestEmptyFallbackKeyMakesNoSessionHash(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.SecretKey, s.SecretKeyFallbacks = "new", []string{""}
	})
	user, err := site.people.Get(t.Context(), "2")
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte("django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(user.Password))
	if hash := hex.EncodeToString(mac.Sum(nil)); hash != emptyKeyHash {
		t.Fatalf("the hash of an empty key is %s", hash)
	}
	if ok, fallback := site.auth.VerifySessionHash(user, emptyKeyHash); ok || fallback {
		t.Errorf("a hash that anybody can make: %v, %v", ok, fallback)
	}
}

func TestVerifySessionHashNamesTheKindOfKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, release, hash string
		good, fallback      bool
	}{
		{name: "SECRET_KEY", release: "5.2.19", hash: newHash, good: true},
		{name: "a fallback key", release: "5.2.19", hash: sha256Hash, good: true, fallback: true},
		{name: "a fallback key before 4.1.8", release: "4.1.7", hash: sha256Hash},
		{name: "another hash", release: "5.2.19", hash: emptyKeyHash},
		{name: "no hash", release: "5.2.19"},
	} {
		site := newSite(t, c.release, func(s *djangosession.Settings, _ *auth.Options) {
			s.SecretKey, s.SecretKeyFallbacks = "new", []string{secretKey}
		})
		user, err := site.people.Get(t.Context(), "2")
		if err != nil {
			t.Fatal(err)
		}
		if ok, fallback := site.auth.VerifySessionHash(user, c.hash); ok != c.good || fallback != c.fallback {
			t.Errorf("%s: %v, %v", c.name, ok, fallback)
		}
		if ok, fallback := site.auth.VerifySessionHash(nil, c.hash); ok || fallback {
			t.Errorf("%s: no user: %v, %v", c.name, ok, fallback)
		}
	}
}
