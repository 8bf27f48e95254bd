package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/signing"
)

// sessionHasher makes and checks the hash that binds a session to the user's password.
type sessionHasher struct {
	current   []*signing.HMAC // of the key: the first makes hashes, those of the further algorithms are taken too
	fallbacks []*signing.HMAC // of the keys of the past
}

// hashSalt is what Django has as key_salt in get_session_auth_hash.
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
	if s.AcceptLegacyLayout && o.Algorithm != signing.SHA256 { // of what a newer release wrote
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
		mac, err := signing.NewHMAC(signing.HMACOptions{KeySalt: hashSalt, Secret: key, Algorithm: o.Algorithm})
		if err != nil {
			return nil, err
		}
		h.fallbacks = append(h.fallbacks, mac)
	}
	return h, nil
}

// hash is what get_session_auth_hash returns, "" for a user who has no such method.
func (h *sessionHasher) hash(u *User) string {
	if u.NoHash {
		return ""
	}
	return hex.EncodeToString(h.current[0].Append(nil, string(u.Password)))
}

// verify reports whether the hash in a session is the user's, and whether it was made with a key of the past.
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

// isHash reports whether this is the hash of the user's password, in a time that depends on the lengths alone.
func isHash(mac *signing.HMAC, u *User, stored string) bool {
	var sum [sha256.Size]byte // the longest of the algorithms
	var text [2 * sha256.Size]byte
	want := hex.AppendEncode(text[:0], mac.Append(sum[:0], string(u.Password)))
	return subtle.ConstantTimeCompare([]byte(stored), want) == 1
}

// equal compares in a time that depends on the lengths alone.
func equal(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
