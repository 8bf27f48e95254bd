package compat_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestForwardAuthentication puts real proxies, with the configurations in
// examples/forward-auth, before a service that knows only the headers of the user.
func TestForwardAuthentication(t *testing.T) { //nolint:tparallel // the proxies share a folder
	t.Parallel()
	s := newGuardedSite(t)
	for _, proxy := range []string{"nginx", "caddy", "traefik", "envoy"} {
		t.Run(proxy, func(t *testing.T) {
			address := s.front(proxy)
			t.Run("logins", func(t *testing.T) { forwardsLogins(t, s, address) })
			t.Run("cookies that are no login", func(t *testing.T) { refusesCookies(t, s, address) })
			t.Run("smuggled headers", func(t *testing.T) { refusesHeaders(t, s, address) })
			t.Run("ambiguous paths", func(t *testing.T) { refusesPaths(t, s, address) })
		})
	}
	t.Run("a user who is deactivated", func(t *testing.T) {
		address := s.front("nginx")
		cookie := "Cookie: sessionid=" + s.sessions["leaving"]
		if got := s.send(address, "GET /reports/internal/ HTTP/1.1", cookie); got.user() != "leaving" {
			t.Errorf("before: status %d, user %q", got.status, got.user())
		}
		s.deactivate("leaving")
		if got := s.send(address, "GET /reports/internal/ HTTP/1.1", cookie); got.status != http.StatusFound {
			t.Errorf("after: status %d, user %q", got.status, got.user())
		}
	})
}

func forwardsLogins(t *testing.T, s *guardedSite, address string) {
	for name, test := range map[string]struct {
		path, session, user string
		status              int
		location            string
	}{
		"user":              {path: "/reports/", session: "ada", status: 200, user: "ada"},
		"query":             {path: "/reports/?anonymous&staff=1", session: "ada", status: 200, user: "ada"},
		"user beyond ASCII": {path: "/reports/", session: "umlaut", status: 200, user: "Zoë,\u2028 50%"},
		"staff":             {path: "/reports/internal/a", session: "grace", status: 200, user: "grace"},
		"no staff":          {path: "/reports/internal/a", session: "ada", status: 403},
		"no group":          {path: "/reports/orders/", session: "grace", status: 403},
		"no permission":     {path: "/reports/orders/", session: "ada", status: 403},
		"no login":          {path: "/reports/a%20b?c=1&d", status: 302, location: "/login/?next=/reports/a%2520b%3Fc%3D1%26d"},
		"no login, staff":   {path: "/reports/internal/", status: 302, location: "/login/?next=/reports/internal/"},
		"both must hold":    {path: "/reports/public/", status: 302, location: "/login/?next=/reports/public/"},
		"the query of the client is no requirement": {path: "/reports/?/auth/nginx/anonymous", status: 302, location: "*"},
		"Django": {path: "/login/", status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if test.session != "" {
				headers = append(headers, "Cookie: a=b; sessionid="+s.sessions[test.session])
			}
			got := s.send(address, "GET "+test.path+" HTTP/1.1", headers...)
			location := strings.TrimPrefix(got.location, "http://localhost:"+portOf(address))
			if test.location == "*" {
				location = "*"
			}
			if got.status != test.status || got.user() != test.user || location != test.location {
				t.Errorf("status %d, user %q, location %q; want %d, %q, %q", got.status, got.user(), location, test.status, test.user, test.location)
			}
		})
	}
}

func refusesCookies(t *testing.T, s *guardedSite, address string) {
	grace := s.sessions["grace"]
	for name, cookie := range map[string]string{
		"inactive":        s.sessions["inactive"],
		"expired":         s.sessions["expired"],
		"wrong hash":      s.sessions["wrong hash"],
		"wrong key":       s.sessions["wrong key"],
		"unknown backend": s.sessions["unknown backend"],
		"forged":          strings.Repeat("a", 32),
		"shortened":       grace[:31],
		"injection":       "' OR '1'='1",
		"longer":          grace + "a",
		"capitals":        strings.ToUpper(grace),
		"huge":            strings.Repeat("a", 4000),
		"duplicate":       grace + "; sessionid=" + strings.Repeat("b", 32), // Django takes the last one
	} {
		t.Run(name, func(t *testing.T) {
			got := s.send(address, "GET /reports/internal/ HTTP/1.1", "Cookie: sessionid="+cookie)
			// Django may be able to read a session with a wrong key that is newer than the
			// settings.
			if got.user() != "" || got.status != http.StatusFound && (name != "wrong key" || got.status < 500) {
				t.Errorf("status %d, user %q", got.status, got.user())
			}
		})
	}
	// Proxies join two headers, or the request is refused. Either way the last one counts.
	got := s.send(address, "GET /reports/internal/ HTTP/1.1", "Cookie: sessionid="+grace, "Cookie: sessionid="+strings.Repeat("b", 32))
	if got.status != http.StatusFound && got.status != http.StatusForbidden || got.user() != "" {
		t.Errorf("two headers: status %d, user %q", got.status, got.user())
	}
}

func refusesHeaders(t *testing.T, s *guardedSite, address string) {
	ada := "Cookie: sessionid=" + s.sessions["ada"]
	for _, header := range []string{
		"X-User-Name: grace", "x-user-name: grace", "X_User_Name: grace", "X-User_Name: grace", "x_user-name: grace",
		"X-User-Name: grace\r\nX-User-Name: grace", "X-User-Name:\tgrace", "X-User-Name: \r\nX_User_Name: grace",
		"Connection: close, X-User-Name", "X-User-Id: 2\r\nX-User-Staff: true", "X-Forwarded-User: grace",
		"X-Original-URI: /reports/public/", "X-Original-Method: OPTIONS", "X-Forwarded-Uri: /reports/public/", "X-Forwarded-Method: OPTIONS",
		"X-Forwarded-Host: evil.example", "X-Forwarded-Proto: evil", "X-Forwarded-Prefix: /evil", "X-Rewrite-Url: /reports/public/",
		"X-Envoy-Original-Path: /reports/public/", "X-Http-Method-Override: OPTIONS", "Forwarded: host=evil.example;proto=https",
	} {
		for _, path := range []string{"/reports/", "/reports/internal/"} {
			got := s.send(address, "GET "+path+" HTTP/1.1", ada, header)
			user := got.user()
			if user != "" && user != "ada" || path == "/reports/internal/" && got.status == http.StatusOK {
				t.Errorf("%q at %s: status %d, user %q", header, path, got.status, user)
			}
			got = s.send(address, "GET "+path+" HTTP/1.1", header)
			if got.status == http.StatusOK || got.user() != "" || strings.Contains(got.location, "evil") {
				t.Errorf("%q at %s without a login: status %d, user %q, location %s", header, path, got.status, got.user(), got.location)
			}
		}
	}
	for _, host := range []string{"evil.example", "localhost.evil.example", "evil.example:80@localhost", "localhost, evil.example", ""} {
		got := s.send(address, "GET /reports/ HTTP/1.1", "Host: "+host, ada)
		if got.user() != "" || strings.Contains(got.location, "evil") {
			t.Errorf("host %q: status %d, user %q, location %q", host, got.status, got.user(), got.location)
		}
	}
}

// refusesPaths checks that no spelling of a path reaches the internal reports.
func refusesPaths(t *testing.T, s *guardedSite, address string) {
	ada := "Cookie: sessionid=" + s.sessions["ada"]
	for _, target := range []string{
		"/reports/internal", "/reports/internal/", "/reports/Internal/", "/reports/INTERNAL", "/reports//internal/", "//reports/internal/",
		"/reports/./internal/", "/reports/x/../internal/", "/reports/x/%2e%2e/internal/", "/reports/x/.%2E/internal/", "/reports/%2e/internal/",
		"/reports%2finternal/", "/reports/%2finternal/", "/reports/x%2f..%2finternal/", "/reports/x%5c..%5cinternal/", `/reports\internal/`,
		`/reports/x\..\internal/`, "/reports/%69nternal/", "/reports/%2569nternal/", "/reports/%252e%252e/reports/internal/",
		"/reports/;x/internal/", "/reports/internal;x/", "/reports;x/internal/", "/reports/x;/../internal/", "/reports/..;/reports/internal/",
		"/reports/internal%00", "/reports/%00/../internal/", "/reports/internal%20/", "/reports/internal%3f/", "/reports/internal%23", "/reports/internal#",
		"/reports/\xefnternal/", "/reports/%c0%ae%c0%ae/reports/internal/", "/reports/public/../internal/", "/reports/public/%2e%2e/internal/",
		"/reports/x/..%2finternal/", "/reports/x%2f../internal/", "/reports/%u0069nternal/", "/reports/internal/%", "/reports/internal\x01/",
		"http://localhost/reports/internal/", "http://evil.example/reports/internal/", "http://localhost:" + portOf(address) + "/reports/x/../internal/",
		"/auth/nginx/anonymous", "/_auth/login", "/_auth/staff", "/@login",
	} {
		got := s.send(address, "GET "+target+" HTTP/1.1", ada)
		_, path, _ := strings.Cut(got.body, `<p id="path">`)
		path, _, _ = strings.Cut(path, "<")
		// The service must not get a path that it could read as internal.
		if got.user() != "" && strings.Contains(strings.ToLower(path), "internal") {
			t.Errorf("%q: status %d, user %q, path %q", target, got.status, got.user(), path)
		}
		if got := s.send(address, "GET "+target+" HTTP/1.1"); got.user() != "" {
			t.Errorf("%q without a login: status %d, user %q", target, got.status, got.user())
		}
	}
	for _, method := range []string{"POST", "HEAD", "OPTIONS", "PROPFIND", "get", "DELETE"} {
		got := s.send(address, method+" /reports/internal/ HTTP/1.1", ada, "Content-Length: 0")
		if got.status == http.StatusOK || got.user() != "" {
			t.Errorf("%s: status %d, user %q", method, got.status, got.user())
		}
	}
}
