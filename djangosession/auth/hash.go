package auth

import (
	"crypto/subtle"
	"encoding/hex"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

// sessionHasher makes and checks the hash that binds a session to the user's password.
type sessionHasher struct {
	key       string
	fallbacks []string
	algorithm string
	others    []string // further algorithms whose hashes are taken
}

// hashSalt is what Django has as key_salt in get_session_auth_hash.
const hashSalt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

func newSessionHasher(s *djangosession.Settings) (*sessionHasher, error) {
	o, err := s.SigningOptions()
	if err != nil {
		return nil, err
	}
	h := &sessionHasher{key: o.Key, algorithm: o.Algorithm}
	if s.AtLeast(4, 1, 8) { // before that fallback keys did not count here
		h.fallbacks = o.FallbackKeys
	}
	if o.AcceptSHA1 && o.Algorithm != signing.SHA1 {
		h.others = append(h.others, signing.SHA1)
	}
	if s.AcceptLegacyLayout && o.Algorithm != signing.SHA256 { // of what a newer release wrote
		h.others = append(h.others, signing.SHA256)
	}
	// What could go wrong later shows here.
	if _, err := signing.SaltedHMAC(hashSalt, "", h.key, h.algorithm); err != nil {
		return nil, err
	}
	return h, nil
}

// hash is what get_session_auth_hash returns, "" for a user who has no such method.
func (h *sessionHasher) hash(u *User) string {
	if u.NoHash {
		return ""
	}
	return h.with(u, h.key, h.algorithm)
}

func (h *sessionHasher) with(u *User, key, algorithm string) string {
	mac, err := signing.SaltedHMAC(hashSalt, string(u.Password), key, algorithm)
	if err != nil { // the algorithms are constants
		return ""
	}
	return hex.EncodeToString(mac)
}

// verify reports whether the hash in a session is the user's, and whether it was made with a key of the past.
func (h *sessionHasher) verify(u *User, stored string) (ok, old bool) {
	if stored == "" {
		return false, false
	}
	for _, algorithm := range append([]string{h.algorithm}, h.others...) {
		if equal(stored, h.with(u, h.key, algorithm)) {
			return true, false
		}
	}
	for _, key := range h.fallbacks {
		if equal(stored, h.with(u, key, h.algorithm)) {
			return true, true
		}
	}
	return false, false
}

// equal compares in a time that depends on the lengths alone.
func equal(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
