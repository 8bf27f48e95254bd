package doctor

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/hosts"
	"github.com/djangobridge/djangobridge/internal/release"
)

// cookie is a cookie of the site as the settings describe it.
type cookie struct {
	setting                string // the start of the names of its settings
	name                   string
	domain, path, sameSite string
	secure, httpOnly       bool
}

func sessionCookie(s *djangosession.Settings) cookie {
	return cookie{
		setting: "SESSION_COOKIE", name: s.SessionCookieName, domain: s.SessionCookieDomain, path: s.SessionCookiePath,
		sameSite: s.SessionCookieSameSite, secure: s.SessionCookieSecure, httpOnly: s.SessionCookieHTTPOnly,
	}
}

func csrfCookie(s *djangosession.Settings) cookie {
	return cookie{
		setting: "CSRF_COOKIE", name: s.CSRFCookieName, domain: s.CSRFCookieDomain, path: s.CSRFCookiePath,
		sameSite: s.CSRFCookieSameSite, secure: s.CSRFCookieSecure, httpOnly: s.CSRFCookieHTTPOnly,
	}
}

// cookies checks settings of cookies and of CSRF against each other, the hosts of the
// site and its proxy.
func (d *Deployment) cookies(_ context.Context, r *report) {
	s := &d.Settings
	all := []cookie{sessionCookie(s)}
	if !s.CSRFUseSessions {
		all = append(all, csrfCookie(s))
	}
	for _, c := range all {
		d.cookie(r, c)
	}
	if !s.CSRFUseSessions && s.SessionCookieName == s.CSRFCookieName {
		r.faultf("cookie-names", "Give SESSION_COOKIE_NAME and CSRF_COOKIE_NAME different values.",
			"The session cookie and the CSRF cookie are both named %q: each overwrites the other.", s.SessionCookieName)
	}
	if !s.SessionCookieHTTPOnly {
		r.warnf("cookie-httponly", "Set SESSION_COOKIE_HTTPONLY = True.", "Scripts in pages can read the session cookie, because "+
			"SESSION_COOKIE_HTTPONLY is False.")
	}
	if s.Debug {
		r.warnf("debug", "Set DEBUG = False.", "DEBUG is True: Django shows its settings and stored values in error pages.")
	}
	d.proxy(r)
	d.origins(r)
	for check, text := range map[string]string{
		"cookie-names": "The cookies have different names.", "cookie-secure": "The cookies fit the scheme of the site.",
		"cookie-samesite": "Browsers accept SameSite of the cookies.", "cookie-prefix": "The names of the cookies fit their " +
			"attributes.",
		"cookie-domain": "The domains of the cookies fit ALLOWED_HOSTS.",
		"proxy":         "The settings for the proxy do not contradict others.", "csrf-origins": "CSRF_TRUSTED_ORIGINS is in order.",
	} {
		r.okUnlessf(check, "%s", text)
	}
}

// cookie checks the settings of one cookie.
func (d *Deployment) cookie(r *report, c cookie) {
	if strings.EqualFold(c.sameSite, "None") && !c.secure {
		r.faultf("cookie-samesite", fmt.Sprintf("Set %s_SECURE = True, or %[1]s_SAMESITE = \"Lax\".", c.setting),
			"%s_SAMESITE is None without %[1]s_SECURE: browsers refuse the cookie.", c.setting)
	}
	isHost := strings.HasPrefix(strings.ToLower(c.name), "__host-")
	switch {
	case isHost && (!c.secure || c.domain != "" || c.path != "/"):
		r.faultf("cookie-prefix", fmt.Sprintf("Set %s_SECURE = True, %[1]s_DOMAIN = None and %[1]s_PATH = \"/\", or rename the "+
			"cookie.", c.setting),
			"Browsers refuse a cookie named %q unless it is secure, has no domain, and has the path \"/\".", c.name)
	case strings.HasPrefix(strings.ToLower(c.name), "__secure-") && !c.secure:
		r.faultf("cookie-prefix", fmt.Sprintf("Set %s_SECURE = True, or rename the cookie.", c.setting),
			"Browsers refuse a cookie named %q unless it is secure.", c.name)
	}
	domain := strings.ToLower(strings.TrimPrefix(c.domain, "."))
	switch {
	case domain == "":
	case !strings.Contains(domain, ".") || net.ParseIP(domain) != nil:
		r.faultf("cookie-domain", fmt.Sprintf("Set %s_DOMAIN to a domain such as \"example.com\", or to None.", c.setting),
			"%s_DOMAIN is %q, which browsers refuse.", c.setting, c.domain)
	case !anyHostIn(d.hosts(), domain):
		r.faultf("cookie-domain", fmt.Sprintf("Correct %s_DOMAIN or ALLOWED_HOSTS.", c.setting),
			"No host of the site is in %s_DOMAIN, %q: browsers refuse the cookie.", c.setting, c.domain)
	}
}

// hosts returns the hosts of the site: that of its page, or else ALLOWED_HOSTS.
func (d *Deployment) hosts() []string {
	if d.Page != nil {
		return []string{d.Page.Hostname()}
	}
	return d.Settings.AllowedHosts
}

// anyHostIn reports whether a host may be in a domain. A list that allows all hosts may.
func anyHostIn(names []string, domain string) bool {
	for _, h := range names {
		h = strings.ToLower(h)
		bare := strings.TrimPrefix(h, ".")
		if h == "*" || bare == domain || strings.HasSuffix(bare, "."+domain) || h != bare && strings.HasSuffix(domain, h) {
			return true
		}
	}
	return len(names) == 0
}

// proxy checks whether the settings agree about HTTPS.
func (d *Deployment) proxy(r *report) {
	s := &d.Settings
	header, value := s.SecureProxySSLHeader[0], s.SecureProxySSLHeader[1]
	https := d.Page != nil && d.Page.Scheme == "https"
	why := "SECURE_PROXY_SSL_HEADER is set, so the site is reached by HTTPS"
	if https {
		why = "The site is reached by HTTPS"
	}
	insecure := insecureCookies(s)
	if (header != "" || https) && len(insecure) > 0 {
		r.warnf("cookie-secure", "Set "+strings.Join(insecure, " and ")+" = True.",
			"%s, but %s is False: browsers also send the cookie without encryption.", why, strings.Join(insecure, " and "))
	}
	if d.Page != nil && !https && (s.SessionCookieSecure || s.CSRFCookieSecure) {
		r.faultf("cookie-secure", "Use HTTPS.", "The site is reached by HTTP, but its cookies are secure: browsers do not send them.")
	}
	switch {
	case header != "" && !strings.HasPrefix(header, "HTTP_"):
		r.faultf("proxy", `Write it like ("HTTP_X_FORWARDED_PROTO", "https").`,
			"SECURE_PROXY_SSL_HEADER is %q, which is not a name of request.META: Django takes all requests for HTTP, and refuses "+
				"the forms "+
				"of HTTPS pages.", header)
	case header != "" && !strings.Contains(value, "https") && !strings.EqualFold(value, "on"):
		r.warnf("proxy", `The value is usually "https".`, "SECURE_PROXY_SSL_HEADER has the value %q.", value)
	case header == "" && https:
		r.notef("proxy", "If a proxy ends TLS in front of Django, set SECURE_PROXY_SSL_HEADER, and let the proxy remove that "+
			"header from "+
			"requests. Services in Go need the same.",
			"The site is reached by HTTPS, and SECURE_PROXY_SSL_HEADER is not set: behind a proxy that ends TLS, Django takes "+
				"requests for HTTP.")
	}
	if d.Page != nil && !hostAllowed(s, d.Page.Host) {
		r.faultf("allowed-hosts", "Add the host to ALLOWED_HOSTS, and export the settings again.",
			"The host %q is not in ALLOWED_HOSTS: Django refuses its requests.", d.Page.Hostname())
	} else {
		r.okf("allowed-hosts", "ALLOWED_HOSTS has no contradiction.")
	}
}

func insecureCookies(s *djangosession.Settings) []string {
	var names []string
	if !s.SessionCookieSecure {
		names = append(names, "SESSION_COOKIE_SECURE")
	}
	if !s.CSRFCookieSecure && !s.CSRFUseSessions {
		names = append(names, "CSRF_COOKIE_SECURE")
	}
	return names
}

// hostAllowed reports whether Django accepts a Host header. Matches HttpRequest.get_host.
func hostAllowed(s *djangosession.Settings, host string) bool {
	domain, ok := hosts.Domain(host)
	rel, err := release.Parse(s.DjangoVersion)
	return ok && hosts.Matches(domain, hosts.Allowed(s.AllowedHosts, s.Debug, err != nil || rel.AllowsSubdomainsOfLocalhost()))
}

// origins checks CSRF_TRUSTED_ORIGINS.
func (d *Deployment) origins(r *report) {
	const check = "csrf-origins"
	s := &d.Settings
	site, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return
	}
	for _, origin := range s.CSRFTrustedOrigins {
		scheme, host, isOrigin := strings.Cut(origin, "://")
		switch {
		case site.AtLeast(4, 0, 0) && !isOrigin:
			r.faultf(check, fmt.Sprintf("Write it with its scheme: \"https://%s\".", strings.TrimPrefix(origin, ".")),
				"CSRF_TRUSTED_ORIGINS contains %q, which has no scheme: it has no effect since Django 4.0, and forms from there are "+
					"refused.", origin)
		case !site.AtLeast(4, 0, 0) && isOrigin:
			r.faultf(check, "Write only the host: Django before 4.0 compares hosts.", "CSRF_TRUSTED_ORIGINS contains %q, which has "+
				"a scheme: "+
				"Django %s never finds it equal to a host.", origin, s.DjangoVersion)
		case host == "*." && isOrigin: // a browser can write each host with a dot at its end
			r.faultf(check, "Name the hosts.", "CSRF_TRUSTED_ORIGINS contains %q, which trusts forms from every site.", origin)
		case strings.Trim(host, "*.") == "" && isOrigin:
			r.faultf(check, "Name the hosts.", "CSRF_TRUSTED_ORIGINS contains %q, which matches no site: Django has no pattern for "+
				"all sites, and refuses the forms of other sites.", origin)
		case scheme == "http" && s.SessionCookieSecure:
			r.warnf(check, "Write it with https.", "CSRF_TRUSTED_ORIGINS contains %q, and the site uses HTTPS: anyone who controls "+
				"a network can send forms from there.", origin)
		}
		if u, err := url.Parse(origin); isOrigin && (err != nil || u.Path != "" && u.Path != "/") {
			r.warnf(check, "Write only scheme, host and port.", "CSRF_TRUSTED_ORIGINS contains %q, which has a path.", origin)
		}
	}
}
