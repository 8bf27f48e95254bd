package pyurl

import (
	"net/url"
	"strings"
)

// Quote writes each byte as %XX unless it is a letter, a digit, one of "_.-~" or in safe.
// Matches urllib.parse.quote.
func Quote(s, safe string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("_.-~", c) >= 0 || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

// Unquote replaces each %XX by its byte. A percent sign without two hexadecimal digits
// after it stays. Matches urllib.parse.unquote_to_bytes.
func Unquote(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// UnquotePlus is [Unquote] for a field of a form or a query, in which a plus sign is a
// space.
func UnquotePlus(s string) string { return Unquote(strings.ReplaceAll(s, "+", " ")) }

// Latin1 returns the text whose characters are the bytes of s. A WSGI server passes
// headers and paths to Django in this form.
func Latin1(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			chars := make([]rune, len(s))
			for j := range len(s) {
				chars[j] = rune(s[j])
			}
			return string(chars)
		}
	}
	return s
}
