package compat_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/tables"
)

// proxySite is a Django with a database of its own, and how to reach it.
type proxySite struct {
	django *url.URL // itself
	front  *url.URL // what browsers speak to: Django, or Go before it
	client *http.Client
	mu     sync.Mutex
	errs   []error // that the session middleware has reported
	stderr *lockedBuffer
}

// newProxySite starts a Django with these settings, alone or behind the Go chain. Both
// access the session if a request has the parameter look.
func newProxySite(t *testing.T, release string, settings map[string]any, throughGo bool) *proxySite {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "db.sqlite3")
	given := map[string]any{"database": name, "MEDIA_ROOT": filepath.Join(dir, "media")}
	maps.Copy(given, settings)
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	// Its input ends with the test, and so does it.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), python(t, release), filepath.Join("peers", "proxy_peer.py"), string(text))
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	s := &proxySite{stderr: &lockedBuffer{}, client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	cmd.Stderr = s.stderr
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("Django ended with %v\n%s", err, s.stderr.String())
		}
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("Django has not started: %v\n%s", err, s.stderr.String())
	}
	if s.django, err = url.Parse("http://127.0.0.1:" + strings.TrimSpace(port)); err != nil {
		t.Fatal(err)
	}
	s.front = s.django
	if throughGo {
		s.serve(t, release, name, settings)
	}
	return s
}

// serve puts the Go chain before Django.
func (s *proxySite) serve(t *testing.T, release, name string, settings map[string]any) {
	t.Helper()
	all := map[string]any{
		"DJANGO_VERSION": release, "SECRET_KEY": "compat-secret-key", "USE_TZ": true, "TIME_ZONE": "UTC", "ALLOWED_HOSTS": []string{"*"},
	}
	maps.Copy(all, settings)
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	site, err := djangosession.ReadSettings(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	db, _, err := openSource("sqlite", "file:"+name+"?_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	engine, err := tables.New(db, site, tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, site, djangosession.Options{
		Logger: slog.New(slog.DiscardHandler),
		OnError: func(_ context.Context, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.errs = append(s.errs, err)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	protection, err := csrf.New(site, csrf.Options{
		Logger:  slog.New(slog.DiscardHandler),
		Exempts: func(r *http.Request) bool { return r.URL.Path == "/hook/" }, // as the view is in Django
	})
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(s.django)
		r.Out.Host = r.In.Host
	}}
	checked := protection.Middleware(proxy)
	looks := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("look") {
			if session, err := djangosession.FromContext(r.Context()); err != nil {
				t.Error(err)
			} else {
				session.Get("cart")
			}
		}
		checked.ServeHTTP(w, r)
	})
	server := httptest.NewServer(sessions.Middleware(looks))
	t.Cleanup(server.Close)
	if s.front, err = url.Parse(server.URL); err != nil {
		t.Fatal(err)
	}
}

// reported returns the errors so far, and forgets them.
func (s *proxySite) reported() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := s.errs
	s.errs = nil
	return errs
}

// proxyState is what Django's tables hold.
type proxyState struct {
	Sessions [][]any `json:"sessions"`
	Notes    [][]any `json:"notes"`
	Log      [][]any `json:"log"`
	Users    [][]any `json:"users"`
}

// tell has Django do something without any middleware, and returns the state afterwards.
func (s *proxySite) tell(t *testing.T, what string) proxyState {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.django.String()+what, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.stderr.String())
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	var state proxyState
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		t.Fatalf("%s: %v\n%s", what, err, s.stderr.String())
	}
	return state
}

// proxyBrowser is a visitor of a site: the cookies, the token of the last page, and names
// for all random text.
type proxyBrowser struct {
	site    *proxySite
	cookies map[string]string
	token   string
	names   *proxyNames
}

// proxyNames gives keys, secrets and hashes names in the order in which they appear, so
// that two sites can be compared.
type proxyNames struct {
	known map[string]string
}

func (n *proxyNames) name(text string) string {
	text = plain(text) // a masked token is that of its secret
	if n.known[text] == "" {
		n.known[text] = fmt.Sprintf("<%d>", len(n.known)+1)
	}
	return n.known[text]
}

var (
	proxyRandom  = regexp.MustCompile(`\b(?:[0-9a-f]{64}|[0-9A-Za-z]{64}|[0-9A-Za-z]{32})\b`)
	proxyExpires = regexp.MustCompile(`expires=[^;]*(20[2-9]\d)[^;]*`)
	// A cookie of messages is signed with the time.
	proxyMessages = regexp.MustCompile(`^(messages=[^:;]+):[^;]*`)
	proxyToken    = regexp.MustCompile(`(?:token=|csrfmiddlewaretoken" value=")([0-9A-Za-z]{64})`)
)

func (n *proxyNames) settle(text string) string {
	text = proxyExpires.ReplaceAllString(text, "expires=<later>")
	text = proxyMessages.ReplaceAllString(text, "${1}:<signature>")
	return proxyRandom.ReplaceAllStringFunc(text, n.name)
}

// proxyRequest is a request, the same to both sites except for their random text: TOKEN
// is replaced with the token of the browser.
type proxyRequest struct {
	method, path, contentType, body string
	header                          string // the token in the header
	cookie                          string // in place of the session cookie; "" leaves that
}

// send makes a request and returns everything that must be the same.
func (b *proxyBrowser) send(t *testing.T, q proxyRequest) string {
	t.Helper()
	fill := func(s string) string { return strings.ReplaceAll(s, "TOKEN", b.token) }
	r, err := http.NewRequestWithContext(t.Context(), q.method, b.site.front.String()+q.path, strings.NewReader(fill(q.body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "shop.test"
	if q.contentType != "" {
		r.Header.Set("Content-Type", q.contentType)
	}
	if q.header != "" {
		r.Header.Set("X-Csrftoken", fill(q.header))
	}
	cookies := maps.Clone(b.cookies)
	if q.cookie != "" {
		cookies["sessionid"] = q.cookie
	}
	pairs := make([]string, 0, len(cookies))
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		pairs = append(pairs, name+"="+cookies[name])
	}
	if len(pairs) > 0 {
		r.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
	response, err := b.site.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", q.method, q.path, err, b.site.stderr.String())
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	set := slices.Clone(response.Header["Set-Cookie"])
	slices.Sort(set)
	for i, line := range set {
		pair, rest, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		if strings.Contains(rest, "Max-Age=0") {
			delete(b.cookies, name)
		} else {
			b.cookies[name] = value
		}
		set[i] = b.names.settle(line)
	}
	if m := proxyToken.FindSubmatch(body); m != nil {
		b.token = string(m[1])
	}
	text := ""
	if response.StatusCode == http.StatusOK && !strings.HasPrefix(q.path, "/admin/") {
		text = b.names.settle(string(body))
	}
	return fmt.Sprintf("status %d, Location %q, Vary %q, Set-Cookie %q, %s",
		response.StatusCode, response.Header.Get("Location"), response.Header.Get("Vary"), set, text)
}

// rows returns the contents of the tables, with names instead of random text.
func (b *proxyBrowser) rows(s proxyState) string {
	sessions := make([]string, 0, len(s.Sessions))
	// The keys that browsers know already have names. The others would get names in an
	// order of their own.
	for _, row := range s.Sessions {
		key, _ := row[0].(string)
		name := b.names.known[key]
		if name == "" {
			name = "<orphan>"
		}
		sessions = append(sessions, fmt.Sprint(name, " ", row[1], " ", row[2]))
	}
	slices.Sort(sessions)
	return b.names.settle(fmt.Sprint(sessions, s.Notes, s.Log, s.Users))
}

// proxySequences is the number of sequences of each kind: DJANGOBRIDGE_PROXY_SEQUENCES,
// or a few.
func proxySequences(t *testing.T) int {
	t.Helper()
	text := os.Getenv("DJANGOBRIDGE_PROXY_SEQUENCES")
	if text == "" {
		return 12
	}
	var n int
	if _, err := fmt.Sscan(text, &n); err != nil || n < 1 {
		t.Fatalf("DJANGOBRIDGE_PROXY_SEQUENCES is %q, and must be a number", text)
	}
	return n
}
