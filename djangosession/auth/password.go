package auth

import (
	"crypto/md5" //nolint:gosec // used by old sites
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // part of a format
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
)

// A Verifier reports whether encoded is the encoding of password. It compares in constant
// time. It gets the whole encoded text, such as "argon2$argon2id$v=19$...". Libraries for
// argon2 and bcrypt take the part after the first "$"; for bcrypt_sha256, pass them the
// lowercase hexadecimal SHA-256 of the password instead of the password. The error is for
// failures that do not depend on the password.
type Verifier func(password, encoded string) (bool, error)

// CheckPassword reports whether encoded is the encoding of password by pbkdf2_sha256,
// Django's default, or pbkdf2_sha1. Encoded text that begins with "!" matches no
// password. The error is a [*HasherError]. Matches check_password, except that it never
// re-encodes passwords.
func CheckPassword(password string, encoded Secret) (bool, error) {
	return checkPassword(password, string(encoded), nil, encodePBKDF2)
}

// CheckPassword is the function [CheckPassword] with the hashers of [Options].Hashers.
func (a *Auth) CheckPassword(password string, encoded Secret) (bool, error) {
	return checkPassword(password, string(encoded), a.options.Hashers, a.encode)
}

// VerifyMD5 is a [Verifier] for "md5", Django's MD5PasswordHasher, which sites use for
// fast tests. It is not secure.
func VerifyMD5(password, encoded string) (bool, error) {
	parts := strings.SplitN(encoded, "$", 3)
	if len(parts) < 3 || parts[0] != "md5" || parts[1] == "" {
		return false, nil
	}
	sum := md5.Sum([]byte(parts[1] + password)) //nolint:gosec // as above
	return equal(hex.EncodeToString(sum[:]), parts[2]), nil
}

const unusablePrefix = "!"

// encoder has the signature of encodePBKDF2, whose time is proportional to the
// iterations.
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

// Built-in algorithms.
const (
	pbkdf2SHA256 = "pbkdf2_sha256"
	pbkdf2SHA1   = "pbkdf2_sha1"
)

// maxIterations limits the time for one password. It is more than ten times Django's
// current default.
const maxIterations = 20_000_000

// splitPBKDF2 splits a password encoded by one of the two algorithms.
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
