package compat_test

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
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
			breaks: answer(http.Header{"Date": {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}}),
		},
		{
			name: "the proxy removes Vary", check: "url-vary", level: "warning", says: "Vary",
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

// serveLogin runs Django with a login page, and with other settings than the exported
// ones.
func (b *brokenDeployment) serveLogin(t *testing.T, settings string) string {
	t.Helper()
	port := freePorts(t, 1)[0]
	b.shop.write("shop/pages.py", doctorURLs)
	module := "served" + port
	b.shop.write("shop/"+module+".py", "from shop.front import *\nROOT_URLCONF = \"shop.pages\"\nSESSION_COOKIE_SECURE = "+
		"CSRF_COOKIE_SECURE = False\n"+
		"ALLOWED_HOSTS = [\"127.0.0.1\"]\n"+settings)
	server := b.shop.start(t, "DJANGO_SETTINGS_MODULE=shop."+module+" exec python manage.py runserver --noreload 127.0.0.1:"+port)
	t.Cleanup(func() {
		_ = server.Kill() // it holds nothing
		_, _ = server.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close() // it was only a test
			return "http://127.0.0.1:" + port + "/"
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
