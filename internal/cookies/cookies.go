// Package cookies reads and writes cookies as Django does where net/http behaves
// differently.
package cookies

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pyutf8"
)

// Find returns the value of the cookie with this name as Django reads it: the last one of
// several, without the quotes and escapes of Python's cookies. (Go takes the first, and
// ignores those that contain a backslash.) Matches parse_cookie.
func Find(h http.Header, name string) (value string, ok bool) {
	for _, line := range h["Cookie"] {
		for more := true; more; {
			var chunk string
			chunk, line, more = strings.Cut(line, ";")
			// A chunk without "=" has the name "", which no caller looks up.
			k, v, named := strings.Cut(chunk, "=")
			if named && stripSpace(k) == name {
				value, ok = v, true
			}
		}
	}
	if !ok {
		return "", false
	}
	return unquoteCookie(stripSpace(pyutf8.Decode(value))), true
}

// stripSpace is Python's strip, which also treats four control characters as space.
func stripSpace(s string) string {
	plain := func(c byte) bool { return ' ' < c && c < utf8.RuneSelf }
	if s != "" && s[0] == ' ' {
		s = s[1:]
	}
	if s == "" || plain(s[0]) && plain(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f })
}

// unquoteCookie reverses Quote. Matches http.cookies._unquote.
func unquoteCookie(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for {
		plain, rest, escaped := strings.Cut(s, `\`)
		b.WriteString(plain)
		switch {
		case !escaped:
			return b.String()
		case rest == "":
			b.WriteByte('\\') // the backslash has nothing to escape
			return b.String()
		case len(rest) >= 3 && isOctal(rest[0], '3') && isOctal(rest[1], '7') && isOctal(rest[2], '7'):
			b.WriteRune(rune(rest[0]-'0')<<6 | rune(rest[1]-'0')<<3 | rune(rest[2]-'0'))
			s = rest[3:]
		default:
			_, size := utf8.DecodeRuneInString(rest)
			b.WriteString(rest[:size])
			s = rest[size:]
		}
	}
}

func isOctal(c, most byte) bool { return '0' <= c && c <= most }

// legal contains the characters allowed in names and in unquoted values. Matches
// http.cookies._LegalChars.
const legal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + "!#$%&'*+-.^_`|~:"

// Quote returns a cookie value as Python writes it: in quotes and with octal escapes if
// needed. Matches http.cookies._quote.
func Quote(s string) string {
	const quoted = legal + " ()/<=>?@[]{}"
	if s != "" && strings.Trim(s, legal) == "" {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r > 0xff || strings.ContainsRune(quoted, r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\%03o`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// A Cookie is a Set-Cookie header, formatted as Python's http.cookies formats it.
type Cookie struct {
	Name, Value string
	Domain      string
	Expires     string
	HTTPOnly    bool
	MaxAge      string
	Partitioned bool
	Path        string
	SameSite    string
	Secure      bool
}

// Problem describes why these settings cannot form a cookie, and names the faulty one of
// NAME, DOMAIN, PATH and SAMESITE; it returns "" if they are valid. The name must be valid
// in Python. The domain and the path are written unescaped, so neither may contain further
// attributes.
func Problem(name, domain, path, sameSite string) (part, problem string) {
	if name == "" || strings.Trim(name, legal) != "" {
		return "NAME", "is no name of a cookie"
	}
	smuggles := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return r == ';' || r < ' ' || r == 0x7f })
	}
	switch {
	case smuggles(domain):
		return "DOMAIN", "has a character that ends it"
	case smuggles(path):
		return "PATH", "has a character that ends it"
	}
	switch strings.ToLower(sameSite) {
	case "", "lax", "strict", "none":
		return "", ""
	}
	return "SAMESITE", `must be "Lax", "Strict", "None" or empty`
}

func (c *Cookie) String() string {
	var b strings.Builder
	b.Grow(160)
	b.WriteString(c.Name)
	b.WriteByte('=')
	b.WriteString(Quote(c.Value))
	attribute := func(name, value string) {
		if value != "" {
			b.WriteString("; ")
			b.WriteString(name)
			b.WriteByte('=')
			b.WriteString(value)
		}
	}
	flag := func(name string, set bool) {
		if set {
			b.WriteString("; ")
			b.WriteString(name)
		}
	}
	// Python sorts the attributes.
	attribute("Domain", c.Domain)
	attribute("expires", c.Expires)
	flag("HttpOnly", c.HTTPOnly)
	attribute("Max-Age", c.MaxAge)
	flag("Partitioned", c.Partitioned)
	attribute("Path", c.Path)
	attribute("SameSite", c.SameSite)
	flag("Secure", c.Secure)
	return b.String()
}

// Put adds the cookie to a response and replaces any cookie of the same name.
func (c *Cookie) Put(h http.Header) {
	const field = "Set-Cookie"
	lines := make([]string, 0, len(h[field])+1)
	for _, line := range h[field] {
		if !strings.HasPrefix(line, c.Name+"=") {
			lines = append(lines, line)
		}
	}
	h[field] = append(lines, c.String())
}

// Set returns the value that the response header sets for the cookie with this name, the
// last one of several, and whether it sets one.
func Set(h http.Header, name string) (value string, ok bool) {
	for _, line := range h["Set-Cookie"] {
		if before, after, found := strings.Cut(line, "="); found && strings.TrimSpace(before) == name {
			after, _, _ = strings.Cut(after, ";")
			value, ok = unquoteCookie(strings.TrimSpace(after)), true
		}
	}
	return value, ok
}

// Vary adds Cookie to the Vary header. Matches patch_vary_headers.
func Vary(h http.Header) {
	const field = "Vary"
	if len(h[field]) == 0 {
		h[field] = []string{"Cookie"}
		return
	}
	names := strings.Split(strings.Join(h[field], ","), ",")
	found := false
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "*" {
			h[field] = []string{"*"}
			return
		}
		found = found || strings.EqualFold(names[i], "Cookie")
	}
	if !found {
		names = append(names, "Cookie")
	}
	h[field] = []string{strings.Join(names, ", ")}
}

// FormatSeconds formats a number of seconds as an integer, truncated towards zero.
func FormatSeconds(f float64) string { return strconv.FormatFloat(math.Trunc(f)+0, 'f', 0, 64) } // not -0
