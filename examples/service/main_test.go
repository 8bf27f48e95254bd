package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
)

// adasKey is the key of a session that Django wrote, in which the user ada is logged in.
const adasKey = "5mx9bk0h1plc8bt5z2tdwysdphaitqc3"

// newSite makes the current folder that of a site: a database and settings that Django
// wrote.
func newSite(t *testing.T) *sql.DB {
	t.Helper()
	settings, err := os.ReadFile(filepath.Join("testdata", "site.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("site.json", settings, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:db.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), fixtures.DemoSQL); err != nil {
		t.Fatal(err)
	}
	return db
}

// stored returns Ada's session as it is in the database.
func stored(t *testing.T, db *sql.DB) (row, session string) {
	t.Helper()
	query := "SELECT session_data || expire_date, session_data FROM django_session WHERE session_key = ?"
	var data string
	if err := db.QueryRowContext(t.Context(), query, adasKey).Scan(&row, &data); err != nil {
		t.Fatal(err)
	}
	settings, err := djangosession.ReadSettingsFile("site.json")
	if err != nil {
		t.Fatal(err)
	}
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		t.Fatal(err)
	}
	dict, err := codec.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return row, fmt.Sprint(dict)
}

// service is a running service and a browser.
type service struct {
	http.Client

	url  string
	log  *lockedLog   // what it has written since it listens
	stop func() error // ends it as a signal does
}

// lockedLog is a log that can be read while the service runs.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, args ...string) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append(args, "-address", "127.0.0.1:0"), write)
		_ = write.Close()
	}()
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		_, address, found := strings.Cut(lines.Text(), "address=")
		if !found {
			continue
		}
		log := &lockedLog{}
		go func() { _, _ = io.Copy(log, read) }()
		address, _, _ = strings.Cut(address, " ")
		s := &service{url: "http://" + address, log: log, stop: func() error { cancel(); return <-ended }}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Jar = jar
		s.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		at, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		jar.SetCookies(at, []*http.Cookie{{Name: "sessionid", Value: adasKey}})
		return s
	}
	cancel()
	t.Fatal("the service does not start: ", <-ended)
	return nil
}

// answer is a response as the tests look at it.
type answer struct {
	status   int
	body     string
	location string
	cookies  int
}

// send sends a form, or asks for a page without one.
func (s *service) send(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: res.StatusCode, body: string(text), location: res.Header.Get("Location"), cookies: len(res.Cookies())}
}

var hidden = regexp.MustCompile(`name="csrfmiddlewaretoken" value="(\w+)"`)

func TestServiceSharesLoginAndCart(t *testing.T) {
	db := newSite(t)
	s := start(t)
	first := s.send(t, "/", nil)
	token := hidden.FindStringSubmatch(first.body)
	if first.status != http.StatusOK || !strings.Contains(first.body, "Hello, ada") || token == nil {
		t.Fatalf("%+v", first)
	}
	tea := url.Values{"item": {"tea"}}
	if a := s.send(t, "/cart", tea); a.status != http.StatusForbidden {
		t.Errorf("a form without a token: status %d", a.status)
	}
	tea.Set("csrfmiddlewaretoken", token[1])
	for range 2 {
		if a := s.send(t, "/cart", tea); a.status != http.StatusSeeOther {
			t.Errorf("a form with a token: %+v", a)
		}
	}
	if a := s.send(t, "/", nil); !strings.Contains(a.body, "<li>tea: 2") {
		t.Errorf("the page shows %s", a.body)
	}
	if _, session := stored(t, db); !strings.Contains(session, "tea") || !strings.Contains(session, "visits") {
		t.Errorf("Django finds %s", session)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyServiceWritesNothing(t *testing.T) {
	db := newSite(t)
	before, _ := stored(t, db)
	s := start(t, "-read-only")
	if a := s.send(t, "/", nil); !strings.Contains(a.body, "Hello, ada") || strings.Contains(a.body, "<form") || a.cookies != 0 {
		t.Errorf("%+v", a)
	}
	if a := s.send(t, "/cart", url.Values{"item": {"tea"}}); a.status < 400 {
		t.Errorf("%+v", a)
	}
	if after, _ := stored(t, db); after != before {
		t.Errorf("the row was %q, and is %q", before, after)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestServiceDoesNotStartWithoutItsSite(t *testing.T) {
	newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, missing := range []string{"db.sqlite3", "site.json"} {
		if err := os.Rename(missing, "gone"); err != nil {
			t.Fatal(err)
		}
		if err := run(ctx, []string{"-address", "127.0.0.1:0"}, io.Discard); err == nil {
			t.Errorf("it runs without %s", missing)
		}
	}
	if err := run(ctx, []string{"-port", "1"}, io.Discard); err == nil {
		t.Error("an unknown flag is accepted")
	}
}
