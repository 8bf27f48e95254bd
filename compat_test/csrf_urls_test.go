package compat_test

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// text returns a URL, a host or something similar, made of the pieces about which parsers
// disagree.
func (r csrfRandom) text() string {
	pieces := []string{
		"https:", "http:", "HTTPS:", "//", "//", "/", "\\", "https://", "https://", "www.example.com", "a.trusted.test", ".trusted.test", "trusted.test",
		"evil.test", "user:pw@", "@", ":443", ":", ":8443", "[::1]", "[", "]", "[v1.x]", "[::1%25eth0]", "[::1%a%b]", "[::ffff:1.2.3.4]", "[1.2.3.4]", "[::01.2.3.4]", "[1:2:3:4:5:6:7::]",
		"?", "#", ";", "%2f", "%", " ", "\t", "\x80", "\xe9", "\xc3\xa9", "\xa0", ".", "..", "*", "a", "1", "-", "_", "+", "x:", "1x:", "javascript:", "null", "//", "A.TRUSTED.test", "|", "^", "\"", "<", "&", "=",
	}
	var b strings.Builder
	if r.chance(60) {
		b.WriteString(pick(r, "https://", "https://", "https://a.trusted.test", "https://www.example.com", "http://"))
	}
	for range r.IntN(7) {
		b.WriteString(pick(r, pieces...))
	}
	return latin1Text(strings.Trim(b.String(), " \t"))
}

// TestCSRFReadsURLsAndHostsAsPython sends odd texts as Referer, Origin and Host. Django's
// message for a bad Referer contains the result of urlsplit. Go must not accept anything
// that Django refuses.
func TestCSRFReadsURLsAndHostsAsPython(t *testing.T) {
	t.Parallel()
	const batches, size = 2, 1500
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			django := csrfPeer(t, release)
			r := csrfRandom{Rand: rand.New(rand.NewPCG(3, 4))}
			trusted := []string{"https://*.trusted.test", "https://shop.test", "http://*.trusted.test:8443"}
			if strings.HasPrefix(release, "3.") {
				trusted = []string{".trusted.test", "shop.test"}
			}
			stricter, passed := 0, 0
			for range batches {
				cases := make([]csrfCase, size)
				for i := range cases {
					secret := r.chars(32)
					c := csrfCase{
						Settings: map[string]any{"ALLOWED_HOSTS": pick(r, []string{".example.com", "[::1]", "a"}, []string{"*"}), "CSRF_TRUSTED_ORIGINS": trusted},
						Method:   "PUT", Secure: true, Port: "443", Calls: []string{},
						Headers: [][2]string{{"Cookie", "csrftoken=" + secret}, {"X-CSRFToken", secret}},
					}
					host := "www.example.com"
					switch r.IntN(4) {
					case 0:
						c.Headers = append(c.Headers, [2]string{"Origin", r.text()})
					case 1:
						host = pick(r, r.text(), strings.TrimPrefix(r.text(), "https://"), "a.example.com:80", "[::1]:80", "a.example.com.:80", "A.example.com:")
						c.Headers = append(c.Headers, pick(r, [2]string{"Origin", "https://" + host}, [2]string{"Referer", "https://" + host + "/"}))
					default:
						c.Headers = append(c.Headers, [2]string{"Referer", r.text()})
					}
					c.Headers = append(c.Headers, [2]string{"Host", host})
					cases[i] = c
				}
				for i, want := range ask[csrfCase, csrfOutcome](t, django, "answers", cases) {
					c := &cases[i]
					got := c.serve(t, release)
					switch {
					case c.describe(got) == c.describe(want):
						if got.Status == 200 {
							passed++
						}
					case got.Status == 403 && mentionsBracket(c):
						stricter++
					default:
						t.Fatalf("%q, allowed %q\nGo: %s\nDjango: %s (%s)", c.Headers, c.Settings["ALLOWED_HOSTS"], c.describe(got), c.describe(want), want.Reason)
					}
				}
			}
			t.Logf("%d texts, %d of them accepted by both, %d with brackets refused here alone", batches*size, passed, stricter)
			if passed < 100 {
				t.Errorf("only %d were accepted", passed)
			}
		})
	}
}
