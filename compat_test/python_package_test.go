package compat_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// builtWheel is the Django package as pip installs it.
type builtWheel struct {
	name string
	data []byte
}

// wheel builds the Django package once for all tests.
var wheel = sync.OnceValues(func() (built builtWheel, err error) {
	folder, err := os.MkdirTemp("", "djangobridge-wheel-")
	if err != nil {
		return built, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file, err := lastLine(exec.Command(filepath.Join("env", "wheel"), folder)) // it outlives the test that asks first
	if err != nil {
		return built, err
	}
	data, err := os.ReadFile(file)
	return builtWheel{filepath.Base(file), data}, err
})

// lastLine returns the last line that a command prints.
func lastLine(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1], nil
}

// newPackagedProject is a new project in a new virtual environment that has the release
// and the wheel, with the package in INSTALLED_APPS.
func newPackagedProject(t *testing.T, release string) project {
	t.Helper()
	built, err := wheel()
	if err != nil {
		t.Fatalf("no wheel: %v", err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, built.name)
	if err := os.WriteFile(file, built.data, 0o600); err != nil {
		t.Fatal(err)
	}
	python, err := lastLine(exec.CommandContext(t.Context(), filepath.Join("env", "fresh"), release, file, filepath.Join(folder, "env")))
	if err != nil {
		t.Fatalf("no environment: %v", err)
	}
	p := project{t: t, dir: t.TempDir(), bin: filepath.Dir(python)}
	p.startProject()
	settings := filepath.Join(p.dir, "shop", "settings.py")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	p.write("shop/settings.py", string(text)+"\nINSTALLED_APPS += [\"djangobridge\"]\n")
	return p
}

// manage runs manage.py and returns its output, standard error included, and whether it
// succeeded.
func (p project) manage(module, line string) (string, bool) {
	p.t.Helper()
	return p.python(module, "manage.py "+line)
}

// python is manage for any program.
func (p project) python(module, line string) (string, bool) {
	p.t.Helper()
	out := p.run("DJANGO_SETTINGS_MODULE=shop." + module + " python " + line + " 2>&1 && echo EXIT 0 || echo EXIT $?")
	text, status, found := strings.Cut(string(out), "EXIT ")
	if !found {
		p.t.Fatalf("no exit status: %s", out)
	}
	return text, strings.TrimSpace(status) == "0"
}

// variant writes a module of settings that changes those of the project. Python would take
// one that it has compiled, if both are of the same second and size.
func (p project) variant(module, text string) {
	p.t.Helper()
	if err := os.RemoveAll(filepath.Join(p.dir, "shop", "__pycache__")); err != nil {
		p.t.Fatal(err)
	}
	p.write("shop/"+module+".py", "from shop.settings import *\n"+text)
}

// TestThePackageWorksInAFreshEnvironment installs the wheel beside each release.
func TestThePackageWorksInAFreshEnvironment(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			shop := newPackagedProject(t, release)
			t.Run("unit tests", func(t *testing.T) { shop.runUnitTests(t) })
			t.Run("settings", func(t *testing.T) { shop.compareSettings(t) })
			t.Run("changes", func(t *testing.T) { shop.checkChanges(t) })
			t.Run("checks", func(t *testing.T) { shop.compareRefusals(t) })
		})
	}
}

// TestTheWheelContainsThePackageAlone reads the archive.
func TestTheWheelContainsThePackageAlone(t *testing.T) {
	t.Parallel()
	built, err := wheel()
	if err != nil {
		t.Fatalf("no wheel: %v", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(built.data), int64(len(built.data)))
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		folder, name, _ := strings.Cut(f.Name, "/")
		if strings.HasSuffix(folder, ".dist-info") {
			contents[name] = string(text)
		} else if folder != "djangobridge" || strings.Contains(name, "test") || strings.HasSuffix(name, ".pyc") {
			t.Errorf("the wheel contains %s", f.Name)
		}
	}
	license, err := os.ReadFile(filepath.Join("..", "LICENSE"))
	if err != nil || contents["licenses/LICENSE"] != string(license) {
		t.Errorf("the license differs from that of the repository (%v)", err)
	}
	needs := regexp.MustCompile(`(?m)^Requires-(?:Dist|Python): .*$`).FindAllString(contents["METADATA"], -1)
	if want := []string{"Requires-Python: >=3.8", "Requires-Dist: Django>=3.2"}; !slices.Equal(needs, want) {
		t.Errorf("the wheel needs %q, want %q", needs, want)
	}
}

// runUnitTests runs python/tests with the installed package.
func (p project) runUnitTests(t *testing.T) {
	t.Helper()
	p.t = t
	if err := os.CopyFS(filepath.Join(p.dir, "tests"), os.DirFS(filepath.Join("..", "python", "tests"))); err != nil {
		t.Fatal(err)
	}
	out := p.run("python -m unittest discover -s tests -t . 2>&1 && python -c 'import djangobridge; print(djangobridge.__file__)'")
	ran := regexp.MustCompile(`Ran (\d+) tests`).FindSubmatch(out)
	if len(ran) < 2 || len(ran[1]) < 2 || !bytes.Contains(out, []byte("site-packages")) {
		t.Errorf("the tests of the installed package: %s", out)
	}
}

// compareSettings compares the command with the tool's script.
func (p project) compareSettings(t *testing.T) {
	t.Helper()
	p.t = t
	exportedAt := regexp.MustCompile(`"EXPORTED_AT": [0-9.]+`)
	p.variant("other", `
print("noise", end="")
SECRET_KEY_FALLBACKS = ["old"]
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "cache"}}
CSRF_TRUSTED_ORIGINS = {"https://a.example.com", "https://b.example.com", "https://c.example.com"}
`)
	for _, module := range []string{"settings", "other"} {
		fromScript, fromCommand := p.scriptLine(module, false), p.run("DJANGO_SETTINGS_MODULE=shop."+module+" python manage.py djangobridge_settings")
		const marker = `{"DJANGOBRIDGE_SETTINGS":`
		_, script, found := strings.Cut(string(fromScript), marker)
		_, command, foundToo := strings.Cut(string(fromCommand), marker)
		if !found || !foundToo || exportedAt.ReplaceAllString(script, "") != exportedAt.ReplaceAllString(command, "") {
			t.Errorf("%s: the command prints %d bytes that differ from the %d of the script", module, len(command), len(script))
		}
		if _, _, err := djangosession.ReviewSettings(bytes.NewReader(fromCommand)); err != nil {
			t.Errorf("%s: %v", module, err)
		}
	}
}

// checkChanges changes the site after an export.
func (p project) checkChanges(t *testing.T) {
	t.Helper()
	p.t = t
	if out, ok := p.manage("settings", "djangobridge_settings --output site.json"); !ok || out != "" {
		t.Fatalf("export: %s", out)
	}
	if info, err := os.Stat(filepath.Join(p.dir, "site.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	if out, ok := p.manage("settings", "djangobridge_settings --check site.json"); !ok || !strings.Contains(out, "is right") {
		t.Errorf("an unchanged site: %s", out)
	}
	for name, change := range map[string]string{
		"SECRET_KEY":          `SECRET_KEY = "rotated-key"`,
		"SESSION_ENGINE":      `SESSION_ENGINE = "django.contrib.sessions.backends.cache"`,
		"SESSION_COOKIE_NAME": `SESSION_COOKIE_NAME = "shopid"`,
		"MIDDLEWARE":          `MIDDLEWARE += ["django.middleware.locale.LocaleMiddleware"]`,
	} {
		p.variant("changed", change)
		out, ok := p.manage("changed", "djangobridge_settings --check site.json")
		if ok || !strings.Contains(out, "differs") || !strings.Contains(out, name) || strings.Contains(out, "rotated-key") {
			t.Errorf("after %s: succeeded %v: %s", name, ok, out)
		}
	}
}

// compareRefusals compares the checks and the doctor with the review in Go.
func (p project) compareRefusals(t *testing.T) {
	t.Helper()
	p.t = t
	const files = `{"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "cache", ` +
		`"OPTIONS": {"MAX_ENTRIES": 1000000}, "KEY_FUNCTION": "shop.code.key"}}`
	p.write("shop/code.py", `
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as Store


class Serializer:
    pass


class SessionStore(Store):
    def save(self, must_create=False):
        pass


class Router:
    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


def key(key, prefix, version):
    return key
`)
	p.variant("variant", `SESSION_SERIALIZER = "shop.code.Serializer"`)
	if out, ok := p.manage("variant", "check"); !ok || !strings.Contains(out, "djangobridge.W002") {
		t.Errorf("check: %s", out)
	}
	if out, ok := p.manage("variant", "djangobridge_doctor"); ok || !strings.Contains(out, "FAULT session-serializer: ") {
		t.Errorf("doctor: %s", out)
	}
	p.write("all.py", `
import sys

import django
from django.core.management import CommandError, call_command

django.setup()
call_command("djangobridge_settings")
call_command("check")
try:
    call_command("djangobridge_doctor", "--json")
except CommandError:
    sys.exit(1)
`)
	for name, c := range map[string]struct{ settings, id string }{
		"a new project":    {},
		"a serializer":     {settings: `SESSION_SERIALIZER = "shop.code.Serializer"`, id: "W002"},
		"an engine":        {settings: `SESSION_ENGINE = "shop.code"`, id: "W001"},
		"a merging engine": {settings: `SESSION_ENGINE = "djangobridge.sessions.db"`},
		"pickle":           {settings: `SESSION_SERIALIZER = "djangobridge.serializers.PickleSerializer"`},
		"a local cache":    {settings: `SESSION_ENGINE = "django.contrib.sessions.backends.cache"`, id: "W003"},
		"a key function":   {settings: "SESSION_ENGINE = 'django.contrib.sessions.backends.cached_db'\nCACHES = " + files, id: "W004"},
		"a router":         {settings: "DATABASES['replica'] = DATABASES['default']\nDATABASE_ROUTERS = ['shop.code.Router']", id: "W006"},
	} {
		p.variant("variant", c.settings)
		out, healthy := p.python("variant", "all.py")
		_, found, err := djangosession.ReviewSettings(strings.NewReader(out))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, diagnosis, _ := strings.Cut(out, "\n")
		refused := slices.ContainsFunc(found, func(f djangosession.Finding) bool { return f.Refused })
		isFault := strings.Contains(out, "djangobridge.W")
		if refused != (c.id != "") || isFault != refused || healthy == refused || !strings.Contains(out, c.id) {
			t.Errorf("%s: Go refuses: %v\n%s", name, found, diagnosis)
		}
	}
}
