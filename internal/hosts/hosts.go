// Package hosts reads the Host header and ALLOWED_HOSTS as Django does.
package hosts

import (
	"regexp"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// valid splits a lowercase host into domain or address, and port.
var valid = regexp.MustCompile(`^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::\d+)?$`)

// Domain returns the lowercase domain or address in a Host header, without port and
// trailing dot. It reports false for a header that get_host refuses. Matches
// split_domain_port.
func Domain(host string) (string, bool) {
	parts := valid.FindStringSubmatch(strings.ToLower(host))
	if parts == nil {
		return "", false
	}
	domain := strings.TrimSuffix(parts[1], ".")
	return domain, domain != ""
}

// Matches reports whether a domain matches a pattern of ALLOWED_HOSTS. Matches
// validate_host.
func Matches(domain string, patterns []string) bool {
	for _, pattern := range patterns {
		if pattern == "*" || Same(domain, pattern) {
			return true
		}
	}
	return false
}

// Allowed returns ALLOWED_HOSTS, or the hosts that Django allows without it in debug mode:
// since 3.1 also subdomains of localhost. Matches HttpRequest.get_host.
func Allowed(patterns []string, debug, subdomains bool) []string {
	switch {
	case len(patterns) > 0 || !debug:
		return patterns
	case subdomains:
		return []string{".localhost", "127.0.0.1", "[::1]"}
	}
	return []string{"localhost", "127.0.0.1", "[::1]"}
}

// Same reports whether host equals pattern or, if pattern begins with a dot, belongs to
// its domain. Browsers send only ASCII hosts, so a pattern with other characters matches
// no host. Matches is_same_domain.
func Same(host, pattern string) bool {
	if pattern == "" || pyurl.Latin1(pattern) != pattern {
		return false
	}
	pattern = strings.ToLower(pattern)
	return host == pattern || pattern[0] == '.' && (strings.HasSuffix(host, pattern) || host == pattern[1:])
}
