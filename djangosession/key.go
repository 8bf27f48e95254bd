package djangosession

import (
	"crypto/rand"
	"unicode/utf8"
)

// KeyLength is the length of new session keys, in characters.
const KeyLength = 32

// minKeyLength is the shortest session key that Django accepts, in characters.
const minKeyLength = 8

// isKey reports whether Django accepts key as a session key.
func isKey(key string) bool { return utf8.RuneCountInString(key) >= minKeyLength }

// keyChars are the characters of session keys. There are no capitals, because some stores
// ignore case.
const keyChars = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewKey returns a new random session key in Django's form: 32 characters of a-z and 0-9,
// 165 bits.
func NewKey() string {
	key := make([]byte, 0, KeyLength)
	var random [2 * KeyLength]byte
	for {
		_, _ = rand.Read(random[:]) // never returns an error; the program would end instead
		for _, b := range random {
			// Of the 256 values, the last four would favor the first four characters.
			if int(b) >= len(keyChars)*(256/len(keyChars)) {
				continue
			}
			if key = append(key, keyChars[int(b)%len(keyChars)]); len(key) == KeyLength {
				return string(key)
			}
		}
	}
}
