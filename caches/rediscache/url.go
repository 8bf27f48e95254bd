package rediscache

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// location is a URL of LOCATION as redis-py reads it. It differs from package net/url in
// what it permits in a password.
type location struct {
	scheme             string // redis, rediss or unix
	username, password string
	host               string // or the name of a service of Sentinel; "" if missing
	port               string
	path               string
	query              map[string]any // the first value of each name
}

// errURL never quotes the URL, which may contain a password.
var errURL = errors.New("is not a URL of Redis: it must begin with redis://, rediss:// or unix:// and have a valid port")

func parseLocation(text string) (location, error) {
	var l location
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme != "redis" && scheme != "rediss" && scheme != "unix" {
		return l, errURL
	}
	l.scheme = scheme
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	authority := rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, l.path = rest[:i], unquote(rest[i:])
	}
	l.query = parseQuery(query)
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		username, password, _ := strings.Cut(authority[:i], ":")
		l.username, l.password, authority = unquote(username), unquote(password), authority[i+1:]
	}
	err := l.parseHost(authority)
	return l, err
}

// parseHost reads host and port, where an address of IPv6 is in brackets.
func (l *location) parseHost(authority string) error {
	after := authority
	if inside, ok := strings.CutPrefix(authority, "["); ok {
		if l.host, after, ok = strings.Cut(inside, "]"); !ok {
			return errURL
		}
	} else {
		l.host, _, _ = strings.Cut(authority, ":")
	}
	l.host = unquote(strings.ToLower(l.host))
	if _, port, ok := strings.Cut(after, ":"); ok && port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return errURL
		}
		if n > 0 { // 0 is like no port to Python
			l.port = strconv.FormatUint(n, 10)
		}
	}
	return nil
}

// parseQuery returns the first value of each name that is not empty, as parse_qs does.
func parseQuery(query string) map[string]any {
	found := map[string]any{}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(strings.ReplaceAll(part, "+", " "), "=")
		name, value = unquote(name), unquote(value)
		if _, known := found[name]; !known && value != "" {
			found[name] = value
		}
	}
	return found
}

// unquote decodes percent escapes and leaves invalid ones as they are.
func unquote(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+3 <= len(s) {
			if decoded, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(decoded)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}
