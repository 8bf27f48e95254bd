package csrf

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/pyurl"
)

func testProtection(t testing.TB, release string, change func(*djangosession.Settings)) *Protection {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "k")
	if err != nil {
		t.Fatal(err)
	}
	s.AllowedHosts = []string{".example.com"}
	if change != nil {
		change(&s)
	}
	p, err := New(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The live tests next to Django run many more cases; these show the purpose of each rule.
func TestWhereAFormMayComeFrom(t *testing.T) {
	t.Parallel()
	trust := func(s *djangosession.Settings) {
		s.CSRFTrustedOrigins = []string{"https://shop.test", "https://*.trusted.test", "http://*.plain.test"}
	}
	for _, c := range []struct {
		name, scheme, host string
		header             [2]string
		change             func(*djangosession.Settings)
		port               string // Options.ServerPort
		want               Reason
	}{
		{name: "own origin", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "http://www.example.com"}},
		{name: "own origin with a port", scheme: "https", host: "www.example.com:8443", header: [2]string{"Origin", "https://www.example.com:8443"}},
		{name: "other port", scheme: "https", host: "www.example.com", header: [2]string{"Origin", "https://www.example.com:8443"}, want: BadOrigin},
		{name: "other scheme", scheme: "https", host: "www.example.com", header: [2]string{"Origin", "http://www.example.com"}, want: BadOrigin},
		{name: "capitals", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "http://WWW.example.com"}, want: BadOrigin},
		{name: "subdomain that is not trusted", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "http://a.www.example.com"}, want: BadOrigin},
		{name: "null", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "null"}, change: trust, want: BadOrigin},
		{name: "empty", scheme: "http", host: "www.example.com", header: [2]string{"Origin", ""}, change: trust, want: BadOrigin},
		{name: "trusted", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "https://shop.test"}, change: trust},
		{name: "trusted by a star", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "https://a.b.trusted.test"}, change: trust},
		{name: "apex of a star", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "https://trusted.test"}, change: trust},
		{name: "longer name", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "https://nottrusted.test"}, change: trust, want: BadOrigin},
		{name: "star of another scheme", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "http://a.trusted.test"}, change: trust, want: BadOrigin},
		{name: "trusted in the query", scheme: "http", host: "www.example.com", header: [2]string{"Origin", "https://evil.test?.trusted.test"}, change: trust, want: BadOrigin},
		{name: "trusted, after a backslash", scheme: "http", host: "www.example.com", header: [2]string{"Origin", `https://evil.test\.trusted.test`}, change: trust},
		{name: "host that is not allowed", scheme: "http", host: "evil.test", header: [2]string{"Origin", "http://evil.test"}, want: BadOrigin},
		{name: "invalid host", scheme: "http", host: "www.example.com/", header: [2]string{"Origin", "http://www.example.com/"}, want: BadOrigin},
		{name: "no host", scheme: "http", host: "", header: [2]string{"Origin", "http://"}, want: BadOrigin},

		{name: "HTTP needs no Referer", scheme: "http", host: "www.example.com"},
		{name: "HTTPS needs one", scheme: "https", host: "www.example.com", want: NoReferer},
		{name: "own page", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://www.example.com/a?b"}},
		{name: "own page by HTTP", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "http://www.example.com/"}, want: InsecureReferer},
		{name: "page of another site", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://evil.test/www.example.com"}, want: BadReferer},
		{name: "user name", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://www.example.com@evil.test/"}, want: BadReferer},
		{name: "not a URL", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "www.example.com"}, want: MalformedReferer},
		{name: "bracket", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://[evil].trusted.test/"}, change: trust, want: MalformedReferer},
		{name: "trusted, with any scheme", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://x.plain.test/"}, change: trust},
		{name: "domain of the cookie", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://a.example.com/"}, change: func(s *djangosession.Settings) { s.CSRFCookieDomain = ".example.com" }},
		{name: "domain of the session cookie", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://a.example.com/"}, change: func(s *djangosession.Settings) {
			s.CSRFUseSessions, s.SessionCookieDomain = true, ".example.com"
		}},
		{name: "domain of the cookie, unused", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://a.example.com/"}, change: func(s *djangosession.Settings) {
			s.CSRFUseSessions, s.CSRFCookieDomain = true, ".example.com"
		}, want: BadReferer},
		{name: "domain of the cookie and a port", scheme: "https", host: "www.example.com", header: [2]string{"Referer", "https://a.example.com:8443/"}, port: "8443", change: func(s *djangosession.Settings) {
			s.CSRFCookieDomain = ".example.com"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := testProtection(t, "6.1", c.change)
			p.options.ServerPort = c.port
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
			r.Host = c.host
			if c.scheme == "https" {
				r.TLS = &tls.ConnectionState{}
			}
			if c.header[0] != "" {
				r.Header[c.header[0]] = []string{c.header[1]}
			}
			err := p.checkPage(meta{Request: r, Protection: p})
			got := Reason("")
			if refused, ok := errors.AsType[*Error](err); ok {
				got = refused.Reason
			}
			if got != c.want || (err == nil) != (got == "") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestBeforeDjango4OriginIsNotLookedAt(t *testing.T) {
	t.Parallel()
	p := testProtection(t, "3.2", func(s *djangosession.Settings) { s.CSRFTrustedOrigins = []string{".trusted.test"} })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://www.example.com/", http.NoBody)
	r.Header.Set("Origin", "https://evil.test")
	m := meta{Request: r, Protection: p}
	if err := p.checkPage(m); err != nil {
		t.Errorf("an Origin: %v", err)
	}
	r.TLS = &tls.ConnectionState{}
	r.Header.Set("Referer", "https://a.trusted.test/")
	if err := p.checkPage(m); err != nil {
		t.Errorf("a Referer from a trusted host: %v", err)
	}
}

func TestProxySaysWhatTheBrowserUsed(t *testing.T) {
	t.Parallel()
	proxied := func(s *djangosession.Settings) {
		s.SecureProxySSLHeader = [2]string{"HTTP_X_FORWARDED_PROTO", "https"}
		s.UseXForwardedHost, s.UseXForwardedPort = true, true
	}
	for _, c := range []struct {
		name, release string
		change        func(*djangosession.Settings)
		header        http.Header
		scheme, host  string
		port          string
	}{
		{"none", "6.1", nil, http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example.com"}}, "http", "www.example.com", "80"},
		{"all", "6.1", proxied, http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example.com"}, "X-Forwarded-Port": {"8443"}}, "https", "a.example.com", "8443"},
		{"nothing sent", "6.1", proxied, nil, "http", "www.example.com", "80"},
		{"two proxies", "6.1", proxied, http.Header{"X-Forwarded-Proto": {"https", "http"}}, "https", "www.example.com", "443"},
		{"two proxies, before 4.1", "4.0", proxied, http.Header{"X-Forwarded-Proto": {"https", "http"}}, "http", "www.example.com", "80"},
		{"host that is not allowed", "6.1", proxied, http.Header{"X-Forwarded-Host": {"evil.test"}}, "http", "", "80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := testProtection(t, c.release, c.change)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://www.example.com/", http.NoBody)
			r.Header = c.header
			m := meta{Request: r, Protection: p}
			host, ok := m.host()
			if m.scheme() != c.scheme || host != c.host || ok != (host != "") || m.port() != c.port {
				t.Errorf("got %s, %q %v, %s", m.scheme(), host, ok, m.port())
			}
		})
	}
}

func TestPortIsThatOfTheConnection(t *testing.T) {
	t.Parallel()
	p := testProtection(t, "6.1", nil)
	for _, c := range []struct {
		name, host string
		addr       net.Addr
		want       string
	}{
		{"TCP", "www.example.com:1", &net.TCPAddr{Port: 8000}, "8000"},
		{"Unix socket and a port in the header", "www.example.com:81", &net.UnixAddr{}, "81"},
		{"Unix socket", "www.example.com", &net.UnixAddr{}, "443"},
	} {
		r := httptest.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, c.addr), http.MethodPost, "/", http.NoBody)
		r.Host, r.TLS = c.host, &tls.ConnectionState{}
		if got := (meta{Request: r, Protection: p}).port(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzWhereAFormComesFrom(f *testing.F) {
	f.Add("https://a.trusted.test", "https://www.example.com/a;b?c#d", "www.example.com")
	f.Add("null", "//x", "[::1]:80")
	f.Add("https://[::1", "https://[v1.x]@[::1%a]", "a..:")
	f.Add("\x80https://\xff", ":", "\xff")
	p := testProtection(f, "4.2", func(s *djangosession.Settings) {
		s.CSRFTrustedOrigins = []string{"https://*.trusted.test", "https://shop.test"}
		s.UseXForwardedHost = true
	})
	f.Fuzz(func(t *testing.T, origin, referer, host string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		r.Host = host
		r.TLS = &tls.ConnectionState{}
		r.Header.Set("Referer", referer)
		m := meta{Request: r, Protection: p}
		if u, ok := pyurl.Split(pyurl.Latin1(referer)); ok {
			if again, ok := pyurl.Split(u.String()); u.Netloc != "" && u.Scheme != "" && (!ok || again.Netloc != u.Netloc || again.Scheme != u.Scheme) {
				t.Errorf("%q is %q, and that is %q", referer, u, again)
			}
		}
		for _, err := range []error{p.checkReferer(m), p.checkOrigin(m, pyurl.Latin1(origin))} {
			if err != nil && !utf8.ValidString(err.Error()) {
				t.Errorf("%q is no text", err)
			}
		}
		if p.checkOrigin(m, pyurl.Latin1(origin)) == nil && !strings.Contains(origin, "trusted.test") && origin != "https://shop.test" {
			if h, ok := m.host(); !ok || origin != "https://"+h || !strings.Contains(strings.ToLower(h), "example.com") {
				t.Errorf("%q is accepted at %q", origin, host)
			}
		}
	})
}

func FuzzForm(f *testing.F) {
	const parts = "multipart/form-data; boundary=b"
	f.Add("csrfmiddlewaretoken=a&b=%", formType)
	f.Add("--b\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\nx\r\n--b--", parts)
	f.Add("--b\r\ncontent-disposition: form-data; name*=utf-8''csrfmiddlewaretoken; filename*0=a; filename*1*=%20\r\n\r\nx--b", parts)
	f.Add("--b\r\nContent-Disposition: form-data; name=a; filename=\"..\"\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==\r\n--b--", parts+`; x="\"`)
	f.Add("%6", "APPLICATION/X-WWW-FORM-URLENCODED; charset=x")
	protections := []*Protection{
		testProtection(f, "3.2.25", nil), testProtection(f, "4.2.30", nil), testProtection(f, "5.2.19", nil), testProtection(f, "6.1.3", nil),
	}
	f.Fuzz(func(t *testing.T, body, contentType string) {
		for _, p := range protections {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
			r.Header["Content-Type"] = []string{contentType}
			s := &state{Protection: p}
			token, err := s.formToken(r)
			if err != nil && token != "" {
				t.Errorf("%q and %v", token, err)
			}
			if again, err := io.ReadAll(r.Body); err != nil || string(again) != body {
				t.Errorf("the body is %q afterwards, %v", again, err)
			}
			s.close()
		}
	})
}

func TestTrustedOriginsHaveASchemeAndAHost(t *testing.T) {
	t.Parallel()
	trusted, bad := newTrusted([]string{"https://[::1]:8000", "https://*.example.com"}, true)
	if bad != "" || len(trusted.exact) != 1 || trusted.exact[0] != "https://[::1]:8000" {
		t.Errorf("trusted: %+v, refused: %q", trusted, bad)
	}
	for _, entry := range []string{"", "*", "example.com", "https:example.com", "https://[::1", "https:/example.com"} {
		if _, bad := newTrusted([]string{"https://good.test", entry}, true); bad != entry {
			t.Errorf("%q is taken for an origin", entry)
		}
	}
}
