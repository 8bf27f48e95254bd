package csrf

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strings"
	"unicode/utf8"
)

const (
	secretLength = 32
	tokenLength  = 2 * secretLength

	// alphabet is the set of characters of secrets and tokens, in masking order.
	alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// newSecret returns 32 random characters.
func newSecret() string {
	secret := make([]byte, 0, secretLength)
	var random [2 * secretLength]byte
	for {
		_, _ = rand.Read(random[:]) // never returns an error: the program would crash
		for _, b := range random {
			// The last eight of 256 values would make the first eight characters more
			// likely.
			if int(b) >= len(alphabet)*(256/len(alphabet)) {
				continue
			}
			if secret = append(secret, alphabet[int(b)%len(alphabet)]); len(secret) == secretLength {
				return string(secret)
			}
		}
	}
}

var errAlphabet = errors.New("csrf: the stored secret contains invalid characters")

// mask hides a secret behind new random characters, so that pages differ in the token;
// otherwise compression could reveal it. A secret whose length is not 32 comes from a
// session with an invalid value. It yields the same token as in Django, which nothing
// accepts.
func mask(secret string) (string, error) {
	masked, ok := combine(newSecret(), secret, 1)
	if !ok {
		return "", errAlphabet
	}
	return masked, nil
}

// combine returns the mask followed by the text, each character shifted by that of the
// mask, up to the length of the shorter one.
func combine(mask, text string, sign int) (string, bool) {
	n := min(len(mask), len(text))
	out := append(make([]byte, 0, len(mask)+n), mask...)
	for i := range n {
		x, y := strings.IndexByte(alphabet, text[i]), strings.IndexByte(alphabet, mask[i])
		if x < 0 || y < 0 {
			return "", false
		}
		out = append(out, alphabet[(x+sign*y+len(alphabet))%len(alphabet)])
	}
	return string(out), true
}

// unmask returns the secret in a masked token. It reports false for a character outside
// the alphabet, for which Django raises an error.
func unmask(token string) (string, bool) {
	m := token[:min(len(token), secretLength)]
	out, ok := combine(m, token[len(m):], -1)
	if !ok {
		return "", false
	}
	return out[len(m):], true
}

// Problems with the form of a token or secret, in Django's words.
const (
	badLength     = "has incorrect length"
	badCharacters = "has invalid characters"
)

// formProblem returns the reason why s has not the form of a secret or token, "" if it
// has.
func formProblem(s string) string {
	switch n := utf8.RuneCountInString(s); {
	case n != secretLength && n != tokenLength:
		return badLength
	case strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }):
		return badCharacters
	}
	return ""
}

// matches reports, in constant time, whether a well-formed token, masked or not, belongs
// to the secret.
func matches(token, secret string) bool {
	if len(token) == tokenLength {
		token, _ = unmask(token)
	}
	return subtle.ConstantTimeCompare([]byte(token), []byte(secret)) == 1
}
