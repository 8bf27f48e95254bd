package csrf

import (
	"net/netip"
	"regexp"
	"strings"
)

// splitURL is what Python's urlsplit makes of a URL. Go's url.Parse draws the borders elsewhere, and a host that the two
// read differently could be trusted here and not there.
type splitURL struct {
	scheme, netloc, path, query, fragment string
}

// futureAddress is what may stand in brackets besides an IPv6 address.
var futureAddress = regexp.MustCompile(`^v[a-fA-F0-9]+\.[^\n]+$`)

// splitURLText reports false where urlsplit raises ValueError. Of Python's releases, which have become stricter, it
// follows the strictest.
func splitURLText(text string) (splitURL, bool) {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(text)
	var u splitURL
	if i := strings.IndexByte(text, ':'); i > 0 && isScheme(text[:i]) {
		u.scheme, text = strings.ToLower(text[:i]), text[i+1:]
	}
	if rest, ok := strings.CutPrefix(text, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.netloc, text = rest[:end], rest[end:]
		if !validBrackets(u.netloc) {
			return splitURL{}, false
		}
	}
	text, u.fragment, _ = strings.Cut(text, "#")
	u.path, u.query, _ = strings.Cut(text, "?")
	return u, true
}

// String puts the parts together again, without empty ones. Matches geturl.
func (u splitURL) String() string {
	s := u.path
	switch {
	case u.netloc != "":
		s = "//" + u.netloc + s // what follows a netloc is empty or begins with a slash
	case strings.HasPrefix(s, "//"):
		s = "//" + s
	}
	if u.scheme != "" {
		s = u.scheme + ":" + s
	}
	if u.query != "" {
		s += "?" + u.query
	}
	if u.fragment != "" {
		s += "#" + u.fragment
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

// validBrackets tells whether brackets, if there are any, hold an address and stand where one may.
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
