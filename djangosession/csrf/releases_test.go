package csrf_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// outcome is the result of a request: the status, Django's text for a refusal, and the
// length of the cookie sent.
type outcome struct {
	status int
	text   string
	cookie int
}

// The results are those of Django 2.0.13, 2.1.15, 3.2.25, 4.0.10, 4.1.13, 4.2.30, 5.0.14,
// 5.2.19 and 6.1.3. Fixes between them are at the releases that Django's release notes
// name.
func TestRulesChangeWhereDjangoChangedThem(t *testing.T) {
	t.Parallel()
	const (
		form  = "csrfmiddlewaretoken=" + token1
		files = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nx\r\n"
		parts = files + files + "--b\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\n" + token1 + "\r\n--b--\r\n"

		incorrect = "CSRF token missing or incorrect."
	)
	masked := func(s *djangosession.Settings) { s.CSRFCookieMasked = true }
	for _, rule := range []struct {
		name          string
		method        string // "" is POST
		cookie        string // "" is the secret's, "-" is no cookie
		contentType   string // "" is that of a form
		body          string
		header        [2]string
		secure        bool
		withToken     bool // the page contains a form
		change        func(*djangosession.Settings)
		before, after outcome
		from, until   string // last release before the change, and first one with it
	}{
		{
			name: "Origin", body: form, header: [2]string{"Origin", "https://evil.test"}, from: "3.2.25", until: "4.0",
			before: outcome{status: 200}, after: outcome{403, "Origin checking failed - https://evil.test does not match any trusted origins.", 64},
		},
		{
			name: "Origin, after masked cookies were dropped", body: form, header: [2]string{"Origin", "https://evil.test"}, from: "4.0.10", until: "4.1",
			before: outcome{403, "Origin checking failed - https://evil.test does not match any trusted origins.", 64},
			after:  outcome{403, "Origin checking failed - https://evil.test does not match any trusted origins.", 0},
		},
		{name: "no token", from: "3.2.25", until: "4.0", before: outcome{403, incorrect, 0}, after: outcome{403, "CSRF token missing.", 64}},
		{name: "bad token", body: "csrfmiddlewaretoken=x", from: "3.2.25", until: "4.0", before: outcome{403, incorrect, 0}, after: outcome{403, "CSRF token from POST has incorrect length.", 64}},
		{name: "first page", method: "GET", cookie: "-", withToken: true, from: "4.0.10", until: "4.1", before: outcome{200, "", 64}, after: outcome{200, "", 32}},
		{name: "unmasked cookie", method: "GET", from: "3.2.25", until: "4.0", before: outcome{200, "", 0}, after: outcome{200, "", 64}},
		{name: "unmasked cookie since", method: "GET", from: "4.0.10", until: "4.1", before: outcome{200, "", 64}, after: outcome{200, "", 0}},
		{name: "unmasked cookie and a form", method: "GET", withToken: true, from: "4.0.10", until: "4.1", before: outcome{200, "", 64}, after: outcome{200, "", 32}},
		{name: "masked cookie and a form", method: "GET", cookie: token1, withToken: true, from: "4.0.10", until: "4.1", before: outcome{200, "", 64}, after: outcome{200, "", 32}},
		{name: "bad cookie", method: "GET", cookie: "bad", from: "3.2.25", until: "4.0", before: outcome{200, "", 0}, after: outcome{200, "", 64}},
		{name: "bad cookie since", method: "GET", cookie: "bad", from: "4.0.10", until: "4.1", before: outcome{200, "", 64}, after: outcome{200, "", 32}},
		{name: "CSRF_COOKIE_MASKED before", method: "GET", cookie: "-", withToken: true, change: masked, from: "4.0", until: "4.1", before: outcome{200, "", 64}, after: outcome{200, "", 64}},
		{name: "CSRF_COOKIE_MASKED", method: "GET", cookie: "-", withToken: true, change: masked, from: "4.2.30", until: "5.0", before: outcome{200, "", 64}, after: outcome{200, "", 32}},
		{
			name: "several proxies", body: form, header: [2]string{"X-Forwarded-Proto", "https, http"}, from: "4.0.10", until: "4.1",
			change: func(s *djangosession.Settings) { s.SecureProxySSLHeader = [2]string{"HTTP_X_FORWARDED_PROTO", "https"} },
			before: outcome{200, "", 64}, after: outcome{403, "Referer checking failed - no Referer.", 0},
		},
		{
			name: "empty parameters of a Referer", body: form, header: [2]string{"Referer", "https://evil.test/a;"}, secure: true, from: "5.1.15", until: "5.2",
			before: outcome{403, "Referer checking failed - https://evil.test/a does not match any trusted origins.", 0},
			after:  outcome{403, "Referer checking failed - https://evil.test/a; does not match any trusted origins.", 0},
		},
		{
			name: "type in uppercase", body: form, contentType: "APPLICATION/X-WWW-FORM-URLENCODED", from: "4.1.13", until: "4.2",
			before: outcome{403, "CSRF token missing.", 0}, after: outcome{200, "", 0},
		},
		{
			name: "another charset", body: form, contentType: "application/x-www-form-urlencoded; charset=latin-1", from: "4.2.30", until: "5.0",
			before: outcome{200, "", 0}, after: outcome{400, "", 0},
		},
		{
			name: "many files, 3.2", body: parts, contentType: "multipart/form-data; boundary=b", from: "3.2.17", until: "3.2.18",
			change: func(s *djangosession.Settings) { s.DataUploadMaxNumberFiles = 1 }, before: outcome{200, "", 0}, after: outcome{400, "", 0},
		},
		{
			name: "many files, 4.0", body: parts, contentType: "multipart/form-data; boundary=b", from: "4.0.9", until: "4.0.10",
			change: func(s *djangosession.Settings) { s.DataUploadMaxNumberFiles = 1 }, before: outcome{200, "", 64}, after: outcome{400, "", 64},
		},
		{
			name: "many files, at the first of 4.0", body: parts, contentType: "multipart/form-data; boundary=b", from: "4.0", until: "4.0.10",
			change: func(s *djangosession.Settings) { s.DataUploadMaxNumberFiles = 1 }, before: outcome{200, "", 64}, after: outcome{400, "", 64},
		},
		{
			name: "many files, at the first of 4.1", body: parts, contentType: "multipart/form-data; boundary=b", from: "4.1", until: "4.2",
			change: func(s *djangosession.Settings) { s.DataUploadMaxNumberFiles = 1 }, before: outcome{200, "", 0}, after: outcome{400, "", 0},
		},
		{
			name: "many files, 4.1", body: parts, contentType: "multipart/form-data; boundary=b", from: "4.1.6", until: "4.1.7",
			change: func(s *djangosession.Settings) { s.DataUploadMaxNumberFiles = 1 }, before: outcome{200, "", 0}, after: outcome{400, "", 0},
		},
	} {
		for release, want := range map[string]outcome{rule.from: rule.before, rule.until: rule.after} {
			s := newSite(t, release, rule.change)
			method, contentType, cookie := rule.method, rule.contentType, rule.cookie
			if method == "" {
				method = http.MethodPost
			}
			if contentType == "" {
				contentType = "application/x-www-form-urlencoded"
			}
			if cookie == "" {
				cookie = secret
			}
			r := httptest.NewRequestWithContext(t.Context(), method, "http://example.com/", strings.NewReader(rule.body))
			r.Header.Set("Content-Type", contentType)
			if cookie != "-" {
				r.Header.Set("Cookie", "csrftoken="+cookie)
			}
			if rule.header[0] != "" {
				r.Header.Set(rule.header[0], rule.header[1])
			}
			if rule.secure {
				r.TLS = &tls.ConnectionState{}
			}
			handler := http.HandlerFunc(fine)
			if rule.withToken {
				handler = withToken
			}
			res := s.serve(r, handler)
			_, value := csrfCookie(res)
			got := outcome{res.Code, want.text, len(value)}
			if log := s.log.String(); want.text != "" && !strings.Contains(log, `detail="`+want.text+`"`) || want.status == 200 && log != "" {
				got.text = log
			}
			if got != want {
				t.Errorf("%s: Django %s: %+v, want %+v", rule.name, release, got, want)
			}
		}
	}
}

// As in Django 2.1.15, 3.2.25, 4.0.10, 4.1.13 and 6.1.3.
func TestSecretsOfSessionsByRelease(t *testing.T) {
	t.Parallel()
	const incorrect = "CSRF token missing or incorrect."
	exclamations := strings.Repeat("!", 32)
	for _, c := range []struct {
		name   string
		stored any
		page   map[string]int // status of a page with a form, by release
		post   map[string]int // status of that form
		kept   string         // stored by 6.1 afterwards, if different
	}{
		{name: "a secret", stored: secret, page: map[string]int{"4.0": 200, "4.1": 200}, post: map[string]int{"3.2": 403, "4.0": 403, "4.1": 200, "6.1": 200}},
		{name: "a token", stored: token1, page: map[string]int{"4.0": 200, "4.1": 200}, post: map[string]int{"3.2": 200, "4.0": 200, "4.1": 200, "6.1": 200}, kept: secret},
		{name: "one character", stored: "x", page: map[string]int{"3.2": 200, "4.0": 200, "4.1": 200}, post: map[string]int{"3.2": 403, "4.0": 403, "4.1": 403}},
		{name: "forty characters", stored: strings.Repeat("a", 40), page: map[string]int{"3.2": 200, "4.0": 200, "4.1": 200}, post: map[string]int{"3.2": 403, "4.0": 403, "4.1": 403}},
		{name: "nothing", stored: "", page: map[string]int{"3.2": 200, "4.0": 200, "4.1": 200}, post: map[string]int{"3.2": 403, "4.0": 403, "4.1": 403}},
		{name: "other characters", stored: exclamations, page: map[string]int{"3.2": 200, "4.0": 200, "4.1": 500, "6.1": 500}, post: map[string]int{"3.2": 403, "4.0": 403, "4.1": 403, "6.1": 403}},
		{name: "another character at the end", stored: secret[1:] + "!", page: map[string]int{"4.0": 200, "4.1": 500}, post: map[string]int{"4.0": 403, "4.1": 403}},
		{name: "a token of other characters", stored: exclamations + exclamations, page: map[string]int{"3.2": 500, "4.0": 500, "4.1": 500}, post: map[string]int{"3.2": 500, "4.0": 500, "4.1": 500}},
		{name: "a token with another mask", stored: exclamations + token1[32:], page: map[string]int{"4.1": 500}, post: map[string]int{"4.1": 500}},
		{name: "a token of another secret's characters", stored: token1[:32] + exclamations, page: map[string]int{"4.1": 500}, post: map[string]int{"4.1": 500}},
		{name: "a number", stored: 7, page: map[string]int{"4.0": 500, "4.1": 500}, post: map[string]int{"4.0": 500, "4.1": 500}},
	} {
		inSession := func(set *djangosession.Settings) { set.CSRFUseSessions = true }
		for release, want := range c.page {
			s := newSite(t, release, inSession)
			cookie := s.visitor(c.stored)
			if res := s.serve(page(t, cookie), http.HandlerFunc(withToken)); res.Code != want {
				t.Errorf("%s: Django %s: the page's status is %d, want %d", c.name, release, res.Code, want)
			}
			kept, _ := c.stored.(string)
			if c.kept != "" && release >= "4.1" {
				kept = c.kept
			}
			if got := s.stored(cookie); got != kept {
				t.Errorf("%s: Django %s: %q is stored after the page, want %q", c.name, release, got, kept)
			}
		}
		for release, want := range c.post {
			s := newSite(t, release, inSession)
			res := s.serve(post(t, s.visitor(c.stored), map[string][]string{"csrfmiddlewaretoken": {token2}}), http.HandlerFunc(fine))
			said := incorrect
			if release >= "4.0" {
				said = "CSRF token from POST incorrect."
			}
			if log := s.log.String(); res.Code != want || want == 403 && !strings.Contains(log, said) {
				t.Errorf("%s: Django %s: status %d, want %d: %s", c.name, release, res.Code, want, log)
			}
		}
	}
}
