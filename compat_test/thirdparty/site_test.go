package thirdparty

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// environment returns a Python that has Django, and the folder of the third-party
// packages.
var environment = sync.OnceValues(func() ([2]string, error) {
	cmd := exec.Command(filepath.Join("..", "env", "thirdparty"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) < 2 {
		return [2]string{}, errors.Join(errors.New(stderr.String()), err)
	}
	return [2]string(lines[len(lines)-2:]), nil
})

// site is a running Django site with a third-party package.
type site struct {
	url      string // without a slash at the end
	database string
	redis    string // URL of a server for sessions; "" without one
	settings []byte // as SettingsScript prints them
}

// command is a Python program of the site with this package.
func (s *site) command(t *testing.T, packageName, name string, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	python, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	if name == "python" {
		name = python[0]
	}
	cmd = exec.CommandContext(context.WithoutCancel(t.Context()), name, args...) // its input ends with the test, and so does it
	cmd.Dir = "site"
	cmd.Env = append(os.Environ(), "SHOP_PACKAGE="+packageName, "SHOP_DATABASE="+s.database, "SHOP_REDIS="+s.redis,
		"DJANGO_SETTINGS_MODULE=shop.settings", "PYTHONPATH="+python[1], "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore",
		"PATH="+filepath.Dir(python[0])+":"+os.Getenv("PATH"))
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	return cmd, stderr
}

// exportSite exports the settings of the site with this package; see
// site/shop/packages.py.
func exportSite(t *testing.T, packageName string) *site {
	t.Helper()
	return exportSiteOn(t, packageName, "")
}

// exportSiteOn is exportSite, with the URL of a Redis server.
func exportSiteOn(t *testing.T, packageName, redis string) *site {
	t.Helper()
	s := &site{database: filepath.Join(t.TempDir(), "db.sqlite3"), redis: redis}
	export, stderr := s.command(t, packageName, "python", "manage.py", "shell")
	export.Stdin = strings.NewReader(djangosession.SettingsScript)
	var err error
	if s.settings, err = export.Output(); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	return s
}

// startSite is exportSite, and starts the site. It ends with the test.
func startSite(t *testing.T, packageName string) *site {
	t.Helper()
	return startSiteOn(t, packageName, "")
}

// startSiteOn is startSite, with the URL of a Redis server.
func startSiteOn(t *testing.T, packageName, redis string) *site {
	t.Helper()
	s := exportSiteOn(t, packageName, redis)
	server, stderr := s.command(t, packageName, "python", "serve.py")
	in, inErr := server.StdinPipe()
	out, outErr := server.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), server.Wait()); err != nil || t.Failed() {
			t.Logf("Django: %v\n%s", err, stderr)
		}
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("Django does not start: %v", err)
	}
	s.url = "http://127.0.0.1:" + strings.TrimSpace(port)
	return s
}
