package compat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// rotatingSite is a Django under gunicorn and two Go services on one database. The keys
// of Django are in a file that each new worker reads.
type rotatingSite struct {
	project

	tool    string // the program djangosession
	django  *gunicorn
	hangup  *rotatingService // reloads at SIGHUP
	watcher *rotatingService // notices by itself that the file was replaced
}

// rotatingUsers makes the tables and the users of the clients.
const rotatingUsers = `
import django, os, sqlite3, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "rotating.settings"
django.setup()
from django.conf import settings
sqlite3.connect(settings.DATABASES["default"]["NAME"]).execute("PRAGMA journal_mode=WAL")
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
for i in range(int(sys.argv[1])):
    User.objects.create_user(f"user{i}", password="biscuits")
`

func newRotatingSite(t *testing.T, release string, users int, key string) *rotatingSite {
	t.Helper()
	s := &rotatingSite{project: newProject(t, release)}
	s.bin = filepath.Dir(pythonOf(t, "gunicorn", release))
	folder, err := filepath.Abs(filepath.Join("apps", "rotating"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder, filepath.Join(s.dir, "rotating")); err != nil {
		t.Fatal(err)
	}
	s.write("users.py", rotatingUsers)
	s.setKeys(key)
	s.run("python users.py " + strconv.Itoa(users))
	s.export("site.json")
	s.django = s.startGunicorn("rotating.settings")
	programs := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", programs, "./examples/service", "./cmd/djangosession")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.tool = filepath.Join(programs, "djangosession")
	s.hangup = s.startService(filepath.Join(programs, "service"))
	s.watcher = s.startService(filepath.Join(programs, "service"))
	return s
}

// setKeys changes the keys in Django's settings. Workers that run keep theirs.
func (s *rotatingSite) setKeys(keys ...string) {
	s.t.Helper()
	text, err := json.Marshal(keys)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("keys.json", string(text))
}

// export exports Django's settings to a file, as the documentation says.
func (s *rotatingSite) export(file string) {
	s.t.Helper()
	s.write("script.py", djangosession.SettingsScript)
	s.run("(umask 077; DJANGO_SETTINGS_MODULE=rotating.settings python manage.py shell < script.py > " + file + ")")
}

// deploy puts an exported file into its place, and waits until both services have it.
func (s *rotatingSite) deploy(file string) {
	s.t.Helper()
	seen := []int{s.hangup.reloads(), s.watcher.reloads()}
	if err := os.Rename(filepath.Join(s.dir, file), filepath.Join(s.dir, "site.json")); err != nil {
		s.t.Fatal(err)
	}
	if err := s.hangup.Process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	for i, service := range []*rotatingService{s.hangup, s.watcher} {
		s.await("a service reloads its settings", func() bool { return service.reloads() > seen[i] })
	}
}

// rotatingService is examples/service as a process.
type rotatingService struct {
	*exec.Cmd

	url string
	log lockedBuffer
}

func (s *rotatingSite) startService(program string) *rotatingService {
	s.t.Helper()
	service := &rotatingService{}
	service.Cmd = exec.CommandContext(context.WithoutCancel(s.t.Context()), program, "-address", "127.0.0.1:0")
	service.Dir, service.Stderr = s.dir, &service.log
	if err := service.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := errors.Join(service.Process.Signal(syscall.SIGTERM), service.Wait()); err != nil {
			s.t.Errorf("the service ended with %v\n%s", err, service.log.String())
		}
	})
	s.await("the service listens", func() bool {
		lines := bufio.NewScanner(strings.NewReader(service.log.String()))
		for lines.Scan() {
			if _, address, found := strings.Cut(lines.Text(), "address="); found {
				address, _, _ = strings.Cut(address, " ")
				service.url = "http://" + address
			}
		}
		return service.url != ""
	})
	return service
}

// reloads returns how often the service has reloaded its settings.
func (r *rotatingService) reloads() int {
	return strings.Count(r.log.String(), `msg="settings reloaded"`)
}

// rotate runs djangosession rotate with an exported file, and returns the step and the
// exit status.
func (s *rotatingSite) rotate(file string, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.tool, append([]string{"rotate", "--json", "--settings", file, "db.sqlite3"}, args...)...)
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		s.t.Fatal(err)
	}
	var report struct {
		Step string `json:"step"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		s.t.Fatalf("rotate: %v: %s", err, out)
	}
	return fmt.Sprintf("%s %d", report.Step, cmd.ProcessState.ExitCode())
}
