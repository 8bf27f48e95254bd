package compat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// doctorTool builds the tool once.
var doctorTool = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "djangobridge-doctor")
	if err != nil {
		return "", err
	}
	tool := filepath.Join(dir, "djangosession")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", tool, "./cmd/djangosession")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return tool, err
})

// diagnosis is a finding as the command prints it.
type diagnosis struct {
	Check   string `json:"check"`
	Level   string `json:"level"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

func (d diagnosis) String() string {
	return d.Level + " " + d.Check + ": " + d.Problem + " " + d.Remedy
}

// late reports whether the doctor had no time for a check.
func (d diagnosis) late() bool {
	for _, words := range []string{"answer in time", "deadline exceeded", "i/o timeout"} {
		if strings.Contains(d.Problem, words) {
			return true
		}
	}
	return false
}

// diagnose runs the doctor on the site of a project. It does so again if something did
// not answer in time: the doctor waits 1.5 s for each answer, and a busy machine may need
// longer.
func diagnose(t *testing.T, f *front, args ...string) []diagnosis {
	t.Helper()
	found := diagnoseOnce(t, f, args...)
	for range 4 {
		if !slices.ContainsFunc(found, diagnosis.late) {
			break
		}
		t.Logf("the doctor had no time, and runs again: %v", found)
		found = diagnoseOnce(t, f, args...)
	}
	return found
}

func diagnoseOnce(t *testing.T, f *front, args ...string) []diagnosis {
	t.Helper()
	tool, err := doctorTool()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tool, append([]string{"doctor", "--settings", "site.json", "--json"}, args...)...)
	cmd.Dir = f.shop.dir
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err = cmd.Run()
	status := cmd.ProcessState.ExitCode()
	var answer struct {
		OK       bool        `json:"ok"`
		Findings []diagnosis `json:"findings"`
	}
	if json.Unmarshal(out.Bytes(), &answer) != nil || status != map[bool]int{true: 0, false: 1}[answer.OK] {
		t.Fatalf("status %d, %v\n%s\n%s", status, err, out.String(), stderr.String())
	}
	for _, d := range answer.Findings {
		if d.Check == "" || d.Problem == "" || d.Level != "ok" && d.Remedy == "" {
			t.Errorf("incomplete: %s", d)
		}
		for _, secret := range []string{doctorSecret, "doctor-password"} {
			if strings.Contains(d.String(), secret) {
				t.Errorf("a secret in %s", d.Check)
			}
		}
	}
	return answer.Findings
}

const doctorSecret = "doctor-secret-key"

// doctorSettings are those of a site in production.
const doctorSettings = `
SECRET_KEY = "doctor-secret-key"
DEBUG = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = ["https://shop.test"]
`

// doctorSite makes a site with these settings, two users and some sessions of each kind,
// exports its settings, and makes more sessions afterwards.
func doctorSite(t *testing.T, product, settings string) *front {
	t.Helper()
	return doctorSiteOn(t, newDatabase(t, product), settings)
}

func doctorSiteOn(t *testing.T, base *database, settings string) *front {
	t.Helper()
	f := &front{shop: newProject(t, "5.2.19"), base: base}
	f.shop.bin = filepath.Dir(pythonWithCaches(t, "5.2.19"))
	f.shop.write("shop/__init__.py", frontDriver)
	entry, err := json.Marshal(base.django())
	if err != nil {
		t.Fatal(err)
	}
	f.shop.write("shop/front.py", fmt.Sprintf("from shop.settings import *\nALLOWED_HOSTS = [\"shop.test\"]\nDATABASES = "+
		"{\"default\": %s}\n", entry)+
		doctorSettings+settings)
	f.shop.write("doctor.py", doctorDjango)
	f.django("python doctor.py migrate")
	f.django("python doctor.py sessions")
	f.export(t)
	f.django("python doctor.py sessions")
	return f
}

// export writes the settings file.
func (f *front) export(t *testing.T) {
	t.Helper()
	f.shop.write("site.json", string(f.shop.scriptLine("front", false)))
	if err := os.Chmod(f.file(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// url is the database on the command line.
func (d *database) url() string { return productNamed(d.product).url(d) }

// doctorDjango is what Django does in these tests.
const doctorDjango = `
import django, os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.front")
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
if sys.argv[1] == "migrate":
    call_command("migrate", run_syncdb=True, verbosity=0)
    User = get_user_model()
    for name in ("anne", "bert"):
        User.objects.create_user(name, password="tea time")
if sys.argv[1] == "sessions":
    Store = import_module(settings.SESSION_ENGINE).SessionStore
    for n in range(5):
        session = Store()
        session["cart"] = {"tea": n}
        session.create()
        client = Client()
        assert client.login(username=("anne", "bert")[n % 2], password="tea time")
`

// TestDoctorFindsNothingInHealthySites examines sites on different engines.
func TestDoctorFindsNothingInHealthySites(t *testing.T) {
	t.Parallel()
	type healthySite struct {
		name, product, settings string
		durable                 string // a statement that makes the test's server sync
		notes                   []string
	}
	engine := func(name string) string {
		return "SESSION_ENGINE = \"django.contrib.sessions.backends." + name + "\"\n"
	}
	all := []healthySite{
		{name: "db", product: "sqlite"},
		{name: "db", product: "postgresql", durable: "ALTER DATABASE %s SET synchronous_commit = on"},
		{name: "db", product: "mariadb", durable: "SET GLOBAL innodb_flush_log_at_trx_commit = 1"},
		{
			name: "cached_db", product: "postgresql", durable: "ALTER DATABASE %s SET synchronous_commit = on",
			settings: engine("cached_db") + oneCache("redis.RedisCache", "redis://"+newRedis(t, "--appendonly", "yes").Addr()+"/1"),
		},
		{
			name: "cache", product: "sqlite", settings: engine("cache") + oneCache("memcached.PyMemcacheCache", memcacheds(t,
				1)[0].Addr()),
			notes: []string{"sessions-decode", "cache-persistence", "logins"},
		},
		{name: "file", product: "sqlite", settings: engine("file") + fmt.Sprintf("SESSION_FILE_PATH = %q\n", privateFolder(t))},
		{name: "signed_cookies", product: "sqlite", settings: engine("signed_cookies"), notes: []string{"sessions-decode"}},
	}
	for _, c := range all {
		t.Run(c.name+" on "+c.product, func(t *testing.T) {
			t.Parallel()
			base := newDatabase(t, c.product)
			if c.product == "mariadb" { // whose setting is that of the server
				base = databaseOn(t, ownServer(t, servers.MariaDB))
			}
			f := doctorSiteOn(t, base, c.settings)
			if c.durable != "" {
				f.base.run(t, strings.ReplaceAll(c.durable, "%s", f.base.name))
			}
			for _, d := range diagnose(t, f, f.base.url()) {
				if d.Level != "ok" && (d.Level != "note" || !slices.Contains(c.notes, d.Check)) {
					t.Errorf("%s", d)
				}
			}
		})
	}
}

// privateFolder is a folder that only its owner can use.
func privateFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a statement.
func (d *database) run(t *testing.T, statements ...string) {
	t.Helper()
	db := d.open(t)
	defer db.Close() //nolint:errcheck // a database in use cannot be copied
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
}
