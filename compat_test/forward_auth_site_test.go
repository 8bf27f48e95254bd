package compat_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

// guardedSite is a Django site, a service in Python that relies on the headers of a user,
// and djangosession serve.
type guardedSite struct {
	t        *testing.T
	dir      string
	database string
	settings string            // a file
	sessions map[string]string // keys, by what they are
	django   string            // addresses
	service  string
	auth     string
	serve    *process
	stdin    io.Writer // of Django
	stdout   *bufio.Reader
}

// process is a program that ends with the test.
type process struct {
	*exec.Cmd

	output *lockedBuffer
	ended  chan error
}

// run starts a program.
func run(t *testing.T, dir, program string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(context.WithoutCancel(t.Context()), program, args...), output: &lockedBuffer{}, ended: make(chan error, 1)}
	p.Dir, p.Stdout, p.Stderr = dir, p.output, p.output
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Signal(syscall.SIGTERM) // it may have ended
		overdue := time.AfterFunc(10*time.Second, func() { _ = p.Process.Kill() })
		defer overdue.Stop()
		if err := <-p.ended; err != nil {
			t.Logf("%s: %v", filepath.Base(program), err)
		}
		if t.Failed() {
			t.Logf("%s:\n%.4000s", filepath.Base(program), p.output.String())
		}
	})
	return p
}

// newGuardedSite starts all of them. more are flags of djangosession serve.
func newGuardedSite(t *testing.T, more ...string) *guardedSite {
	t.Helper()
	dir := t.TempDir()
	s := &guardedSite{t: t, dir: dir, database: filepath.Join(dir, "db.sqlite3"), settings: filepath.Join(dir, "site.json")}
	s.startDjango()
	interpreter := python(t, release.VersionsFor("single")[0])
	s.service = freeAddress(t)
	host, port, found := strings.Cut(s.service, ":")
	if !found {
		t.Fatal(s.service)
	}
	run(t, dir, interpreter, absolute(t, "../examples/forward-auth/service.py"), host, port)
	s.startServe(more...)
	await(t, s.service)
	return s
}

func (s *guardedSite) startDjango() {
	s.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), python(s.t, release.VersionsFor("single")[0]),
		filepath.Join("peers", "forward_auth_peer.py"), s.database)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			s.t.Errorf("Django: %v\n%s", err, stderr.String())
		}
	})
	s.stdin, s.stdout = in, bufio.NewReader(out)
	if _, err := io.WriteString(in, djangosession.SettingsScript+"\nEND\n"); err != nil {
		s.t.Fatal(err)
	}
	var begun struct {
		Port     int               `json:"port"`
		Settings string            `json:"settings"`
		Sessions map[string]string `json:"sessions"`
	}
	line, err := s.stdout.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &begun)
	}
	if err == nil {
		err = os.WriteFile(s.settings, []byte(begun.Settings), 0o600)
	}
	if err != nil {
		s.t.Fatalf("Django does not start: %v\n%s", err, stderr.String())
	}
	s.django, s.sessions = "127.0.0.1:"+strconv.Itoa(begun.Port), begun.Sessions
}

// deactivate has Django deactivate a user.
func (s *guardedSite) deactivate(user string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.stdin, user); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.stdout.ReadString('\n'); err != nil {
		s.t.Fatal(err)
	}
}

func (s *guardedSite) startServe(more ...string) {
	s.t.Helper()
	program := filepath.Join(s.dir, "djangosession")
	build := exec.CommandContext(s.t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./cmd/djangosession")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	s.auth = freeAddress(s.t)
	s.serve = run(s.t, s.dir, program, append([]string{
		"serve", "--settings", s.settings, "--listen", s.auth, "--rules", absolute(s.t, "../examples/forward-auth/rules.json"), s.database,
	}, more...)...)
	await(s.t, s.auth)
}

// front starts a proxy of env/proxies with the configuration in examples/forward-auth,
// and returns its address.
func (s *guardedSite) front(name string) string {
	s.t.Helper()
	program := proxyProgram(s.t, name)
	address := freeAddress(s.t) // late, because another program could take it
	port := portOf(address)
	s.copyExample(strings.NewReplacer(
		"127.0.0.1:8788", s.auth, "127.0.0.1:8000", s.django, "127.0.0.1:9000", s.service, "127.0.0.1:8080", address,
		"shop.example.com:8080", "localhost:"+port, "shop.example.com", "localhost",
		"port_value: 8788", "port_value: "+portOf(s.auth), "port_value: 8000", "port_value: "+portOf(s.django),
		"port_value: 9000", "port_value: "+portOf(s.service), "port_value: 8080", "port_value: "+port,
		"events {}", "events {}\ndaemon off;\npid "+s.dir+"/nginx.pid;\nerror_log stderr;\n",
		"http {\n", "http {\n"+nginxFolders(s.dir),
		"filename: traefik-routes.yaml", "filename: "+s.dir+"/traefik-routes.yaml",
	))
	file := func(name string) string { return filepath.Join(s.dir, name) }
	args := map[string][]string{
		"nginx":   {"-p", s.dir, "-c", file("nginx.conf")},
		"caddy":   {"run", "--adapter", "caddyfile", "--config", file("Caddyfile")},
		"traefik": {"--configFile=" + file("traefik.yaml")},
		"envoy":   {"--config-path", file("envoy.yaml"), "--log-level", "error", "--use-dynamic-base-id", "--concurrency", "1"},
	}[name]
	run(s.t, s.dir, program, args...)
	await(s.t, address)
	for range 1200 { // until the routes are there
		if w := s.send(address, "GET /reports/ HTTP/1.1"); w.status == http.StatusFound {
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%s does not ask: %d", name, s.send(address, "GET /reports/ HTTP/1.1").status)
	return ""
}

// nginxFolders keeps nginx out of the machine's folders.
func nginxFolders(dir string) string {
	var lines strings.Builder
	lines.WriteString("access_log off;\n")
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&lines, "%s_temp_path %s/nginx-%s;\n", kind, dir, kind)
	}
	return lines.String()
}

func (s *guardedSite) copyExample(replace *strings.Replacer) {
	s.t.Helper()
	for _, name := range []string{
		"nginx.conf", "auth-question.conf", "auth-answer.conf", "Caddyfile", "traefik.yaml", "traefik-routes.yaml", "envoy.yaml",
	} {
		text, err := os.ReadFile(filepath.Join("..", "examples", "forward-auth", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(s.dir, name), []byte(replace.Replace(string(text))), 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func proxyProgram(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join("env", "proxies"), python(t, release.VersionsFor("single")[0]))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no proxies: %v\n%s", err, stderr.String())
	}
	for program := range strings.FieldsSeq(string(out)) {
		if filepath.Base(program) == name {
			return program
		}
	}
	t.Fatalf("no %s", name)
	return ""
}

// reply is what a client gets.
type reply struct {
	status   int
	location string
	body     string
}

// send sends a request as it is written: the request line, and header lines.
func (s *guardedSite) send(address, line string, headers ...string) reply {
	s.t.Helper()
	c, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a test
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	lines := append([]string{line, "Host: localhost:" + portOf(address), "Connection: close"}, headers...)
	if strings.Contains(strings.Join(headers, "\n"), "Host: ") {
		lines = append([]string{line, "Connection: close"}, headers...)
	}
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		return reply{} // refused before its end
	}
	w, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return reply{}
	}
	defer w.Body.Close() //nolint:errcheck // a test
	body, _ := io.ReadAll(w.Body)
	return reply{status: w.StatusCode, location: w.Header.Get("Location"), body: string(body)}
}

// user returns whom the service takes the client for; "" if the request did not reach it.
func (r reply) user() string {
	_, after, found := strings.Cut(r.body, `<p id="user">`)
	if !found {
		return ""
	}
	user, _, _ := strings.Cut(after, "<")
	return user
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test
	return l.Addr().String()
}

func portOf(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return port
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// await waits until something listens at an address.
func await(t *testing.T, address string) {
	t.Helper()
	for range 1200 { // a minute
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close() // nothing was sent
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens at %s", address)
}
