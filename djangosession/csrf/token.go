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

	// alphabet is what secrets and tokens are made of, in the order that masking counts in.
	alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// newSecret returns 32 random characters.
func newSecret() string {
	secret := make([]byte, 0, secretLength)
	var random [2 * secretLength]byte
	for {
		_, _ = rand.Read(random[:]) // never fails: the program would end
		for _, b := range random {
			// Of 256 values the last eight would make the first eight characters more likely.
			if int(b) >= len(alphabet)*(256/len(alphabet)) {
				continue
			}
			if secret = append(secret, alphabet[int(b)%len(alphabet)]); len(secret) == secretLength {
				return string(secret)
			}
		}
	}
}

var errAlphabet = errors.New("csrf: the stored secret has characters that no secret has")

// mask hides a secret behind fresh random characters, so that no two pages have the same text in them (which compression
// would give away). A secret of another length than 32 comes from a session that holds nonsense; it makes the token that
// Django makes of it, which nothing accepts.
func mask(secret string) (string, error) {
	masked, ok := combine(newSecret(), secret, 1)
	if !ok {
		return "", errAlphabet
	}
	return masked, nil
}

// combine returns the mask and after it the text, each character moved on by that of the mask, as far as the shorter goes.
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

// unmask returns the secret in a masked token. It reports false where Django finds a character that cannot be.
func unmask(token string) (string, bool) {
	m := token[:min(len(token), secretLength)]
	out, ok := combine(m, token[len(m):], -1)
	if !ok {
		return "", false
	}
	return out[len(m):], true
}

// What is wrong with the form of a token or secret, in Django's words.
const (
	badLength     = "has incorrect length"
	badCharacters = "has invalid characters"
)

// formProblem says what keeps s from being a secret or a token, "" if nothing.
func formProblem(s string) string {
	switch n := utf8.RuneCountInString(s); {
	case n != secretLength && n != tokenLength:
		return badLength
	case strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }):
		return badCharacters
	}
	return ""
}

// matches tells in constant time whether a token that has the right form, masked or not, is one of this secret.
func matches(token, secret string) bool {
	if len(token) == tokenLength {
		token, _ = unmask(token)
	}
	return subtle.ConstantTimeCompare([]byte(token), []byte(secret)) == 1
}
