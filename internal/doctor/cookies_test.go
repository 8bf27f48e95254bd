package doctor

import (
	"cmp"
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The results are those of get_host in Django 6.1 and 3.0.
func TestHostsAreAllowedAsInDjango(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		allowed []string
		debug   bool
		host    string
		want    bool
		version string // 6.1 if ""
	}{
		{debug: true, host: "shop.localhost:8000", version: "3.0.14"},
		{debug: true, host: "localhost:8000", version: "3.0.14", want: true},
		{allowed: []string{"shop.example.com"}, host: "shop.example.com:8443", want: true},
		{allowed: []string{"shop.example.com"}, host: "SHOP.example.com.", want: true},
		{allowed: []string{".example.com"}, host: "shop.example.com", want: true},
		{allowed: []string{".example.com"}, host: "example.com", want: true},
		{allowed: []string{"example.com"}, host: "shop.example.com"},
		{allowed: []string{"[::1]"}, host: "[::1]:8000", want: true},
		{allowed: []string{"*"}, host: "anything", want: true},
		{host: "shop.example.com"},
		{debug: true, host: "shop.example.com"},
		{debug: true, host: "shop.localhost:8000", want: true},
		{debug: true, host: "127.0.0.1:8000", want: true},
		{debug: true, allowed: []string{"shop.example.com"}, host: "localhost"},
	} {
		s := &djangosession.Settings{AllowedHosts: c.allowed, Debug: c.debug, DjangoVersion: cmp.Or(c.version, "6.1")}
		if got := hostAllowed(s, c.host); got != c.want {
			t.Errorf("%q with %q, debug %v: %v, want %v", c.host, c.allowed, c.debug, got, c.want)
		}
	}
}

func TestSameSiteIsComparedInAnyCase(t *testing.T) {
	t.Parallel()
	sent, err := http.ParseSetCookie("sessionid=x; Path=/; SameSite=lax")
	if err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]bool{"lax": true, "Lax": true, "Strict": false, "": false} {
		r := &report{}
		cookie{setting: "SESSION_COOKIE", name: "sessionid", path: "/", sameSite: setting}.compare(r, sent)
		if got := !r.has("url-cookies"); got != want {
			t.Errorf("SESSION_COOKIE_SAMESITE = %q: in order %v, want %v: %v", setting, got, want, r.found)
		}
	}
}
