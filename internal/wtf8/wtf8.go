// Package wtf8 reads and writes strings that may contain lone surrogates, as a Python str
// may. UTF-8 cannot express them; the encoding known as WTF-8 writes each one as the
// three bytes that UTF-8 would use if surrogates were allowed. Python calls this
// surrogatepass.
package wtf8

import "unicode/utf8"

const (
	surrogateMin = 0xD800
	surrogateMax = 0xDFFF
)

// AppendRune appends the code point r, which may be a surrogate, to b.
func AppendRune(b []byte, r rune) []byte {
	if surrogateMin <= r && r <= surrogateMax {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(b, r)
}

// DecodeRune returns the first code point of s, which may be a surrogate, and its size in
// bytes. It returns (utf8.RuneError, 1) for a byte that does not begin a code point and
// (utf8.RuneError, 0) for an empty s.
func DecodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xED &&
		0xA0 <= s[1] && s[1] <= 0xBF && 0x80 <= s[2] && s[2] <= 0xBF {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, size
}

// Valid reports whether s consists of code points only, surrogates included.
func Valid(s string) bool {
	if utf8.ValidString(s) {
		return true
	}
	for len(s) > 0 {
		r, size := DecodeRune(s)
		if r == utf8.RuneError && size == 1 {
			return false
		}
		s = s[size:]
	}
	return true
}
