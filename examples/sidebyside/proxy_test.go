package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// echo is a backend that reports its name and the request it received.
type echo struct {
	Name  string `json:"name"`
	Host  string `json:"host"`
	Path  string `json:"path"`
	For   string `json:"for"`   // X-Forwarded-For
	At    string `json:"at"`    // X-Forwarded-Host
	Proto string `json:"proto"` // X-Forwarded-Proto
}

func echoServer(t *testing.T, name string) *url.URL {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := json.NewEncoder(w).Encode(echo{
			name, r.Host, r.RequestURI, r.Header.Get("X-Forwarded-For"),
			r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Forwarded-Proto"),
		})
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func ask(t *testing.T, proxy http.Handler, path string, header http.Header) echo {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	r.Host, r.RemoteAddr = "tea.example.com", "192.0.2.1:1234"
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	proxy.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	var e echo
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return e
}

func TestProxySendsToGoWhatHasMoved(t *testing.T) {
	t.Parallel()
	proxy := newProxy(echoServer(t, "django"), echoServer(t, "go"))
	for path, want := range map[string]string{
		"/":                     "django",
		"/add/mint/":            "django",
		"/login/?next=/cart/":   "django",
		"/cart/":                "go",
		"/cart":                 "go",
		"/cart/?page=2":         "go",
		"/account/":             "go",
		"/go/login/":            "go",
		"/cartoons/":            "django",
		"/admin//cart/":         "django",
		"/static/shop/cart.css": "django",
	} {
		got := ask(t, proxy, path, nil)
		if got.Name != want || got.Path != path {
			t.Errorf("%s went to %s as %s, want it at %s as it is", path, got.Name, got.Path, want)
		}
	}
}

func TestProxySaysWhoAskedAndBelievesNoClientThatDoes(t *testing.T) {
	t.Parallel()
	proxy := newProxy(echoServer(t, "django"), echoServer(t, "go"))
	lies := http.Header{
		"X-Forwarded-For":   {"203.0.113.9"},
		"X-Forwarded-Host":  {"evil.example.com"},
		"X-Forwarded-Proto": {"https"},
	}
	for _, path := range []string{"/", "/cart/"} {
		got := ask(t, proxy, path, lies)
		want := echo{got.Name, "tea.example.com", path, "192.0.2.1", "tea.example.com", "http"}
		if got != want {
			t.Errorf("the backend was told %+v, want %+v", got, want)
		}
	}
}

func TestProxySaysThatABackendIsDown(t *testing.T) {
	t.Parallel()
	nobody := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	w := httptest.NewRecorder()
	newProxy(nobody, nobody).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusBadGateway || w.Body.String() != "Django does not answer\n" {
		t.Errorf("status %d, %q", w.Code, w.Body)
	}
}
