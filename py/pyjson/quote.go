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
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := load(s, i)
		// Adding one sets the high bit of DEL. A carry into the next byte comes only from
		// a byte that is marked itself.
		if m := special(x) | (x|(x+ones))&highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7F || c == '"' || c == '\\' {
			break
		}
	}
	return i
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
