package py

import "unicode/utf8"

const (
	surrogateMin = 0xD800
	surrogateMax = 0xDFFF
)

// IsSurrogate reports whether r is one half of a UTF-16 pair, which no valid UTF-8 text contains.
func IsSurrogate(r rune) bool { return surrogateMin <= r && r <= surrogateMax }

// AppendRune appends the code point r to b, surrogates included, in the form that strings of this package have.
func AppendRune(b []byte, r rune) []byte {
	if IsSurrogate(r) {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(b, r)
}

// DecodeRune returns the first code point of s and its size in bytes, surrogates included. It returns
// (utf8.RuneError, 1) for a byte that begins no code point and (utf8.RuneError, 0) for an empty s.
func DecodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xED &&
		0xA0 <= s[1] && s[1] <= 0xBF && 0x80 <= s[2] && s[2] <= 0xBF {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, size
}

// ValidString reports whether s is a Python str: UTF-8 in which surrogates may stand too.
func ValidString(s string) bool {
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
