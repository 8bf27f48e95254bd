// Package pyutf8 decodes UTF-8 as Python does where a text has bytes that are not UTF-8.
package pyutf8

import (
	"strings"
	"unicode/utf8"
)

// Decode returns s with U+FFFD in the place of each invalid sequence. Go's own conversions write one for each byte; Python
// writes one for the longest beginning of a character. Matches bytes.decode("utf-8", "replace").
func Decode(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			size = beginning(s)
		}
		b.WriteRune(r)
		s = s[size:]
	}
	return b.String()
}

// beginning returns the length of the invalid sequence that s starts with: one byte, or as many as a character could
// start with.
func beginning(s string) int {
	low, high := byte(0x80), byte(0xbf)
	var length int
	switch lead := s[0]; {
	case lead < 0xc2 || lead > 0xf4:
		return 1
	case lead < 0xe0:
		length = 2
	case lead < 0xf0:
		length = 3
		switch lead {
		case 0xe0:
			low = 0xa0
		case 0xed:
			high = 0x9f
		}
	default:
		length = 4
		switch lead {
		case 0xf0:
			low = 0x90
		case 0xf4:
			high = 0x8f
		}
	}
	n := 1
	for n < length && n < len(s) && low <= s[n] && s[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}
