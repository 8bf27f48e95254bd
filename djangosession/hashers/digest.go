package hashers

import (
	"crypto/md5"  //nolint:gosec // used by old sites
	"crypto/sha1" //nolint:gosec // used by old sites
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"
)

// digestHasher is one of MD5PasswordHasher, SHA1PasswordHasher, UnsaltedMD5PasswordHasher
// and UnsaltedSHA1PasswordHasher. It encodes nothing, because these are insecure.
type digestHasher struct {
	name   string
	sha1   bool
	salted bool
}

func (h *digestHasher) problem() string { return "" }

// digestPassword is algorithm$salt$hash, md5$$hash, sha1$$hash or just an MD5 hash.
type digestPassword struct {
	*digestHasher
	salt, hash string
}

func (h *digestHasher) parse(encoded string) (stored, bool) {
	switch {
	case h.salted:
	case h.sha1:
		hash, ok := strings.CutPrefix(encoded, "sha1$$")
		return &digestPassword{digestHasher: h, hash: hash}, ok
	default:
		if utf8.RuneCountInString(encoded) == md5Prefixed {
			encoded = strings.TrimPrefix(encoded, "md5$$")
		}
		return &digestPassword{digestHasher: h, hash: encoded}, true
	}
	const fields = 3
	parts := strings.SplitN(encoded, "$", fields)
	if len(parts) < fields || parts[0] != h.name || parts[1] == "" {
		return nil, false
	}
	return &digestPassword{digestHasher: h, salt: parts[1], hash: parts[2]}, true
}

func (h *digestHasher) encode(string) (string, error) { return "", h.refuses("") }

func (h *digestHasher) refuses(string) error {
	return hasherError(h.name, "is too weak for new passwords: make another hasher the first of PASSWORD_HASHERS")
}

func (*digestHasher) cost() cost                        { return cost{} }
func (*digestHasher) spend(string, time.Duration) error { return nil }

func (p *digestPassword) outdated() bool { return false } // nothing better can be made

func (p *digestPassword) matches(password string) (bool, error) {
	var sum []byte
	if text := []byte(p.salt + password); p.sha1 {
		s := sha1.Sum(text) //nolint:gosec // as above
		sum = s[:]
	} else {
		s := md5.Sum(text) //nolint:gosec // as above
		sum = s[:]
	}
	return equal(hex.EncodeToString(sum), p.hash), nil
}
