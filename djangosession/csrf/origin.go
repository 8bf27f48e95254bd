package csrf

import (
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/internal/hosts"
	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// trusted holds CSRF_TRUSTED_ORIGINS in prepared form.
type trusted struct {
	exact      []string            // origins without a wildcard
	subdomains map[string][]string // domains of origins with a wildcard, by scheme
	hosts      []string            // hosts of all entries, for the Referer
}

// newTrusted returns the prepared entries, or the first entry that is not an origin.
func newTrusted(entries []string, areOrigins bool) (trusted, string) {
	if !areOrigins {
		return trusted{hosts: entries}, ""
	}
	t := trusted{subdomains: map[string][]string{}}
	for _, entry := range entries {
		u, ok := pyurl.Split(entry)
		if !ok || !strings.Contains(entry, "://") {
			return trusted{}, entry
		}
		host := strings.TrimLeft(u.Netloc, "*")
		t.hosts = append(t.hosts, host)
		if strings.Contains(entry, "*") {
			t.subdomains[u.Scheme] = append(t.subdomains[u.Scheme], host)
		} else {
			t.exact = append(t.exact, entry)
		}
	}
	return t, ""
}

// checkOrigin refuses a request from a page of another site.
func (p *Protection) checkOrigin(m meta, origin string) error {
	if host, ok := m.host(); ok && origin == m.scheme()+"://"+host {
		return nil
	}
	if slices.Contains(p.trusted.exact, origin) {
		return nil
	}
	if u, ok := pyurl.Split(origin); ok && fits(u.Netloc, p.trusted.subdomains[u.Scheme]) {
		return nil
	}
	return &Error{Reason: BadOrigin, Text: "Origin checking failed - " + origin + textNoMatch}
}

// checkReferer refuses an HTTPS request unless it comes from an HTTPS page of this site:
// an attacker who can change HTTP responses can plant both a form and a cookie.
func (p *Protection) checkReferer(m meta) error {
	text, ok := m.header("Referer")
	if !ok {
		return &Error{Reason: NoReferer, Text: textNoReferer}
	}
	referer, ok := pyurl.Split(text)
	if !ok || referer.Scheme == "" || referer.Netloc == "" {
		return &Error{Reason: MalformedReferer, Text: textMalformedReferer}
	}
	if referer.Scheme != "https" {
		return &Error{Reason: InsecureReferer, Text: textInsecureReferer}
	}
	if fits(referer.Netloc, p.trusted.hosts) {
		return nil
	}
	if good, ok := p.goodReferer(m); ok && hosts.Same(referer.Netloc, good) {
		return nil
	}
	if p.rules.parsesParams {
		referer.Path = withoutEmptyParams(referer.Path)
	}
	return &Error{Reason: BadReferer, Text: "Referer checking failed - " + referer.String() + textNoMatch}
}

// goodReferer returns the cookie's domain if the site sets one, and the host otherwise.
// It reports false if the request has no valid host.
func (p *Protection) goodReferer(m meta) (string, bool) {
	domain := p.settings.CSRFCookieDomain
	if p.settings.CSRFUseSessions {
		domain = p.settings.SessionCookieDomain
	}
	if domain == "" {
		return m.host()
	}
	if port := m.port(); port != "443" && port != "80" {
		domain += ":" + port
	}
	return domain, true
}

func fits(host string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return hosts.Same(host, pattern) })
}

// withoutEmptyParams drops a trailing semicolon of the path, as urlparse and geturl do.
func withoutEmptyParams(path string) string {
	last := path[strings.LastIndexByte(path, '/')+1:]
	if strings.IndexByte(last, ';') == len(last)-1 {
		return strings.TrimSuffix(path, ";")
	}
	return path
}
