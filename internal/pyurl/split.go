// Package pyurl splits, quotes and unquotes URLs as Python's urllib.parse does. Go's
// net/url draws other borders between the parts of a URL and refuses other escapes.
package pyurl

import (
	"net/netip"
	"regexp"
	"strings"
)

// A URL is the result of Python's urlsplit.
type URL struct {
	Scheme, Netloc, Path, Query, Fragment string
}

// futureAddress matches what brackets may contain besides an IPv6 address.
var futureAddress = regexp.MustCompile(`^v[a-fA-F0-9]+\.[^\n]+$`)

// Split returns the parts of a URL, or false where urlsplit raises ValueError. Newer
// releases of Python are stricter than older ones; Split follows the strictest. Matches
// urllib.parse.urlsplit.
func Split(text string) (URL, bool) {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(text)
	var u URL
	if i := strings.IndexByte(text, ':'); i > 0 && isScheme(text[:i]) {
		u.Scheme, text = strings.ToLower(text[:i]), text[i+1:]
	}
	if rest, ok := strings.CutPrefix(text, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.Netloc, text = rest[:end], rest[end:]
		if !validBrackets(u.Netloc) {
			return URL{}, false
		}
	}
	text, u.Fragment, _ = strings.Cut(text, "#")
	u.Path, u.Query, _ = strings.Cut(text, "?")
	return u, true
}

// String joins the parts and leaves out empty ones. Matches geturl.
func (u URL) String() string {
	s := u.Path
	switch {
	case u.Netloc != "":
		s = "//" + u.Netloc + s // the path is empty or begins with a slash
	case strings.HasPrefix(s, "//"):
		s = "//" + s
	}
	if u.Scheme != "" {
		s = u.Scheme + ":" + s
	}
	if u.Query != "" {
		s += "?" + u.Query
	}
	if u.Fragment != "" {
		s += "#" + u.Fragment
	}
	return s
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= s[i] && s[i] <= '9' || strings.IndexByte("+-.", s[i]) >= 0):
		default:
			return false
		}
	}
	return true
}

// validBrackets reports whether the brackets in netloc, if any, enclose an address and
// are where an address may be.
func validBrackets(netloc string) bool {
	if !strings.ContainsAny(netloc, "[]") {
		return true
	}
	host := netloc[strings.LastIndexByte(netloc, '@')+1:]
	address, after, closed := strings.Cut(strings.TrimPrefix(host, "["), "]")
	if !closed || host[0] != '[' || strings.Count(netloc, "[") > 1 || strings.Count(netloc, "]") > 1 {
		return false
	}
	if after != "" && after[0] != ':' {
		return false
	}
	if strings.HasPrefix(address, "v") {
		return futureAddress.MatchString(address)
	}
	ip, err := netip.ParseAddr(address)
	return err == nil && ip.Is6() && !strings.Contains(ip.Zone(), "%")
}
