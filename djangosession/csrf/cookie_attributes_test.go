package csrf_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The attributes are those of Django 2.0.13, 2.1.15 and 6.1.3 for the same settings, half
// a second past 22:13:20.
func TestCookieHasTheAttributesOfTheSettings(t *testing.T) {
	t.Parallel()
	all := func(s *djangosession.Settings) {
		s.CSRFCookieName, s.CSRFCookieAge, s.CSRFCookieDomain, s.CSRFCookiePath = "c", time.Minute, ".a.test", "/x"
		s.CSRFCookieSecure, s.CSRFCookieHTTPOnly, s.CSRFCookieSameSite = true, true, "Strict"
	}
	session := func(s *djangosession.Settings) { s.CSRFCookieAge = 0 }
	negative := func(s *djangosession.Settings) { s.CSRFCookieAge = -5 * time.Second }
	anySite := func(s *djangosession.Settings) { s.CSRFCookieSameSite = "" }
	for _, c := range []struct {
		name, release string
		change        func(*djangosession.Settings)
		want          string
	}{
		{name: "defaults", release: "6.1.3", want: "; expires=Tue, 12 Nov 2024 22:13:20 GMT; Max-Age=31449600; Path=/; SameSite=Lax"},
		{name: "defaults", release: "2.1.15", want: "; expires=Tue, 12 Nov 2024 22:13:20 GMT; Max-Age=31449600; Path=/; SameSite=Lax"},
		{name: "defaults", release: "2.1", want: "; expires=Tue, 12 Nov 2024 22:13:20 GMT; Max-Age=31449600; Path=/; SameSite=Lax"},
		{name: "defaults", release: "2.0.13", want: "; expires=Tue, 12-Nov-2024 22:13:20 GMT; Max-Age=31449600; Path=/"},
		{name: "all", release: "6.1.3", change: all, want: "; Domain=.a.test; expires=Tue, 14 Nov 2023 22:14:20 GMT; HttpOnly; Max-Age=60; Path=/x; SameSite=Strict; Secure"},
		{name: "all", release: "2.0.13", change: all, want: "; Domain=.a.test; expires=Tue, 14-Nov-2023 22:14:20 GMT; HttpOnly; Max-Age=60; Path=/x; Secure"},
		{name: "no age", release: "6.1.3", change: session, want: "; Path=/; SameSite=Lax"},
		{name: "no age", release: "2.0.13", change: session, want: "; Path=/"},
		{name: "negative age", release: "6.1.3", change: negative, want: "; expires=Tue, 14 Nov 2023 22:13:15 GMT; Max-Age=-5; Path=/; SameSite=Lax"},
		{name: "any site", release: "6.1.3", change: anySite, want: "; expires=Tue, 12 Nov 2024 22:13:20 GMT; Max-Age=31449600; Path=/"},
	} {
		s := newSite(t, c.release, func(s *djangosession.Settings) {
			s.Now = func() time.Time { return time.Unix(1700000000, 5e8) }
			if c.change != nil {
				c.change(s)
			}
		})
		lines := s.serve(page(t, ""), http.HandlerFunc(withToken)).Header()["Set-Cookie"]
		if len(lines) != 1 {
			t.Errorf("%s of %s: cookies %q", c.name, c.release, lines)
			continue
		}
		if at := strings.IndexByte(lines[0], ';'); lines[0][at:] != c.want {
			t.Errorf("%s of %s: %q, want %q", c.name, c.release, lines[0][at:], c.want)
		}
	}
}
