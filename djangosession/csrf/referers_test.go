package csrf_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// The texts are those of Django 5.0.14 and 6.1.3 for the same Referers.
func TestReferersAreNamedAsDjangoNamesThem(t *testing.T) {
	t.Parallel()
	const malformed = "Referer is malformed."
	other := func(text string) string { return text + " does not match any trusted origins." }
	for _, c := range []struct {
		referer, before, after string // 5.2
	}{
		{referer: "//example.com/", before: malformed, after: malformed},
		{referer: "https:/example.com/", before: malformed, after: malformed},
		{referer: "https:example.com", before: malformed, after: malformed},
		{referer: "https://", before: malformed, after: malformed},
		{referer: "https://evil.test", before: other("https://evil.test"), after: other("https://evil.test")},
		{referer: "https://evil.test;", before: other("https://evil.test;"), after: other("https://evil.test;")},
		{referer: "https://evil.test/a;", before: other("https://evil.test/a"), after: other("https://evil.test/a;")},
		{referer: "https://evil.test/a;;", before: other("https://evil.test/a;;"), after: other("https://evil.test/a;;")},
		{referer: "https://evil.test/;", before: other("https://evil.test/"), after: other("https://evil.test/;")},
		{referer: "https://evil.test/;b;", before: other("https://evil.test/;b;"), after: other("https://evil.test/;b;")},
		{referer: "https://evil.test/;/b;", before: other("https://evil.test/;/b"), after: other("https://evil.test/;/b;")},
		{referer: "https://evil.test/0;/b0;", before: other("https://evil.test/0;/b0"), after: other("https://evil.test/0;/b0;")},
		{referer: "https://evil.test/a0;b;", before: other("https://evil.test/a0;b;"), after: other("https://evil.test/a0;b;")},
		{referer: "https://evil.test/a;b", before: other("https://evil.test/a;b"), after: other("https://evil.test/a;b")},
		{referer: "https://evil.test/a;/", before: other("https://evil.test/a;/"), after: other("https://evil.test/a;/")},
		{referer: "https://evil.test/a?;", before: other("https://evil.test/a?;"), after: other("https://evil.test/a?;")},
		{referer: "https://evil.test/a;?b#c", before: other("https://evil.test/a?b#c"), after: other("https://evil.test/a;?b#c")},
	} {
		for release, want := range map[string]string{"5.0.14": c.before, "6.1.3": c.after} {
			var got error
			s := newSiteWith(t, release, keepError(&got), nil)
			r := post(t, "csrftoken="+secret, url.Values{"csrfmiddlewaretoken": {token1}})
			r.TLS = &tls.ConnectionState{}
			r.Header.Set("Referer", c.referer)
			s.serve(r, http.HandlerFunc(fine))
			if refused, ok := errors.AsType[*csrf.Error](got); !ok || refused.Text != "Referer checking failed - "+want {
				t.Errorf("%q: Django %s: %v, want %q", c.referer, release, got, want)
			}
		}
	}
}
