package views_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// The results are those of EmailValidator in Django 6.1.3.
func TestAddressesAreThoseOfDjango(t *testing.T) {
	t.Parallel()
	site := newSite(t, &users{Users: memory.NewUsers()})
	shown := false
	pages, err := site.Views(views.Options{
		Render: func(_ http.ResponseWriter, _ *http.Request, p views.Page) { shown = len(p.Problems) > 0 },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := site.Middleware(http.HandlerFunc(pages.PasswordReset))
	for address, valid := range addresses() {
		shown = false
		if post(t, h, "/", url.Values{"email": {address}}); shown == valid {
			t.Errorf("%q: valid is %v in Django", address, valid)
		}
	}
}

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
	}
}
