package forwardauth_test

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/forwardauth"
)

func apiRequest(path, cookie string, pairs ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
	r.RemoteAddr, r.Host = "127.0.0.1:4711", "localhost:8000"
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for i := 0; i < len(pairs); i += 2 {
		switch pairs[i] {
		case "Host":
			r.Host = pairs[i+1]
		case "From":
			r.RemoteAddr = pairs[i+1]
		case "Method":
			r.Method = pairs[i+1]
		default:
			r.Header.Add(pairs[i], pairs[i+1])
		}
	}
	return r
}

func TestAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	api := s.handler(forwardauth.Options{}).API()
	ada := s.logIn(&auth.User{Username: "ada", Email: "ada@example.com", IsStaff: true}, "Editors")
	visitor := s.writing.Sessions.New()
	visitor.Set("share", math.NaN())
	anonymous := s.save(visitor)
	for name, test := range map[string]struct {
		path, cookie, want string
	}{
		"user": {path: "/user", cookie: ada, want: `{"user":{"id":"1","username":"ada","email":"ada@example.com","first_name":"","last_name":"",` +
			`"is_active":true,"is_staff":true,"is_superuser":false,"date_joined":null,`},
		"groups":               {path: "/user", cookie: ada, want: `"groups":["Editors"],"permissions":["shop.view_order"]}}`},
		"nobody":               {path: "/user", cookie: "", want: `{"reason":"not_logged_in","user":null}`},
		"visitor":              {path: "/user", cookie: anonymous, want: `{"reason":"not_logged_in","user":null}`},
		"session":              {path: "/session", cookie: ada, want: `"_auth_user_id":"1"`},
		"session of nobody":    {path: "/session", cookie: "", want: `{"session":{}}`},
		"session of a visitor": {path: "/session", cookie: anonymous, want: `{"session":{"share":{"$float":"nan"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := do(api, apiRequest(test.path, test.cookie))
			text := w.body
			if w.StatusCode != http.StatusOK || !strings.Contains(text, test.want) || strings.Contains(text, auth.HashSessionKey) {
				t.Errorf("status %d: %s", w.StatusCode, text)
			}
			if w.Header.Get("Content-Type") != "application/json" || w.Header.Get("Cache-Control") != "no-store" || w.Header.Get("Set-Cookie") != "" {
				t.Errorf("headers %v", w.Header)
			}
		})
	}
}

func TestSessionOfAWrongHashIsEmpty(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookie := s.logIn(&auth.User{Username: "ada"})
	session, err := s.writing.Sessions.Load(t.Context(), strings.TrimPrefix(cookie, "sessionid="))
	if err != nil {
		t.Fatal(err)
	}
	session.Set(auth.HashSessionKey, "wrong")
	session.Set("cart", 1)
	s.save(session)
	w := do(s.handler(forwardauth.Options{}).API(), apiRequest("/session", cookie))
	if text := w.body; w.StatusCode != http.StatusOK || text != "{\"session\":{}}\n" {
		t.Errorf("status %d: %s", w.StatusCode, text)
	}
}

func TestAPIAnswersThisMachineAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	api := s.handler(forwardauth.Options{}).API()
	ada := s.logIn(&auth.User{Username: "ada"})
	for name, test := range map[string]struct {
		pairs  []string
		status int
	}{
		"IPv6":               {pairs: []string{"From", "[::1]:4711", "Host", "[::1]:8000"}, status: 200},
		"mapped":             {pairs: []string{"From", "[::ffff:127.0.0.1]:4711", "Host", "127.0.0.1:8000"}, status: 200},
		"another machine":    {pairs: []string{"From", "192.0.2.1:4711"}, status: 403},
		"rebinding":          {pairs: []string{"Host", "shop.example.com"}, status: 403},
		"no host":            {pairs: []string{"Host", ""}, status: 403},
		"proxy":              {pairs: []string{"X-Forwarded-For", "192.0.2.1"}, status: 403},
		"proxy, host":        {pairs: []string{"X-Forwarded-Host", "localhost"}, status: 403},
		"nginx":              {pairs: []string{"X-Real-IP", "192.0.2.1"}, status: 403},
		"standard":           {pairs: []string{"Forwarded", "for=192.0.2.1"}, status: 403},
		"via":                {pairs: []string{"Via", "1.1 proxy"}, status: 403},
		"page":               {pairs: []string{"Origin", "http://localhost:8000"}, status: 403},
		"browser":            {pairs: []string{"Sec-Fetch-Site", "none"}, status: 403},
		"two cookie headers": {pairs: []string{"Cookie", "a=b"}, status: 403},
		"another method":     {pairs: []string{"Method", "POST"}, status: 405},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if w := do(api, apiRequest("/user", ada, test.pairs...)); w.StatusCode != test.status {
				t.Errorf("status %d, want %d", w.StatusCode, test.status)
			}
		})
	}
}

func TestAPIWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	ada := s.logIn(&auth.User{Username: "ada"})
	s.engine.err = errDown
	if w := do(s.handler(forwardauth.Options{}).API(), apiRequest("/session", ada)); w.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without the database: status %d", w.StatusCode)
	}
}

func TestAPIOverAUnixSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	socket := filepath.Join(t.TempDir(), "api.sock")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(s.handler(forwardauth.Options{}).API())
	server.Listener = listener
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://djangosession/user", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close() //nolint:errcheck // a test
	if w.StatusCode != http.StatusOK {
		t.Errorf("status %d", w.StatusCode)
	}
}
