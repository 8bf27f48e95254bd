package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/signing"
)

// sessionHasher computes and checks the hash that binds a session to the user's password.
type sessionHasher struct {
	current   []*signing.HMAC // from SECRET_KEY; the first makes hashes, the others accept those of further algorithms
	fallbacks []*signing.HMAC // from SECRET_KEY_FALLBACKS
}

// hashSalt is key_salt in Django's get_session_auth_hash.
const hashSalt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

func newSessionHasher(s *djangosession.Settings, site release.Release) (*sessionHasher, error) {
	o, err := s.SigningOptions()
	if err != nil {
		return nil, err
	}
	algorithms := []string{o.Algorithm}
	if o.AcceptSHA1 && o.Algorithm != signing.SHA1 {
		algorithms = append(algorithms, signing.SHA1)
	}
	if s.AcceptLegacyLayout && o.Algorithm != signing.SHA256 { // hashes written by newer releases
		algorithms = append(algorithms, signing.SHA256)
	}
	h := &sessionHasher{}
	for _, algorithm := range algorithms {
		mac, err := signing.NewHMAC(signing.HMACOptions{KeySalt: hashSalt, Secret: o.Key, Algorithm: algorithm})
		if err != nil {
			return nil, err
		}
		h.current = append(h.current, mac)
	}
	if !site.HashesWithFallbackKeys() {
		return h, nil
	}
	for _, key := range o.FallbackKeys {
		if key == "" {
			continue // Django computes a hash with it, and so can anybody
		}
		mac, err := signing.NewHMAC(signing.HMACOptions{KeySalt: hashSalt, Secret: key, Algorithm: o.Algorithm})
		if err != nil {
			return nil, err
		}
		h.fallbacks = append(h.fallbacks, mac)
	}
	return h, nil
}

// hash returns the result of get_session_auth_hash, "" for a user without that method.
func (h *sessionHasher) hash(u *User) string {
	if u.NoHash {
		return ""
	}
	return hex.EncodeToString(h.current[0].Append(nil, string(u.Password)))
}

// verify reports whether the hash in a session is the user's, and whether it was made
// with a fallback key.
func (h *sessionHasher) verify(u *User, stored string) (ok, old bool) {
	if stored == "" {
		return false, false
	}
	for _, mac := range h.current {
		if isHash(mac, u, stored) {
			return true, false
		}
	}
	for _, mac := range h.fallbacks {
		if isHash(mac, u, stored) {
			return true, true
		}
	}
	return false, false
}

// VerifySessionHash reports whether hash, the value [HashSessionKey] of a session, is that
// of the user, and whether it was made with one of SECRET_KEY_FALLBACKS. Such a login is
// renewed at the visitor's next request, and is lost if that key is dropped before. Empty
// fallback keys are ignored. Before 4.1.8, Django accepts no hash of a fallback key.
// Matches the comparison in get_user of django.contrib.auth.
func (a *Auth) VerifySessionHash(u *User, hash string) (ok, fallback bool) {
	if u == nil {
		return false, false
	}
	return a.hasher.verify(u, hash)
}

// isHash reports whether stored is the hash of the user's password. Its time depends only
// on the lengths.
func isHash(mac *signing.HMAC, u *User, stored string) bool {
	var sum [sha256.Size]byte // the longest digest
	var text [2 * sha256.Size]byte
	want := hex.AppendEncode(text[:0], mac.Append(sum[:0], string(u.Password)))
	return subtle.ConstantTimeCompare([]byte(stored), want) == 1
}

// equal compares in a time that depends only on the lengths.
func equal(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
