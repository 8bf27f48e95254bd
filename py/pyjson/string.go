package pyjson

import (
	"math/bits"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/wtf8"
)

// Strings are searched eight bytes at a time. Each byte of these words has the value in
// the name. A byte of (x - k*ones) &^ x & highs is not zero for each byte of x less than
// k; bytes before the first such byte are zero.
const (
	ones        = 0x0101010101010101
	highs       = 0x80 * ones
	backslashes = '\\' * ones
)

// load returns eight bytes of s as a word, with the first one lowest. It compiles to one
// instruction.
func load(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// special marks the quotes, backslashes and control characters in x. Marks after the
// first one are meaningless. Exchanging the space and the quote leaves one range of bytes
// to look for.
func special(x uint64) uint64 {
	q, b := x^(' '^'"')*ones, x^backslashes
	return ((q-(' '+1)*ones)&^q | (b-ones)&^b) & highs
}

// scanString checks the string whose opening quote is s[i] and returns its end.
func scanString(s string, i int) (int, *SyntaxError) {
	for i++; i+8 <= len(s); {
		x := load(s, i)
		m := special(x)
		if m == 0 {
			i += 8
			continue
		}
		n := bits.TrailingZeros64(m)
		if i += n / 8; byte(x>>(n&^7)) == '"' {
			return i + 1, nil
		}
		var err *SyntaxError
		if i, err = scanEscape(s, i); err != nil {
			return 0, err
		}
	}
	return scanStringEnd(s, i)
}

// scanStringEnd is scanString for the last bytes of s.
func scanStringEnd(s string, i int) (int, *SyntaxError) {
	for i < len(s) && s[i] != '"' {
		if s[i] >= ' ' && s[i] != '\\' {
			i++
			continue
		}
		var err *SyntaxError
		if i, err = scanEscape(s, i); err != nil {
			return 0, err
		}
	}
	if i >= len(s) {
		return 0, expected(wantQuote, i)
	}
	return i + 1, nil
}

// scanEscape checks the escape at s[i], which is a backslash or a control character, and
// returns its end.
func scanEscape(s string, i int) (int, *SyntaxError) {
	switch {
	case s[i] != '\\':
		return 0, expected(wantNoCtrl, i)
	case i+1 >= len(s):
		return 0, expected(wantEscape, i)
	}
	switch s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
		if _, ok := hex4(s, i+2); !ok {
			return 0, expected(wantHex, i)
		}
		return i + 6, nil
	default:
		return 0, expected(wantEscape, i)
	}
}

// hex4 returns the value of the four hexadecimal digits at s[i].
func hex4(s string, i int) (rune, bool) {
	if len(s)-i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// An encoding gives the bytes from 0x80 on their meaning.
type encoding bool

const (
	latin1 encoding = false
	utf8ed encoding = true
)

// unquote returns the value of a scanned string, and buf, its scratch space. If the
// string is ASCII without escapes, the value is a part of s. quoted includes the quotes.
func unquote(quoted string, enc encoding, buf []byte) (string, []byte) {
	s := quoted[1 : len(quoted)-1]
	if isVerbatim(s, enc) {
		return s, buf
	}
	buf = buf[:0]
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && s[i+1] == 'u':
			r, _ := hex4(s, i+2)
			i += 6
			// A pair of escapes is one character. A single surrogate stays, as in Python.
			if 0xD800 <= r && r < 0xDC00 && i+1 < len(s) && s[i] == '\\' && s[i+1] == 'u' {
				if low, ok := hex4(s, i+2); ok && 0xDC00 <= low && low < 0xE000 {
					r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
					i += 6
				}
			}
			buf = wtf8.AppendRune(buf, r)
		case c == '\\':
			buf = append(buf, unescaped(s[i+1]))
			i += 2
		case c >= utf8.RuneSelf && enc == latin1:
			buf = utf8.AppendRune(buf, rune(c))
			i++
		default:
			buf = append(buf, c)
			i++
		}
	}
	return string(buf), buf
}

// isVerbatim reports whether the text between the quotes is the string.
func isVerbatim(s string, enc encoding) bool {
	var other uint64 // has a high bit for each backslash and, in latin-1, for each byte that is not ASCII
	wide := uint64(highs)
	if enc == utf8ed {
		wide = 0
	}
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := load(s, i)
		b := x ^ backslashes
		other |= x&wide | (b-ones)&^b&highs
	}
	for ; i < len(s); i++ {
		if s[i] == '\\' {
			return false
		}
		other |= uint64(s[i]) & wide
	}
	return other == 0
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default: // a quote, a backslash or a slash
		return c
	}
}
