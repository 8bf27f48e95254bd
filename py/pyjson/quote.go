package pyjson

import (
	"math/bits"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/wtf8"
)

// appendString appends s in quotes, as ASCII, or returns the problem.
func appendString(dst []byte, s string) (_ []byte, problem string) {
	dst = append(dst, '"')
	for {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"'), ""
		}
		s = s[n:]
		if c := s[0]; c < utf8.RuneSelf {
			dst = appendEscaped(dst, c)
			s = s[1:]
			continue
		}
		r, size := wtf8.DecodeRune(s)
		if r == utf8.RuneError && size == 1 {
			return dst, notStr
		}
		if r >= 0x10000 {
			r -= 0x10000
			dst = appendHex(dst, 0xD800+r>>10)
			r = 0xDC00 + r&0x3FF
		}
		dst = appendHex(dst, r)
		s = s[size:]
	}
}

// plainPrefix returns how many bytes at the start of s need no escapes.
func plainPrefix(s string) int {
	if len(s) < 8 {
		return min(bits.TrailingZeros64(escaped(short(s)))/8, len(s))
	}
	for i := 0; ; i += 8 {
		i = min(i, len(s)-8) // the last word may overlap the one before
		if m := escaped(load(s, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		if i == len(s)-8 {
			return len(s)
		}
	}
}

// escaped marks the bytes of x that need escapes. Marks after the first one are
// meaningless.
func escaped(x uint64) uint64 {
	// Adding one sets the high bit of DEL. A carry into the next byte comes only from a
	// byte that is marked itself.
	return special(x) | (x|(x+ones))&highs
}

// short returns up to seven bytes of s as a word, with the first one lowest, and NUL
// bytes after them.
func short(s string) uint64 {
	n := len(s)
	if n >= 4 {
		low := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
		high := uint64(s[n-4]) | uint64(s[n-3])<<8 | uint64(s[n-2])<<16 | uint64(s[n-1])<<24
		return low | high<<(8*(n-4)) // they may overlap
	}
	var x uint64
	for i := range n {
		x |= uint64(s[i]) << (8 * i)
	}
	return x
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return appendHex(dst, rune(c))
	}
}

const hexDigits = "0123456789abcdef"

// appendHex appends the escape of a character below U+10000.
func appendHex(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
