package hashers

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// pbkdf2Unit is the time of one iteration, of either digest.
const pbkdf2Unit = 200 * time.Nanosecond

// pbkdf2Hasher is PBKDF2PasswordHasher or PBKDF2SHA1PasswordHasher.
type pbkdf2Hasher struct {
	hashable
	*primitives
	name       string // algorithm
	sha1       bool
	iterations int
	salts      salts
}

// pbkdf2Password is algorithm$iterations$salt$hash.
type pbkdf2Password struct {
	*pbkdf2Hasher
	encoded, salt string
	iterations    int
}

func (h *pbkdf2Hasher) parse(encoded string) (stored, bool) {
	const fields = 4
	parts := strings.SplitN(encoded, "$", fields)
	if len(parts) < fields || parts[0] != h.name || parts[2] == "" {
		return nil, false
	}
	iterations, ok := positive(parts[1])
	return &pbkdf2Password{pbkdf2Hasher: h, encoded: encoded, salt: parts[2], iterations: iterations}, ok
}

func (h *pbkdf2Hasher) encode(password string) (string, error) {
	return h.encodeWith(password, h.salts.next(), h.iterations)
}

func (h *pbkdf2Hasher) encodeWith(password, salt string, iterations int) (string, error) {
	key, err := h.pbkdf2(h.sha1, password, salt, iterations)
	if err != nil {
		return "", err
	}
	return h.name + "$" + strconv.Itoa(iterations) + "$" + salt + "$" + base64.StdEncoding.EncodeToString(key), nil
}

func (h *pbkdf2Hasher) cost() cost { return cost{time: times(int64(h.iterations), pbkdf2Unit)} }

func (h *pbkdf2Hasher) spend(password string, d time.Duration) error {
	if iterations := int(d / pbkdf2Unit); iterations > 0 {
		_, err := h.pbkdf2(h.sha1, password, "the salt does not matter", iterations)
		return err
	}
	return nil
}

// problem implements algorithm and stored.
func (h *pbkdf2Hasher) problem() string {
	if h.iterations < 1 {
		return "iterations must be positive"
	}
	return ""
}

func (p *pbkdf2Password) cost() cost { return cost{time: times(int64(p.iterations), pbkdf2Unit)} }

func (p *pbkdf2Password) matches(password string) (bool, error) {
	again, err := p.encodeWith(password, p.salt, p.iterations)
	return err == nil && equal(again, p.encoded), err
}

func (p *pbkdf2Password) outdated() bool {
	return p.iterations != p.pbkdf2Hasher.iterations || p.salts.outdated(utf8.RuneCountInString(p.salt))
}

// positive reads a number as Python prints it. Other spellings are not what Django
// stores, and match no password.
func positive(text string) (int, bool) {
	const most = 1<<31 - 1 // as in C
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && n <= most && strconv.Itoa(n) == text
}
