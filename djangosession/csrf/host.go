package csrf

import (
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// meta is a request as Django sees it: the part of request.META, and of what is computed from it, that the checks need.
type meta struct {
	*http.Request
	*Protection
}

// header returns a header as a WSGI server hands it on: its values joined with commas, each byte a character.
func (m meta) header(name string) (string, bool) {
	values, ok := m.Header[name]
	if !ok || len(values) == 0 {
		return "", false
	}
	return pyurl.Latin1(strings.Join(values, ",")), true
}

// named is header for a setting that holds a key of META, such as HTTP_X_CSRFTOKEN.
func (m meta) named(key string) (string, bool) {
	name, ok := headerName(key)
	if !ok {
		return "", false
	}
	return m.header(name)
}

// headerName returns the name of the header that META has under this key. No header gets a key with small letters or
// hyphens.
func headerName(key string) (string, bool) {
	name, ok := strings.CutPrefix(key, "HTTP_")
	if !ok && key != "CONTENT_TYPE" || name == "" || strings.ToUpper(key) != key || strings.Contains(key, "-") {
		return "", false
	}
	return http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-")), true
}

// secure tells whether the browser has used HTTPS. Matches is_secure.
func (m meta) secure() bool {
	if m.settings.SecureProxySSLHeader[0] == "" {
		return m.TLS != nil
	}
	value, ok := m.named(m.settings.SecureProxySSLHeader[0])
	if !ok {
		return m.TLS != nil
	}
	if m.rules.splitsProxyHeader {
		value, _, _ = strings.Cut(value, ",")
		value = strings.TrimFunc(value, isPythonSpace)
	}
	return value == m.settings.SecureProxySSLHeader[1]
}

// isPythonSpace tells what str.strip removes from a header.
func isPythonSpace(r rune) bool {
	return '\t' <= r && r <= '\r' || 0x1c <= r && r <= ' ' || r == 0x85 || r == 0xa0
}

func (m meta) scheme() string {
	if m.secure() {
		return "https"
	}
	return "http"
}

// validHost takes a host in small letters apart: the domain or address, and the port.
var validHost = regexp.MustCompile(`^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::\d+)?$`)

// host is what the browser has called this server, with the port if it named one. It reports false where get_host raises
// DisallowedHost; so it does for a request without the header Host, for which Django uses the server's own name.
func (m meta) host() (string, bool) {
	host := pyurl.Latin1(m.Host)
	if m.settings.UseXForwardedHost {
		if forwarded, ok := m.header("X-Forwarded-Host"); ok {
			host = forwarded
		}
	}
	parts := validHost.FindStringSubmatch(strings.ToLower(host))
	if parts == nil {
		return "", false
	}
	domain := strings.TrimSuffix(parts[1], ".")
	if domain == "" {
		return "", false
	}
	for _, pattern := range m.allowedHosts() {
		if pattern == "*" || sameDomain(domain, pattern) {
			return host, true
		}
	}
	return "", false
}

// port is the port that the browser is thought to have used. Matches get_port.
func (m meta) port() string {
	if m.settings.UseXForwardedPort {
		if forwarded, ok := m.header("X-Forwarded-Port"); ok {
			return forwarded
		}
	}
	if m.options.ServerPort != "" {
		return m.options.ServerPort
	}
	if addr, ok := m.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		_, port, _ := net.SplitHostPort(addr.String())
		return port
	}
	// A server on a Unix socket has no port. Django's servers look at the header then.
	if _, port, err := net.SplitHostPort(m.Host); err == nil {
		return port
	}
	if m.secure() {
		return "443"
	}
	return "80"
}

// sameDomain tells whether host is the pattern or, where that begins with a dot, in its domain. No host that a browser
// sends has characters outside of ASCII, and no such pattern fits one. Matches is_same_domain.
func sameDomain(host, pattern string) bool {
	if pattern == "" || pyurl.Latin1(pattern) != pattern {
		return false
	}
	pattern = strings.ToLower(pattern)
	return host == pattern || pattern[0] == '.' && (strings.HasSuffix(host, pattern) || host == pattern[1:])
}
