package hashers

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // part of a format
	"crypto/sha256"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// primitives do all expensive work. Tests replace them to count it.
type primitives struct {
	pbkdf2        func(isSHA1 bool, password, salt string, iterations int) ([]byte, error)
	argon2        func(p argon2Params, password string, salt []byte, tag int) []byte
	bcrypt        func(key []byte, rounds int) (string, error)
	bcryptMatches func(data string, key []byte, rounds int) bool
	scrypt        func(password, salt string, s scryptParams) ([]byte, error)
}

func newPrimitives() *primitives {
	return &primitives{
		pbkdf2: derivePBKDF2, argon2: deriveArgon2, bcrypt: encodeBcrypt, bcryptMatches: matchesBcrypt, scrypt: deriveScrypt,
	}
}

func derivePBKDF2(isSHA1 bool, password, salt string, iterations int) ([]byte, error) {
	if isSHA1 {
		return pbkdf2.Key(sha1.New, password, []byte(salt), iterations, sha1.Size)
	}
	return pbkdf2.Key(sha256.New, password, []byte(salt), iterations, sha256.Size)
}

// deriveArgon2 gets parameters that argon2Hasher has checked: argon2.Key panics for
// others, and replaces a memory below its minimum.
func deriveArgon2(p argon2Params, password string, salt []byte, tag int) []byte {
	derive := argon2.IDKey
	if p.variant == "argon2i" {
		derive = argon2.Key
	}
	passes, memory, lanes := uint32(p.time), uint32(p.memory), uint8(p.lanes)
	return derive([]byte(password), salt, passes, memory, lanes, uint32(tag))
}

func encodeBcrypt(key []byte, rounds int) (string, error) {
	data, err := bcrypt.GenerateFromPassword(key, rounds)
	return string(data), err
}

func matchesBcrypt(data string, key []byte, _ int) bool {
	return bcrypt.CompareHashAndPassword([]byte(data), key) == nil
}

func deriveScrypt(password, salt string, s scryptParams) ([]byte, error) {
	const size = 64
	return scrypt.Key([]byte(password), []byte(salt), s.n, s.r, s.p, size)
}

// equal compares in a time that depends only on the lengths.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
