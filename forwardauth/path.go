package forwardauth

import (
	"strings"
	"unicode/utf8"
)

// maxURI is the maximum length of a request target, in bytes: that of nginx by default.
const maxURI = 8 << 10

// decodePath returns the decoded path of a request target. It reports false if a proxy, a
// service or this package could read the path differently:
//
//   - other characters than those that browsers send unencoded
//   - encoded characters that browsers never encode (letters, digits, "-", "." and "_"),
//     slashes, backslashes and control characters
//   - percent signs that would be an encoding if decoded once more
//   - empty segments ("//"), dot segments, and segments that end with a dot or a space,
//     which some file systems ignore
//   - bytes that are not UTF-8
//   - spaces and control characters in the query
//   - ";", "?" and "#", even if encoded, unless they are in allowed
func decodePath(target, allowed string) (string, bool) {
	raw, _, _ := strings.Cut(target, "?")
	isControl := func(c rune) bool { return c <= ' ' || c == 0x7f }
	if len(target) > maxURI || raw == "" || raw[0] != '/' || strings.ContainsFunc(target, isControl) {
		return "", false
	}
	path := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '%' {
			if !isPlain(c, allowed) {
				return "", false
			}
			path = append(path, c)
			continue
		}
		b, ok := decodeHex(raw[i+1:])
		if !ok || !isEncodable(b, allowed) {
			return "", false
		}
		if _, again := decodeHex(raw[i+3:]); b == '%' && again {
			return "", false
		}
		path = append(path, b)
		i += 2
	}
	return string(path), utf8.Valid(path) && isClean(string(path))
}

// decodeHex returns the byte that two hexadecimal digits denote.
func decodeHex(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	digit := func(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }
	high, low := digit(s[0]), digit(s[1])
	if high < 0 || low < 0 || s[0] < '0' || s[1] < '0' {
		return 0, false
	}
	return byte(high<<4 | low), true
}

// isPlain reports whether a character may be in a path as it is.
func isPlain(c byte, allowed string) bool {
	return isUnreserved(c) || strings.IndexByte("/!$&'()*+,=:@[]^|~", c) >= 0 ||
		c == ';' && strings.IndexByte(allowed, c) >= 0
}

// isEncodable reports whether a character may be in a path as %XX.
func isEncodable(c byte, allowed string) bool {
	return c >= utf8.RuneSelf || strings.IndexByte(" !\"$%&'()*+,:<=>@[]^`{|}~", c) >= 0 ||
		strings.IndexByte(";?#", c) >= 0 && strings.IndexByte(allowed, c) >= 0
}

// isUnreserved reports whether browsers never encode a character. They encode "~"
// sometimes.
func isUnreserved(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '-' || c == '.' || c == '_'
}

// isClean reports whether a path has neither empty segments, except for the last, nor
// segments that end with a dot or a space.
func isClean(path string) bool {
	for segment := range strings.SplitSeq(strings.TrimSuffix(path[1:], "/"), "/") {
		if segment == "" && path != "/" || strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") {
			return false
		}
	}
	return true
}
