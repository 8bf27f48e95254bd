package compat_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// csrfPeer starts a Django process that answers requests for csrf_peer.py.
func csrfPeer(t *testing.T, release string) *peer {
	t.Helper()
	return startPeer(t, release, map[string]any{
		"database":   map[string]any{"ENGINE": "django.db.backends.sqlite3", "NAME": filepath.Join(t.TempDir(), "db.sqlite3")},
		"SECRET_KEY": "k", "USE_TZ": true, "TIME_ZONE": "UTC",
	})
}

// ask has Django answer many questions at once.
func ask[Q, A any](t *testing.T, p *peer, what string, questions []Q) []A {
	t.Helper()
	data, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	var answers []A
	if err := json.Unmarshal([]byte(p.text(t, "csrf", map[string]any{"what": what, "cases": string(data)})), &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// csrfRandom makes requests: mostly nearly right ones, so that every rule decides some of
// them.
type csrfRandom struct {
	*rand.Rand
	release [2]int
	secret  string
}

func pick[T any](r csrfRandom, from ...T) T { return from[r.IntN(len(from))] }

func (r csrfRandom) chance(percent int) bool { return r.IntN(100) < percent }

func (r csrfRandom) chars(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = csrfMasked[r.IntN(len(csrfMasked))]
	}
	return string(b)
}

func (r csrfRandom) mask(secret string) string {
	m := r.chars(32)
	b := []byte(m)
	for i := range 32 {
		b = append(b, csrfMasked[(strings.IndexByte(csrfMasked, secret[i])+strings.IndexByte(csrfMasked, m[i]))%62])
	}
	return string(b)
}

// token is one that fits, or one that does not.
func (r csrfRandom) token() string {
	if r.chance(88) {
		return pick(r, r.secret, r.mask(r.secret), r.mask(r.secret))
	}
	return pick(r, "", "x", r.chars(32), r.chars(64), r.chars(31), r.chars(65), r.chars(31)+"-", r.chars(63)+"\xe9", r.secret+" ",
		strings.ToUpper(r.secret), r.chars(30)+"\xc3\xa9", `"`+r.secret+`"`)
}

// spoil changes a character now and then.
func (r csrfRandom) spoil(s string) string {
	if s == "" || r.chance(92) {
		return s
	}
	i := r.IntN(len(s))
	c := pick(r, "", ".", ":", "/", "\\", "@", "?", "#", "[", "]", "*", " ", "\t", "%2e", "E", "-", "_", "\xe9", "\x85", ";", "//", "www.", ":443", "null")
	return s[:i] + c + s[i+r.IntN(2):]
}

func (r csrfRandom) settings() map[string]any {
	s := map[string]any{
		"ALLOWED_HOSTS": pick(r, []string{".example.com"}, []string{".example.com"}, []string{".example.com"}, []string{".example.com"}, []string{"www.example.com", "[::1]", "localhost"}, []string{"*"},
			[]string{}, []string{".Example.COM", "127.0.0.1"}),
		"DEBUG":                         r.chance(30),
		"CSRF_USE_SESSIONS":             r.chance(40),
		"CSRF_COOKIE_DOMAIN":            pick[any](r, nil, nil, nil, ".example.com", "example.com", "Example.com"),
		"SESSION_COOKIE_DOMAIN":         pick[any](r, nil, nil, nil, ".example.com", "www.example.com"),
		"CSRF_COOKIE_NAME":              pick(r, "csrftoken", "csrftoken", "__Host-csrf"),
		"CSRF_COOKIE_AGE":               pick[any](r, 31449600, 31449600, 60, nil),
		"CSRF_COOKIE_PATH":              pick(r, "/", "/shop/"),
		"CSRF_COOKIE_SECURE":            r.chance(30),
		"CSRF_COOKIE_HTTPONLY":          r.chance(30),
		"CSRF_COOKIE_SAMESITE":          pick[any](r, "Lax", "Strict", "None", nil, false),
		"CSRF_HEADER_NAME":              pick(r, "HTTP_X_CSRFTOKEN", "HTTP_X_CSRFTOKEN", "HTTP_X_MY2TOKEN_B", "X-CSRFToken", "HTTP_X_csrf"),
		"SECURE_PROXY_SSL_HEADER":       pick[any](r, nil, nil, []string{"HTTP_X_FORWARDED_PROTO", "https"}, []string{"HTTP_X_SSL", "on"}),
		"USE_X_FORWARDED_HOST":          r.chance(30),
		"USE_X_FORWARDED_PORT":          r.chance(30),
		"DATA_UPLOAD_MAX_MEMORY_SIZE":   pick[any](r, 2621440, 2621440, 2621440, 120, nil),
		"DATA_UPLOAD_MAX_NUMBER_FIELDS": pick[any](r, 1000, 1000, 1000, 2, nil),
	}
	origins := []string{"https://shop.test", "http://shop.test:8080", "https://*.trusted.test", "http://*.plain.test", "https://*.x.test:8443"}
	if r.release[0] < 4 {
		origins = []string{"shop.test", "shop.test:8080", ".trusted.test", ".x.test:8443"}
	}
	r.Shuffle(len(origins), func(i, j int) { origins[i], origins[j] = origins[j], origins[i] })
	s["CSRF_TRUSTED_ORIGINS"] = origins[:r.IntN(len(origins)+1)]
	return s
}

func (r csrfRandom) host() string {
	return r.spoil(pick(r, "www.example.com", "www.example.com", "www.example.com", "www.example.com", "www.example.com", "www.example.com", "www.example.com:443", "example.com", "localhost:8000", "a.localhost",
		"evil.test", "www.example.com.", "WWW.example.com", "[::1]:8000", "127.0.0.1", "www.example.com:8443", "notexample.com"))
}

func (r csrfRandom) origin(host, scheme string) string {
	if r.chance(75) {
		return r.spoil(scheme + "://" + host)
	}
	return r.spoil(pick(r, "null", "", "https://shop.test", "http://shop.test", "http://shop.test:8080", "https://a.trusted.test", "https://trusted.test",
		"http://a.trusted.test", "https://nottrusted.test", "http://x.plain.test", "https://a.x.test:8443", "https://a.x.test", "https://evil.test",
		"HTTPS://a.trusted.test", "https://a.trusted.test/", "https://user@a.trusted.test", "https://[::1]", "https://evil.test?.trusted.test",
		"https://www.example.com", "https://[::1].trusted.test", "//a.trusted.test", "https://a.trusted.test:443", "https:\\\\a.trusted.test"))
}

func (r csrfRandom) referer(host, scheme string) string {
	return r.origin(host, scheme) + r.spoil(pick(r, "", "/", "/page?x=1#y", "/a;b", "/a;", "?q", "#", "\\@evil.test/", "//x"))
}

// body returns a form, and its content type.
func (r csrfRandom) body() (body, contentType string) {
	token := r.token()
	field := pick(r, "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoke%6e", "other", "csrf+middlewaretoken")
	if r.chance(25) {
		const boundary = "xYzZY"
		var b strings.Builder
		for range 1 + r.IntN(3) {
			name := pick(r, "csrfmiddlewaretoken", "csrfmiddlewaretoken", "other")
			file := pick(r, "", "", "", `; filename="a.txt"`)
			fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n", boundary, name, file, pick(r, token, token, r.token()))
		}
		b.WriteString("--" + boundary + "--\r\n")
		return b.String(), pick(r, "multipart/form-data; boundary="+boundary, "multipart/form-data; boundary="+boundary, "Multipart/Form-Data; boundary=\""+boundary+"\"",
			"multipart/form-data", "multipart/mixed; boundary="+boundary)
	}
	pairs := []string{field + "=" + url.QueryEscape(token)}
	for range r.IntN(5) / 2 {
		pairs = append(pairs, pick(r, "a=b", "x", "", "csrfmiddlewaretoken="+r.token(), "a=b;csrfmiddlewaretoken="+r.token(), "%=%zz&%4", "a="+r.chars(60), "\xff=\xe9"))
	}
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	form := "application/x-www-form-urlencoded"
	return strings.Join(pairs, "&"), pick(r, form, form, form, form, form, form, form, form, form+"; charset=utf-8", form+"; charset=UTF-8", form+";charset=latin-1", "APPLICATION/x-www-form-urlencoded",
		"text/plain", "application/json", form+"; charset=utf8", "")
}

func (r csrfRandom) request() csrfCase {
	r.secret = r.chars(32)
	c := csrfCase{
		Settings: r.settings(),
		Method:   pick(r, "POST", "POST", "POST", "POST", "POST", "POST", "POST", "POST", "POST", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "QUERY"),
		Secure:   r.chance(50), Port: pick(r, "443", "80", "8443", "8000"), Exempt: r.chance(5), Broken: r.chance(4),
		Headers: [][2]string{}, Calls: []string{},
	}
	host, scheme := r.host(), "http"
	if c.Secure {
		scheme = "https"
	}
	add := func(percent int, name, value string) {
		if r.chance(percent) {
			c.Headers = append(c.Headers, [2]string{name, latin1Text(strings.Trim(value, " \t"))})
		}
	}
	add(100, "Host", host)
	add(30, "X-Forwarded-Host", r.host())
	add(30, "X-Forwarded-Port", pick(r, "443", "80", "8443", ""))
	add(50, "X-Forwarded-Proto", pick(r, "https", "https", "http", "https, http", "http,https", "\xa0https", "HTTPS", ""))
	add(20, "X-SSL", pick(r, "on", "off"))
	add(35, "Origin", r.origin(host, scheme))
	add(2, "Origin", r.origin(host, scheme))
	add(80, "Referer", r.referer(host, scheme))
	add(40, pick(r, "X-CSRFToken", "X-CSRFToken", "X-MY2TOKEN-B", "X-Csrf"), r.token())
	add(2, "X-CSRFToken", r.token())
	name, _ := c.Settings["CSRF_COOKIE_NAME"].(string)
	add(95, "Cookie", strings.Join([]string{pick(r, "", "a=b; ", name+"="+r.token()+"; ", ";;=; "), name, pick(r, "=", "=", "=", " = "), r.token(), pick(r, "", "; b=c", ";"+name)}, ""))
	if r.chance(93) {
		body, contentType := r.body()
		c.Body = latin1Text(body)
		add(97, "Content-Type", contentType)
	}
	if use, _ := c.Settings["CSRF_USE_SESSIONS"].(bool); use && r.chance(95) {
		stored := pick(r, r.secret, r.mask(r.secret), r.mask(r.secret), r.chars(64), "", r.chars(10))
		c.Session = &stored
	}
	for range r.IntN(4) {
		calls := []string{"get_token", "get_token", "rotate_token"}
		if c.Session != nil {
			calls = append(calls, "flush")
		}
		c.Calls = append(c.Calls, pick(r, calls...))
	}
	// Where a new secret is stored masked and used again, Django 4.1 and 4.2 return a
	// token that nothing accepts. Go does not do so.
	if r.release == [2]int{4, 1} || r.release == [2]int{4, 2} {
		c.Settings["CSRF_COOKIE_MASKED"] = r.chance(30)
		if masked, _ := c.Settings["CSRF_COOKIE_MASKED"].(bool); masked {
			c.Calls = pick(r, []string{}, []string{"rotate_token"})
		}
	}
	return c
}

// latin1Text makes a character of each byte.
func latin1Text(s string) string {
	chars := make([]rune, len(s))
	for i := range len(s) {
		chars[i] = rune(s[i])
	}
	return string(chars)
}

// TestCSRFAnswersRandomRequestsAsDjango sends the same requests to Django's middleware
// and to Go.
func TestCSRFAnswersRandomRequestsAsDjango(t *testing.T) {
	t.Parallel()
	const batches, size = 5, 400
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			django := csrfPeer(t, release)
			r := csrfRandom{Rand: rand.New(rand.NewPCG(1, 2))}
			if _, err := fmt.Sscanf(release, "%d.%d", &r.release[0], &r.release[1]); err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			stricter := 0
			for range batches {
				cases := make([]csrfCase, size)
				for i := range cases {
					cases[i] = r.request()
				}
				for i, want := range ask[csrfCase, csrfOutcome](t, django, "answers", cases) {
					c := &cases[i]
					seen[reasonClass(c, want)]++
					got := c.serve(t, release)
					if c.describe(got) == c.describe(want) {
						continue
					}
					if got.Status == 403 && mentionsBracket(c) {
						stricter++ // as a newer Python is, which takes fewer texts in brackets for an address
						continue
					}
					text, _ := json.MarshalIndent(c, "", " ")
					t.Fatalf("%s\nGo: %s\nDjango: %s (%s)", text, c.describe(got), c.describe(want), want.Reason)
				}
			}
			t.Logf("%d requests, %d refused here alone; %v", batches*size, stricter, seen)
			for _, class := range csrfClasses(r.release) {
				if seen[class] < 3 {
					t.Errorf("only %d of the requests were %q", seen[class], class)
				}
			}
		})
	}
}

// csrfClasses are the kinds of answers that there have to be.
func csrfClasses(release [2]int) []string {
	all := []string{
		"passed", "checked and passed", "400", "Referer checking failed - no", "Referer checking failed - Referer is malformed", "Referer checking failed - Referer is insecure",
		"Referer checking failed - http", "CSRF cookie not set",
	}
	if release[0] < 4 {
		return append(all, "CSRF token missing or incorrect")
	}
	return append(all, "Origin checking failed", "CSRF token missing", "CSRF cookie has incorrect length", "CSRF cookie has invalid characters",
		"CSRF token from POST incorrect", "CSRF token from POST has incorrect length", "CSRF token from the")
}

// reasonClass is the kind of an answer.
func reasonClass(c *csrfCase, o csrfOutcome) string {
	switch {
	case o.Status == 400:
		return "400"
	case o.Status == 200 && !c.Exempt && !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE"}, c.Method):
		return "checked and passed"
	case o.Status == 200:
		return "passed"
	}
	for _, release := range [][2]int{{3, 2}, {4, 2}} {
		for _, class := range csrfClasses(release) {
			if strings.HasPrefix(o.Reason, class) {
				return class
			}
		}
	}
	return fmt.Sprint(o.Status, " ", o.Reason)
}

func mentionsBracket(c *csrfCase) bool {
	for _, h := range c.Headers {
		if (h[0] == "Origin" || h[0] == "Referer") && strings.ContainsAny(h[1], "[]") {
			return true
		}
	}
	return false
}
