// Package pyutf8 decodes invalid UTF-8 as Python does.
package pyutf8

import (
	"strings"
	"unicode/utf8"
)

// Decode returns s with each invalid sequence replaced by U+FFFD. Go's own conversions
// write one replacement per byte; Python writes one per longest prefix of a valid
// character. Matches bytes.decode("utf-8", "replace").
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

// beginning returns the length in bytes of the invalid sequence at the start of s: the
// longest prefix of a valid character, or else one byte.
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
