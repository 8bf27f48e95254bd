package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// TestBrowsersShowAForm has what curl does not notice: a browser shows a form only if the
// content type is HTML, and net/http does not recognize a page that begins with a form.
func TestBrowsersShowAForm(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("a secret of this test")
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	protection, err := csrf.New(settings, csrf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sessions.Middleware(protection.Middleware(http.HandlerFunc(form))))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // the body is not read
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/html") {
		t.Errorf("status %d, Content-Type %q", response.StatusCode, got)
	}
}
