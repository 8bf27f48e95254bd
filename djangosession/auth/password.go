package auth

import (
	"crypto/md5" //nolint:gosec // what old sites have
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // part of a format
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
)

// A Verifier reports whether password is the one that was encoded, comparing in constant time. It gets the whole text, such as
// "argon2$argon2id$v=19$...": what follows the first "$" is what libraries for argon2 and bcrypt take, for bcrypt_sha256
// along with the lower case hexadecimal SHA-256 of the password in place of the password. The error is for what is no
// matter of the password.
type Verifier func(password, encoded string) (bool, error)

// CheckPassword reports whether password is the one that was encoded: by pbkdf2_sha256, Django's default, or pbkdf2_sha1. What
// begins with "!" is no password of anybody. The error is a [*HasherError]. Matches check_password, except that it never
// encodes anew.
func CheckPassword(password string, encoded Secret) (bool, error) {
	return checkPassword(password, string(encoded), nil, encodePBKDF2)
}

// CheckPassword is the function of this name, and knows [Options].Hashers as well.
func (a *Auth) CheckPassword(password string, encoded Secret) (bool, error) {
	return checkPassword(password, string(encoded), a.options.Hashers, a.encode)
}

// VerifyMD5 is a [Verifier] for "md5", Django's MD5PasswordHasher, which sites use in tests and never should elsewhere.
func VerifyMD5(password, encoded string) (bool, error) {
	parts := strings.SplitN(encoded, "$", 3)
	if len(parts) < 3 || parts[0] != "md5" || parts[1] == "" {
		return false, nil
	}
	sum := md5.Sum([]byte(parts[1] + password)) //nolint:gosec // as above
	return equal(hex.EncodeToString(sum[:]), parts[2]), nil
}

const unusablePrefix = "!"

// encoder is encodePBKDF2, which takes a time in proportion to the iterations.
type encoder func(algorithm, password, salt string, iterations int) (string, error)

func checkPassword(password, encoded string, hashers map[string]Verifier, encode encoder) (bool, error) {
	if strings.HasPrefix(encoded, unusablePrefix) {
		return false, nil
	}
	name, _, _ := strings.Cut(encoded, "$")
	if verify := hashers[name]; verify != nil {
		return verify(password, encoded)
	}
	if digestOf(name) == nil {
		return false, unknownHasher(encoded)
	}
	iterations, salt, ok := splitPBKDF2(encoded)
	if !ok {
		return false, nil
	}
	again, err := encode(name, password, salt, iterations)
	return err == nil && equal(again, encoded), err
}

func digestOf(name string) func() hash.Hash {
	switch name {
	case pbkdf2SHA256:
		return sha256.New
	case pbkdf2SHA1:
		return sha1.New
	}
	return nil
}

// The algorithms that are known.
const (
	pbkdf2SHA256 = "pbkdf2_sha256"
	pbkdf2SHA1   = "pbkdf2_sha1"
)

// maxIterations bounds the time that a password takes: ten times what Django does by now, and some.
const maxIterations = 20_000_000

// splitPBKDF2 takes apart what is encoded by one of the two.
func splitPBKDF2(encoded string) (iterations int, salt string, ok bool) {
	parts := strings.SplitN(encoded, "$", 4)
	if len(parts) < 4 {
		return 0, "", false
	}
	iterations, err := strconv.Atoi(parts[1])
	return iterations, parts[2], err == nil && iterations > 0 && iterations <= maxIterations && parts[2] != ""
}

func encodePBKDF2(name, password, salt string, iterations int) (string, error) {
	digest := digestOf(name)
	key, err := pbkdf2.Key(digest, password, []byte(salt), iterations, digest().Size())
	if err != nil {
		return "", err
	}
	return name + "$" + strconv.Itoa(iterations) + "$" + salt + "$" + base64.StdEncoding.EncodeToString(key), nil
}
