package csrf

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// hostOf returns the host of a request according to the site, "" if the site refuses it.
func hostOf(t *testing.T, p *Protection, host string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
	r.Host = host
	got, ok := (meta{Request: r, Protection: p}).host()
	if ok != (got != "") {
		t.Errorf("%q: %q, %v", host, got, ok)
	}
	return got
}

// As in Django 2.1.15 and all releases from 3.2.25 to 6.1.3.
func TestHostsWhileDebugging(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, release string
		debug         bool
		allowed       []string
		hosts         map[string]bool
	}{
		{name: "debugging", release: "6.1", debug: true, hosts: map[string]bool{
			"localhost": true, "LOCALHOST": true, "localhost.": true, "a.localhost": true, ".localhost": true, "localhost:8000": true,
			"127.0.0.1": true, "[::1]": true, "[::1]:80": true, "127.0.0.2": false, "alocalhost": false, "example.com": false,
		}},
		{name: "debugging before 3.1", release: "3.0", debug: true, hosts: map[string]bool{
			"localhost": true, "LOCALHOST": true, "localhost.": true, "a.localhost": false, ".localhost": false,
			"127.0.0.1": true, "[::1]": true, "example.com": false,
		}},
		{name: "debugging, since 3.1", release: "3.1", debug: true, hosts: map[string]bool{"localhost": true, "a.localhost": true}},
		{name: "live", release: "6.1", hosts: map[string]bool{"localhost": false, "127.0.0.1": false, "[::1]": false}},
		{name: "debugging with hosts", release: "6.1", debug: true, allowed: []string{"example.com"}, hosts: map[string]bool{
			"localhost": false, "127.0.0.1": false, "example.com": true,
		}},
		{name: "live with hosts", release: "6.1", allowed: []string{"example.com"}, hosts: map[string]bool{
			"localhost": false, "example.com": true, "www.example.com": false,
		}},
	} {
		p := testProtection(t, c.release, func(s *djangosession.Settings) { s.Debug, s.AllowedHosts = c.debug, c.allowed })
		for host, want := range c.hosts {
			if got := hostOf(t, p, host); (got == host) != want {
				t.Errorf("%s: %q: got %q, want %v", c.name, host, got, want)
			}
		}
	}
}

// As in Django 6.1.3.
func TestPatternsOfAllowedHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, host string
		allowed    []string
		want       bool
	}{
		{name: "all", allowed: []string{"*"}, host: "any.test", want: true},
		{name: "the same", allowed: []string{"a.test"}, host: "a.test", want: true},
		{name: "uppercase pattern", allowed: []string{"A.Test"}, host: "a.test", want: true},
		{name: "uppercase host", allowed: []string{"a.test"}, host: "A.TEST:80", want: true},
		{name: "domain", allowed: []string{".a.test"}, host: "b.a.test", want: true},
		{name: "apex of a domain", allowed: []string{".a.test"}, host: "a.test", want: true},
		{name: "longer name than the domain", allowed: []string{".a.test"}, host: "ba.test"},
		{name: "subdomain", allowed: []string{"a.test"}, host: "b.a.test"},
		{name: "shorter name", allowed: []string{"b.a.test"}, host: "a.test"},
		{name: "empty pattern", allowed: []string{""}, host: "a.test"},
		{name: "empty pattern before another", allowed: []string{"", "a.test"}, host: "a.test", want: true},
		{name: "pattern outside of ASCII", allowed: []string{"é.test"}, host: "a.test"},
		{name: "such a pattern before another", allowed: []string{"é.test", ".é.test", "a.test"}, host: "a.test", want: true},
		{name: "such a host", allowed: []string{"*"}, host: "é.test"},
		{name: "dot at the end", allowed: []string{"a.test"}, host: "a.test.", want: true},
		{name: "two dots at the end", allowed: []string{"a.test"}, host: "a.test.."},
		{name: "dot alone", allowed: []string{"*"}, host: "."},
		{name: "no host", allowed: []string{"*"}, host: ""},
		{name: "port alone", allowed: []string{"*"}, host: ":80"},
		{name: "two ports", allowed: []string{"*"}, host: "a.test:80:80"},
		{name: "path", allowed: []string{"*"}, host: "a.test/b"},
		{name: "user", allowed: []string{"*"}, host: "a@b.test"},
		{name: "underscore", allowed: []string{"*"}, host: "a_b.test"},
		{name: "address", allowed: []string{"[::1]"}, host: "[::1]:8000", want: true},
		{name: "other address", allowed: []string{"[::1]"}, host: "[::2]"},
		{name: "line end", allowed: []string{"*"}, host: "a.test\n"},
	} {
		p := testProtection(t, "6.1", func(s *djangosession.Settings) { s.AllowedHosts = c.allowed })
		if got := hostOf(t, p, c.host); (got != "") != c.want {
			t.Errorf("%s: %q in %q: got %q", c.name, c.host, c.allowed, got)
		}
	}
}

// As in Django 4.0.10 and, without the spaces, all releases from 4.1.13 to 6.1.3.
func TestSpaceAroundWhatTheProxySays(t *testing.T) {
	t.Parallel()
	stripped := map[byte]bool{
		9: true, 10: true, 11: true, 12: true, 13: true, 14: false, 27: false, 28: true, 29: true, 30: true, 31: true, 32: true, 33: false,
		0x84: false, 0x85: true, 0x86: false, 0x9f: false, 0xa0: true, 0xa1: false,
	}
	for release, strips := range map[string]bool{"4.0": false, "4.1": true, "6.1": true} {
		p := testProtection(t, release, func(s *djangosession.Settings) { s.SecureProxySSLHeader = [2]string{"HTTP_X_FORWARDED_PROTO", "https"} })
		for c, want := range stripped {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://www.example.com/", http.NoBody)
			r.Header["X-Forwarded-Proto"] = []string{string([]byte{c}) + "https" + string([]byte{c})}
			if got := (meta{Request: r, Protection: p}).secure(); got != (want && strips) {
				t.Errorf("%s: byte %#x around the value: secure is %v", release, c, got)
			}
		}
	}
}

func TestProxyHeaderDecidesWhereItIsSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		header http.Header
		tls    bool
		want   bool
	}{
		{name: "HTTPS, and the proxy says HTTP", header: http.Header{"X-Forwarded-Proto": {"http"}}, tls: true},
		{name: "HTTP, and the proxy says HTTPS", header: http.Header{"X-Forwarded-Proto": {"https"}}, want: true},
		{name: "HTTPS, and the proxy says nothing", tls: true, want: true},
		{name: "HTTPS, and the proxy sends no value", header: http.Header{"X-Forwarded-Proto": {}}, tls: true, want: true},
		{name: "HTTP, and the proxy says nothing"},
		{name: "HTTPS, and the proxy sends an empty value", header: http.Header{"X-Forwarded-Proto": {""}}, tls: true},
		{name: "capitals", header: http.Header{"X-Forwarded-Proto": {"HTTPS"}}},
	} {
		p := testProtection(t, "6.1", func(s *djangosession.Settings) { s.SecureProxySSLHeader = [2]string{"HTTP_X_FORWARDED_PROTO", "https"} })
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		r.Header = c.header
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := (meta{Request: r, Protection: p}).secure(); got != c.want {
			t.Errorf("%s: secure is %v", c.name, got)
		}
	}
}

// A key of META is HTTP_ followed by the header's name in uppercase with underscores.
// Only the content type has no prefix.
func TestKeysOfMetaNameHeaders(t *testing.T) {
	t.Parallel()
	p := testProtection(t, "6.1", nil)
	for key, want := range map[string]string{
		"HTTP_X_CSRFTOKEN": "token", "CONTENT_TYPE": "type", "HTTP_X": "x", "HTTP_HTTP_X": "twice",
		"X_CSRFTOKEN": "", "HTTP_": "", "": "", "HTTP_x_csrftoken": "", "HTTP_X-CSRFTOKEN": "", "http_X_CSRFTOKEN": "", "REMOTE_ADDR": "",
		"HTTP_ABSENT": "",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		r.Header = http.Header{
			"X-Csrftoken": {"token"}, "Content-Type": {"type"}, "X": {"x"}, "Http-X": {"twice"}, "": {"empty"}, "Remote-Addr": {"address"},
			"X_csrftoken": {"small"},
		}
		got, ok := (meta{Request: r, Protection: p}).named(key)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", key, got, ok, want)
		}
	}
}

func TestHeadersAreReadAsWSGIServersReadThem(t *testing.T) {
	t.Parallel()
	p := testProtection(t, "6.1", nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
	r.Header = http.Header{"X-Two": {"a", "b"}, "X-Bytes": {"a\xff\x80é"}, "X-Byte": {"a\x80"}, "X-None": {}}
	m := meta{Request: r, Protection: p}
	for name, want := range map[string]string{"X-Two": "a,b", "X-Bytes": "a\u00ff\u0080\u00c3\u00a9", "X-Byte": "a\u0080"} {
		if got, ok := m.header(name); got != want || !ok {
			t.Errorf("%s: %q, %v, want %q", name, got, ok, want)
		}
	}
	if got, ok := m.header("X-None"); ok {
		t.Errorf("a header without values is %q", got)
	}
}

func TestPortOfTheRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, host, server string
		forwarded          bool
		header             http.Header
		addr               net.Addr
		secure             bool
		want               string
	}{
		{name: "forwarded", host: "a.test:1", server: "2", forwarded: true, header: http.Header{"X-Forwarded-Port": {"3"}}, want: "3"},
		{name: "forwarded, but not trusted", host: "a.test:1", server: "2", header: http.Header{"X-Forwarded-Port": {"3"}}, want: "2"},
		{name: "expected, but not forwarded", host: "a.test:1", server: "2", forwarded: true, want: "2"},
		{name: "of the connection", host: "a.test:1", addr: &net.TCPAddr{IP: net.IPv6loopback, Port: 4}, want: "4"},
		{name: "of the header", host: "a.test:1", want: "1"},
		{name: "of HTTP", host: "a.test", want: "80"},
		{name: "of HTTPS", host: "a.test", secure: true, want: "443"},
	} {
		p := testProtection(t, "6.1", func(s *djangosession.Settings) { s.UseXForwardedPort = c.forwarded })
		p.options.ServerPort = c.server
		ctx := t.Context()
		if c.addr != nil {
			ctx = context.WithValue(ctx, http.LocalAddrContextKey, c.addr)
		}
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
		r.Host, r.Header = c.host, c.header
		if c.secure {
			r.TLS = &tls.ConnectionState{}
		}
		if got := (meta{Request: r, Protection: p}).port(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
