package compat_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serviceDjango makes the tables and a user, logs the user in, and prints the session
// key.
const serviceDjango = `
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
from django.test import Client
User.objects.create_user("anne", "anne@example.com", "biscuits")
client = Client()
assert client.login(username="anne", password="biscuits")
print(client.cookies["sessionid"].value)
`

// serviceCart prints what Django finds in the session of the user who is logged in.
const serviceCart = `
import django, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
request = HttpRequest()
request.session = import_module(settings.SESSION_ENGINE).SessionStore(sys.argv[1])
print(get_user(request).get_username(), request.session.get("cart"))
`

// exampleService is examples/service as a process, and a browser.
type exampleService struct {
	*exec.Cmd
	http.Client

	t   *testing.T
	url string
}

// startService starts examples/service in the folder of a site, and logs a browser in.
func startService(t *testing.T, program, dir, key string, flags ...string) *exampleService {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append(flags, "-address", "127.0.0.1:0")...)
	cmd.Dir = dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &exampleService{Cmd: cmd, t: t}
	lines, output := bufio.NewScanner(stderr), strings.Builder{}
	for s.url == "" && lines.Scan() {
		output.WriteString(lines.Text() + "\n")
		if _, address, found := strings.Cut(lines.Text(), "address="); found {
			address, _, _ = strings.Cut(address, " ")
			s.url = "http://" + address
		}
	}
	if s.url == "" {
		t.Fatalf("the service does not start: %v\n%s", cmd.Wait(), output.String())
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	if s.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	s.Jar.SetCookies(at, []*http.Cookie{{Name: "sessionid", Value: key}})
	s.Timeout = time.Minute
	return s
}

// ask sends a form, or asks for the page without one, and follows redirects.
func (s *exampleService) ask(path string, form url.Values) (status int, body string) {
	s.t.Helper()
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// end ends the service as an operator does.
func (s *exampleService) end() {
	s.t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		s.t.Errorf("the service ends with %v", err)
	}
}

// TestExampleServiceWorksBesideDjango starts examples/service beside a new project, with
// the settings that the project exports.
func TestExampleServiceWorksBesideDjango(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "service")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./examples/service")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, release)
			shop.write("setup.py", serviceDjango)
			shop.write("cart.py", serviceCart)
			key := strings.TrimSpace(string(shop.run("python setup.py")))
			shop.write("site.json", string(shop.scriptLine("settings", false)))
			sees := func(want string) {
				t.Helper()
				if got := strings.TrimSpace(string(shop.run("python cart.py " + key))); got != want {
					t.Errorf("Django sees %s, want %s", got, want)
				}
			}

			s := startService(t, program, shop.dir, key)
			status, page := s.ask("/", nil)
			token := regexp.MustCompile(`name="csrfmiddlewaretoken" value="(\w+)"`).FindStringSubmatch(page)
			if status != http.StatusOK || !strings.Contains(page, "Hello, anne") || token == nil {
				t.Fatalf("status %d: %s", status, page)
			}
			if status, _ := s.ask("/cart", url.Values{"item": {"tea"}}); status != http.StatusForbidden {
				t.Errorf("a form without a token: status %d", status)
			}
			sees("anne None")
			form := url.Values{"item": {"tea"}, "csrfmiddlewaretoken": {token[1]}}
			if status, page := s.ask("/cart", form); status != http.StatusOK || !strings.Contains(page, "tea: 1") {
				t.Errorf("a form with a token: status %d: %s", status, page)
			}
			sees("anne {'tea': 1}")
			s.end()

			s = startService(t, program, shop.dir, key, "-read-only")
			if status, page := s.ask("/", nil); status != http.StatusOK || !strings.Contains(page, "Hello, anne") ||
				!strings.Contains(page, "tea: 1") || strings.Contains(page, "<form") {
				t.Errorf("read only: status %d: %s", status, page)
			}
			if status, _ := s.ask("/cart", form); status < http.StatusBadRequest {
				t.Errorf("read only: a form: status %d", status)
			}
			sees("anne {'tea': 1}")
			s.end()

			if err := os.Remove(filepath.Join(shop.dir, "db.sqlite3")); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Dir = shop.dir
			if out, err := cmd.CombinedOutput(); err == nil {
				t.Errorf("the service runs without a database: %s", out)
			}
		})
	}
}
