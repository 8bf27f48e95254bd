package djangobridge_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
)

// LOGIN_URL names the site's own host, and TLS ends at a proxy. As in Django, the address
// to return to is then a path: the login page refuses one of another scheme.
func TestLoginRedirectsKnowTheProxiesOfTheSite(t *testing.T) {
	t.Parallel()
	s, err := djangosession.ReadSettingsFile("testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	s.LoginURL, s.AllowedHosts = "https://shop.example.com/login/", []string{"shop.example.com"}
	s.SecureProxySSLHeader, s.UseXForwardedHost = [2]string{"HTTP_X_FORWARDED_PROTO", "https"}, true
	site, err := djangobridge.New(s, djangobridge.Options{DB: siteDB(t), Users: oneUser{}})
	if err != nil {
		t.Fatal(err)
	}
	h := site.Middleware(site.Login.LoginRequired(http.NotFoundHandler()))
	for _, c := range []struct {
		name, proto, host, next string
	}{
		{name: "behind the proxy", proto: "https", host: "shop.example.com", next: "/cart?a=1"},
		{name: "HTTP", proto: "http", host: "shop.example.com", next: "http://shop.example.com/cart?a=1"},
		{name: "a host that Django refuses", proto: "https", host: "evil.example", next: "https://10.0.0.7:8080/cart?a=1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/cart?a=1", http.NoBody)
		r.Host = "10.0.0.7:8080"
		r.Header.Set("X-Forwarded-Proto", c.proto)
		r.Header.Set("X-Forwarded-Host", c.host)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || to.Host != "shop.example.com" || to.Query().Get("next") != c.next {
			t.Errorf("%s: leads to %v, %v; want next=%s", c.name, to, err, c.next)
		}
	}
}
