package djangosession

import (
	"crypto/rand"
	"unicode/utf8"
)

// KeyLength is the length of new session keys, in characters.
const KeyLength = 32

// minKeyLength is what Django demands of a key, in characters.
const minKeyLength = 8

// isKey reports whether Django accepts this as a session key.
func isKey(key string) bool { return utf8.RuneCountInString(key) >= minKeyLength }

// keyChars are the characters of session keys: no capitals, for stores that do not tell them apart.
const keyChars = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewKey returns a new random session key, as Django makes them: 32 characters of a-z and 0-9, 165 bits.
func NewKey() string {
	key := make([]byte, 0, KeyLength)
	var random [2 * KeyLength]byte
	for {
		_, _ = rand.Read(random[:]) // never fails: the program would end
		for _, b := range random {
			// Of 256 values the last four would make the first four characters more likely.
			if int(b) >= len(keyChars)*(256/len(keyChars)) {
				continue
			}
			if key = append(key, keyChars[int(b)%len(keyChars)]); len(key) == KeyLength {
				return string(key)
			}
		}
	}
}
