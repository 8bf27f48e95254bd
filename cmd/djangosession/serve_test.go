package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// served is a running djangosession serve.
type served struct {
	t      *testing.T
	cmd    *exec.Cmd
	client *http.Client
	url    string
	mu     sync.Mutex
	stderr bytes.Buffer
}

// Write collects the log.
func (s *served) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stderr.Write(p)
}

func (s *served) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stderr.String()
}

// startServe starts the program in a process of its own, with a Unix socket.
func startServe(t *testing.T, settings, database string, more ...string) *served {
	t.Helper()
	program := filepath.Join(t.TempDir(), program)
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	socket := socketPath(t)
	s := &served{t: t, url: "http://shop.example.com", client: socketClient(socket)}
	args := append([]string{"serve", "--settings", settings, "--listen", "unix:" + socket, "--host", "shop.example.com", database}, more...)
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	s.cmd.Stderr = s
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill() // Wait reports it
			_ = s.cmd.Wait()
		}
	})
	s.await("/healthz", http.StatusOK)
	return s
}

// socketPath returns a path for a Unix socket, which can have no more than 103 bytes on
// some systems.
func socketPath(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "s") //nolint:usetesting // its folders have long names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(folder, "s")
}

func socketClient(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
}

// get returns status and body; 0 if nothing answers.
func (s *served) get(path string, headers ...string) (status int, body string, header http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w, err := s.client.Do(r)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer w.Body.Close() //nolint:errcheck // a test
	text, _ := io.ReadAll(w.Body)
	return w.StatusCode, string(text), w.Header
}

// awaitLog waits until the log contains a text.
func (s *served) awaitLog(text string) {
	s.t.Helper()
	for range 400 {
		if strings.Contains(s.log(), text) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Fatalf("the log does not contain %q:\n%s", text, s.log())
}

func (s *served) await(path string, status int) {
	s.t.Helper()
	for range 400 {
		if got, _, _ := s.get(path); got == status {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	got, _, _ := s.get(path)
	s.t.Fatalf("%s: status %d, want %d\n%s", path, got, status, s.log())
}

var nginxHeaders = []string{"X-Original-Method", "GET", "X-Original-URI", "/page", "X-Forwarded-Proto", "https"}

func TestServeOverAUnixSocket(t *testing.T) {
	t.Parallel()
	s := startServe(t, siteSettings(t, nil), demoDatabase(t), "--socket-mode", "0600")
	if status, body, header := s.get("/auth/nginx/login", nginxHeaders...); status != http.StatusUnauthorized || header.Get("Location") != "/in/?next=/page" {
		t.Errorf("status %d, %s, %v", status, body, header)
	}
	if status, _, _ := s.get("/user"); status != http.StatusNotFound { // which is for --api alone
		t.Errorf("/user: status %d", status)
	}
	s.await("/readyz", http.StatusOK)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, s.log())
	}
}

func TestServeReplacesTheSocketOfAKilledProcess(t *testing.T) {
	t.Parallel()
	socket := socketPath(t)
	l, err := listenAt("--listen", "unix:"+socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenAt("--listen", "unix:"+socket, 0o600); err == nil {
		t.Error("a socket that is in use is replaced")
	}
	if unix, ok := l.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = listenAt("--listen", "unix:"+socket, 0o640); err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestServeIsNotReadyWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	database := demoDatabase(t)
	s := startServe(t, siteSettings(t, nil), database)
	s.await("/readyz", http.StatusOK)
	change := func(statement string) {
		t.Helper()
		db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(database, nil))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // committed
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	change("ALTER TABLE django_session RENAME TO gone")
	s.await("/readyz", http.StatusServiceUnavailable)
	if status, _, _ := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: status %d", status)
	}
	headers := append([]string{"Cookie", "sessionid=abcdefghijklmnopqrstuvwxyz012345"}, nginxHeaders...)
	if status, _, _ := s.get("/auth/nginx/anonymous", headers...); status != http.StatusServiceUnavailable {
		t.Errorf("a question: status %d", status)
	}
	change("ALTER TABLE gone RENAME TO django_session")
	s.await("/readyz", http.StatusOK)
}

func TestServeFinishesRequestsAtTheEnd(t *testing.T) {
	t.Parallel()
	status, log := 0, ""
	for range 3 { // on a busy machine, the end may come before the request
		if status, log = endDuringRequest(t); status != 0 {
			break
		}
	}
	if status != http.StatusUnauthorized {
		t.Errorf("the request during the end: status %d\n%s", status, log)
	}
}

// endDuringRequest ends the program while a request waits for the database. It returns
// the status of the response, 0 without a response, and the log.
func endDuringRequest(t *testing.T) (status int, log string) {
	t.Helper()
	database := demoDatabase(t)
	s := startServe(t, siteSettings(t, nil), database, "--timeout", "30s")
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(database, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan int)
	go func() {
		status, _, _ := s.get("/auth/nginx/login", append([]string{"Cookie", "sessionid=abcdefghijklmnopqrstuvwxyz012345"}, nginxHeaders...)...)
		answered <- status
	}()
	time.Sleep(time.Second) // it waits for the lock; nothing shows that
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.awaitLog("msg=ending")
	if _, err := db.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	status = <-answered
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, s.log())
	}
	return status, s.log()
}

func TestServeReadsRulesAgain(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"default": {"anonymous": true}}`)
	s := startServe(t, siteSettings(t, nil), demoDatabase(t), "--rules", rules)
	want := func(status int) {
		t.Helper()
		if got, _, _ := s.get("/auth/nginx/anonymous", nginxHeaders...); got != status {
			t.Errorf("status %d, want %d\n%s", got, status, s.log())
		}
	}
	reload := func(text, logged string) {
		t.Helper()
		write(text)
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		s.awaitLog(logged)
	}
	want(http.StatusOK)
	reload(`{"default": {}}`, `msg="settings reloaded"`)
	want(http.StatusUnauthorized)
	reload(`{"default": {"anonimous": true}}`, `msg="settings not reloaded`) // the old rules stay
	want(http.StatusUnauthorized)
}

func TestServeRefusesWrongFlags(t *testing.T) {
	t.Parallel()
	settings, database := siteSettings(t, nil), demoDatabase(t)
	odd := siteSettings(t, map[string]any{"MIDDLEWARE": []string{"shop.middleware.Impersonate"}})
	rules := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(rules, []byte(`{"rootes": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for problem, args := range map[string][]string{
		"--api must be unix":      {"--settings", settings, "--api", "0.0.0.0:0", database},
		"--api must be":           {"--settings", settings, "--api", "localhost:0", database},
		"--socket-mode":           {"--settings", settings, "--socket-mode", "rw", database},
		"--listen":                {"--settings", settings, "--listen", "nowhere", database},
		"--tls-cert and":          {"--settings", settings, "--tls-cert", "a", database},
		"--tls-client-ca":         {"--settings", settings, "--tls-client-ca", "a", database},
		"--tls-cert, --tls-key":   {"--settings", settings, "--tls-cert", "a", "--tls-key", "b", database},
		"--timeout":               {"--settings", settings, "--timeout", "0s", database},
		"--misses":                {"--settings", settings, "--misses", "0", database},
		"--known-middleware":      {"--settings", odd, "--listen", "127.0.0.1:0", database},
		`"rootes"`:                {"--settings", settings, "--listen", "127.0.0.1:0", "--rules", rules, database},
		"--rules":                 {"--settings", settings, "--listen", "127.0.0.1:0", "--rules", "/nowhere", database},
		"DATABASE_URL":            {"--settings", settings, "--listen", "127.0.0.1:0"},
		"missing flags: --settin": {database},
	} {
		var stderr bytes.Buffer
		if status := run(append([]string{"serve"}, args...), strings.NewReader(""), io.Discard, &stderr); status != statusUsage ||
			!strings.Contains(stderr.String(), problem) {
			t.Errorf("%v: status %d, %s", fmt.Sprint(args), status, stderr.String())
		}
	}
}
