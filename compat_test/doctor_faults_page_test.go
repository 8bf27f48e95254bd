package compat_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"time"
)

// brokenPages are sites whose login page tells the fault.
func brokenPages() []brokenSite {
	answer := func(header http.Header) func(*testing.T, *brokenDeployment) []string {
		return func(t *testing.T, b *brokenDeployment) []string {
			t.Helper()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), header)
			}))
			t.Cleanup(server.Close)
			return []string{"--url", server.URL, b.base.url()}
		}
	}
	return []brokenSite{
		{
			name: "the page sets other cookies", check: "url-cookies", level: "fault", says: "CSRF_COOKIE_PATH",
			settings: text("SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False\nSECURE_PROXY_SSL_HEADER = None\nALLOWED_HOSTS = " +
				"[\"127.0.0.1\"]\n" +
				"CSRF_TRUSTED_ORIGINS = []\n"),
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				return []string{"--url", b.serveLogin(t, "CSRF_COOKIE_PATH = \"/shop\"\n"), b.base.url()}
			},
		},
		{
			name: "the host is not allowed", check: "url", level: "fault", says: "ALLOWED_HOSTS",
			settings: text("SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False\nSECURE_PROXY_SSL_HEADER = None\nALLOWED_HOSTS = " +
				"[\"127.0.0.1\"]\n" +
				"CSRF_TRUSTED_ORIGINS = []\n"),
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				return []string{"--url", b.serveLogin(t, "ALLOWED_HOSTS = [\"shop.test\"]\n"), b.base.url()}
			},
		},
		{
			name: "the clock of the web server is behind", check: "url-clock", level: "fault", says: "behind",
			also:   []string{"allowed-hosts", "cookie-secure"}, // it is another host, and speaks HTTP
			breaks: answer(http.Header{"Date": {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}}),
		},
		{
			name: "the proxy removes Vary", check: "url-vary", level: "warning", says: "Vary",
			also:   []string{"allowed-hosts", "cookie-secure", "url-cookies"}, // as above
			breaks: answer(http.Header{"Set-Cookie": {"csrftoken=x; Path=/"}}),
		},
	}
}

// doctorURLs are the login page of a site.
const doctorURLs = `
from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path


class Page(LoginView):
    def render_to_response(self, context, **kwargs):
        return HttpResponse("<form>" + get_token(self.request) + "</form>")


urlpatterns = [path("accounts/login/", Page.as_view())]
`

// servedAddress is what Django says of the port that it got.
var servedAddress = regexp.MustCompile(`development server at (http://127\.0\.0\.1:\d+/)\s`)

// serveLogin runs Django with a login page, and with other settings than the exported
// ones.
func (b *brokenDeployment) serveLogin(t *testing.T, settings string) string {
	t.Helper()
	module := fmt.Sprintf("served%d", lastDatabase.Add(1)) // the project is that of all cases
	b.shop.write("shop/pages_"+module+".py", doctorURLs)
	b.shop.write("shop/"+module+".py", "from shop.front import *\nROOT_URLCONF = \"shop.pages_"+module+"\"\n"+
		"SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False\n"+
		"ALLOWED_HOSTS = [\"127.0.0.1\"]\n"+settings)
	server, log := b.shop.start(t, "DJANGO_SETTINGS_MODULE=shop."+module+" PYTHONUNBUFFERED=1 "+
		"exec python manage.py runserver --noreload 127.0.0.1:0")
	t.Cleanup(func() {
		_ = server.Kill() // it holds nothing
		_, _ = server.Wait()
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if at := servedAddress.FindSubmatch(text); at != nil { // it already listens
			return string(at[1])
		}
		if time.Now().After(deadline) {
			t.Fatalf("Django does not start:\n%s", text)
		}
	}
}
