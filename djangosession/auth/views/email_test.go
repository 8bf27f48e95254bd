package views_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// Before 5.2, EmailValidator refuses this domain, whose letters run in both directions.
// Newer releases accept it.
func TestDomainsAreNotConvertedToASCII(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"5.1.15", "6.1.3"} {
		if !isAccepted(t, release)("a@\u05d0a.de") {
			t.Errorf("%s: refused", release)
		}
	}
}

// The results are those of EmailValidator in each of these releases.
func TestAddressesAreThoseOfDjango(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"3.2.25", "4.2.30", "5.1.15", "5.2", "5.2.19", "6.1.3"} {
		accepts, all := isAccepted(t, release), addresses()
		if release < "5.2" {
			for _, address := range onlyOlder() {
				all[address] = true
			}
		}
		for address, valid := range all {
			if accepts(address) != valid {
				t.Errorf("%q: valid is %v in Django %s", address, valid, release)
			}
		}
	}
}

// isAccepted returns a function that reports whether the page of a release accepts an
// address.
func isAccepted(t *testing.T, release string) func(address string) bool {
	t.Helper()
	site := newSiteOf(t, release, &users{Users: memory.NewUsers()})
	refused := false
	pages, err := site.Views(views.Options{
		Render: func(_ http.ResponseWriter, _ *http.Request, p views.Page) { refused = len(p.Problems) > 0 },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := site.Middleware(http.HandlerFunc(pages.PasswordReset))
	return func(address string) bool {
		refused = false
		post(t, h, "/", url.Values{"email": {address}})
		return !refused
	}
}

// addresses are valid or not in Django 6.1.3, 5.2.19 and 5.2.
func addresses() map[string]bool {
	return map[string]bool{
		"a@b.co":                 true,
		"a@b":                    false,
		"a@localhost":            true,
		"a.b@c.de":               true,
		"a..b@c.de":              false,
		".a@c.de":                false,
		"a.@c.de":                false,
		"a b@c.de":               false,
		"\"a b\"@c.de":           false,
		"\"a\\\"b\"@c.de":        true,
		"\"a\"b\"@c.de":          false,
		"\"\\\v\"@c.de":          true,
		"a@b-.de":                false,
		"a@-b.de":                false,
		"a@b.d-":                 false,
		"a@b.d":                  false,
		"a@b.12":                 false,
		"a@b.xn--p1ai":           true,
		"a@b\u00fccher.de":       true,
		"a@b.\u0434\u043e\u043c": true,
		"\u00fc@c.de":            false,
		"a@[127.0.0.1]":          true,
		"a@[::1]":                true,
		"a@[256.1.1.1]":          false,
		"a@[::1%eth0]":           false,
		"a@b@c.de":               false,
		"@c.de":                  false,
		"a@":                     false,
		"a+b=c!@c.de":            true,
		"A@C.DE":                 true,
		"a@LOCALHOST":            false,
		"a@c.de.":                false,
		"\u017f@c.de":            true,
		"\u0130@c.de":            true,
		"a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.de":  true,
		"a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.de": false,
		"a@b_c.de":           false,
		"a@b.c-d":            true,
		"a@[::ffff:1.2.3.4]": true,
		"a@[127.0.0.01]":     false,
		"a@b.xn--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": true,
		"a@b.-cc":                  false,
		"a@host.lan2":              false,
		"a@x.corp1":                false,
		"a@b.123":                  false,
		"a@b.--":                   false,
		"a@b.--c":                  false,
		"a@b.cc-":                  false,
		"a@b.xn--":                 false,
		"a@b.xn--a-b":              true,
		"a@-\u00fc.de":             false,
		"a@b.\u00fc":               false,
		"a@b.\u00fcx":              true,
		"a@b.d\u00fc1":             false,
		"a@b.\u00fc-":              false,
		"a@b.-\u00fc":              false,
		"a@\u00fc\u3002de":         false,
		"a@\u00fc_.de":             false,
		"a@\u00fc .de":             false,
		"a@\u00a0.de":              false,
		"a@\U0001f600.de":          false,
		"a@b.\U0001f600\U0001f600": false,
		"a@\u00fc..de":             false,
		"a@b.-":                    false,
		"a@b.111111111111111111111111111111111111111111111111111111111111111":  false,
		"a@b.1111111111111111111111111111111111111111111111111111111111111111": false,
		"a@ex\u00adample.de": true,
		"a@ex\u200bample.de": true,
		"a@\ufeffexample.de": true,
		"a@b.c\u0131":        true,
		"a@\u212a.de":        true,
	}
}

// onlyOlder are addresses that Django 3.2.25, 4.2.30 and 5.1.15 accept, and 5.2 refuses.
func onlyOlder() []string {
	return []string{
		"a@b.12",
		"a@b.-cc",
		"a@host.lan2",
		"a@x.corp1",
		"a@b.123",
		"a@b.--c",
		"a@-\u00fc.de",
		"a@b.\u00fc",
		"a@b.d\u00fc1",
		"a@b.\u00fc-",
		"a@b.-\u00fc",
		"a@\u00fc\u3002de",
		"a@\U0001f600.de",
		"a@b.\U0001f600\U0001f600",
		"a@b.111111111111111111111111111111111111111111111111111111111111111",
	}
}
