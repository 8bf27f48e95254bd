package thirdparty

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// TestRuleOfDjangoRESTFramework sends the same requests to an API of Django REST
// framework and to one in Go. Both accept, refuse and explain the same.
func TestRuleOfDjangoRESTFramework(t *testing.T) {
	t.Parallel()
	s := startSite(t, "drf")
	v := startService(t, s, options{})
	settings, err := djangosession.ReadSettings(strings.NewReader(string(s.settings)))
	if err != nil {
		t.Fatal(err)
	}
	protection, err := csrf.New(settings, csrf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/open/", csrf.SessionAuthentication(http.HandlerFunc(sayUser), isLoggedIn))
	goSite := httptest.NewServer(v.sessions.Middleware(v.login.Middleware(protection.Middleware(mux))))
	t.Cleanup(goSite.Close)

	b := newBrowser(t, s.url, v.url)
	anonymous := b.apiRequests(t, s.url, goSite.URL)
	b.submit("/login/", "username", "ada", "password", "pass word")
	if user := b.apiRequests(t, s.url, goSite.URL); anonymous != 0 || user < 5 {
		t.Errorf("%d requests of an anonymous visitor were refused, and %d of a user", anonymous, user)
	}
}

func isLoggedIn(ctx context.Context) (bool, error) {
	user, err := auth.UserFrom(ctx)
	return user != nil, err
}

func sayUser(w http.ResponseWriter, r *http.Request) {
	name := ""
	if user, _ := auth.UserFrom(r.Context()); user != nil {
		name = user.Username
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"user": name}) // an error is the browser's
}

// apiRequests sends requests with and without tokens to both APIs, compares the answers,
// and returns how many were refused.
func (b *browser) apiRequests(t *testing.T, django, service string) (refused int) {
	t.Helper()
	_, token := b.send(http.MethodGet, django+"/token/", nil)
	for _, c := range []struct {
		method, form string
		header       http.Header
	}{
		{method: http.MethodGet},
		{method: http.MethodPost},
		{method: http.MethodPost, form: "csrfmiddlewaretoken=" + token},
		{method: http.MethodPost, form: "csrfmiddlewaretoken=short"},
		{method: http.MethodPost, header: http.Header{"X-Csrftoken": {token}}},
		{method: http.MethodPost, header: http.Header{"X-Csrftoken": {strings.Repeat("a", 64)}}},
		{method: http.MethodPut, header: http.Header{"X-Csrftoken": {token}}},
		{method: http.MethodDelete},
		{method: http.MethodPost, form: "csrfmiddlewaretoken=" + token, header: http.Header{"Origin": {`https://"<é>\.test`}}},
		{method: http.MethodPost, form: "csrfmiddlewaretoken=" + token, header: http.Header{"Cookie": {"sessionid=" + b.cookie()}}},
	} {
		djangoStatus, djangoBody := b.api(t, django, c.method, c.form, c.header)
		goStatus, goBody := b.api(t, service, c.method, c.form, c.header)
		if djangoStatus != goStatus || djangoBody != strings.TrimSuffix(goBody, "\n") {
			t.Errorf("%s %q %v: Django answers %d %s, Go %d %s", c.method, c.form, c.header, djangoStatus, djangoBody, goStatus, goBody)
		}
		if djangoStatus != http.StatusOK {
			refused++
		}
	}
	return refused
}

// api sends a request with the cookies of the browser, unless header contains others.
func (b *browser) api(t *testing.T, site, method, form string, header http.Header) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, site+"/api/open/", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	address, err := url.Parse(b.django)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(address) {
		r.AddCookie(cookie)
	}
	maps.Copy(r.Header, header)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // nothing was written
	if kind := answer.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s: Content-Type %q", site, kind)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
