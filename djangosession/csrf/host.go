package csrf

import (
	"net"
	"net/http"
	"strings"

	"github.com/djangobridge/djangobridge/internal/hosts"
	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// meta is a request as Django sees it: the parts of request.META, and of values derived
// from it, that the checks need.
type meta struct {
	*http.Request
	*Protection
}

// header returns a header as a WSGI server passes it on: values joined by commas, each
// byte as one character.
func (m meta) header(name string) (string, bool) {
	values, ok := m.Header[name]
	if !ok || len(values) == 0 {
		return "", false
	}
	return pyurl.Latin1(strings.Join(values, ",")), true
}

// named is header for a setting that contains a key of META, such as HTTP_X_CSRFTOKEN.
func (m meta) named(key string) (string, bool) {
	name, ok := headerName(key)
	if !ok {
		return "", false
	}
	return m.header(name)
}

// headerName returns the name of the header with this key in META. Keys with lowercase
// letters or hyphens belong to no header.
func headerName(key string) (string, bool) {
	name, ok := strings.CutPrefix(key, "HTTP_")
	if !ok && key != "CONTENT_TYPE" || name == "" || strings.ToUpper(key) != key || strings.Contains(key, "-") {
		return "", false
	}
	return http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-")), true
}

// secure reports whether the browser used HTTPS. Matches is_secure.
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

// isPythonSpace reports whether str.strip removes r from a header.
func isPythonSpace(r rune) bool {
	return '\t' <= r && r <= '\r' || 0x1c <= r && r <= ' ' || r == 0x85 || r == 0xa0
}

func (m meta) scheme() string {
	if m.secure() {
		return "https"
	}
	return "http"
}

// host returns the name by which the browser addressed this server, including the port if
// present. It reports false if get_host raises DisallowedHost, and for a request without
// a Host header, for which Django uses the server's own name.
func (m meta) host() (string, bool) {
	host := pyurl.Latin1(m.Host)
	if m.settings.UseXForwardedHost {
		if forwarded, ok := m.header("X-Forwarded-Host"); ok {
			host = forwarded
		}
	}
	if domain, ok := hosts.Domain(host); !ok || !hosts.Matches(domain, m.allowedHosts()) {
		return "", false
	}
	return host, true
}

// Origin returns the scheme and host under which the browser addressed the site, as
// Django's is_secure and get_host find them behind the site's proxies. For a host that
// Django refuses, it is that of the Host header. It fits Options.Origin of package auth.
func (p *Protection) Origin(r *http.Request) (scheme, host string) {
	m := meta{r, p}
	host, ok := m.host()
	if !ok {
		host = r.Host
	}
	return m.scheme(), host
}

// port returns the port that the browser presumably used. Matches get_port.
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
	// A server on a Unix socket has no port. Django's servers then use the header.
	if _, port, err := net.SplitHostPort(m.Host); err == nil {
		return port
	}
	if m.secure() {
		return "443"
	}
	return "80"
}
