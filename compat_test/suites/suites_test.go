package suites

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/release"
)

// suite is a part of Django's tests.
type suite struct {
	name    string
	replace string   // the module of bridge that replaces Django's code with calls to Go
	labels  []string // the tests to run, in the form that Django's runner accepts
	least   int      // the number of tests in the oldest release; fewer means that some were not found
}

// These are the session tests of the database engine. Django's other session tests use
// engines that this module does not have.
var suites = []suite{
	{"sessions_tests", "sessions", []string{
		"sessions_tests.tests.DatabaseSessionTests",
		"sessions_tests.tests.DatabaseSessionWithTimeZoneTests",
		"sessions_tests.tests.CustomDatabaseSessionTests",
		"sessions_tests.tests.SessionMiddlewareTests",
	}, 135},
	{"signing", "signers", []string{"signing.tests"}, 19},
	{"signed_cookies_tests", "cookies", []string{"signed_cookies_tests.tests"}, 7},
}

func releases() []string {
	if names := strings.Fields(os.Getenv("DJANGO_SUITE_RELEASES")); len(names) > 0 {
		return names
	}
	return release.VersionsFor("suites")
}

// lines are the results, printed after all tests to standard output and to the file
// DJANGO_SUITE_REPORT, because "go test ./..." does not show the output of tests that
// pass.
var lines struct {
	sync.Mutex
	texts []string
}

func TestMain(m *testing.M) {
	report := os.Getenv("DJANGO_SUITE_REPORT")
	if report != "" {
		_ = os.Remove(report) // left by an earlier run
	}
	m.Run()
	slices.Sort(lines.texts)
	text := strings.Join(lines.texts, "")
	fmt.Print(text)
	if report != "" {
		if err := os.WriteFile(report, []byte(text), 0o644); err != nil {
			panic(err)
		}
	}
}

func TestDjangosOwnTests(t *testing.T) {
	t.Parallel()
	peer := build(t)
	for _, django := range releases() {
		for _, s := range suites {
			t.Run(django+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				r, output, err := run(t, django, peer, s, "left_out.txt")
				if err != nil {
					t.Errorf("%v\n%s", err, output)
				}
				if r.Ran < s.least {
					t.Errorf("%d tests ran, and every release has at least %d", r.Ran, s.least)
				}
				if r.Ran != r.Passed+len(r.LeftOut) {
					t.Errorf("of %d tests %d passed and %d are left out", r.Ran, r.Passed, len(r.LeftOut))
				}
				for name, reason := range r.LeftOut {
					t.Logf("left out: %s: %s", name, reason)
				}
				lines.Lock()
				defer lines.Unlock()
				lines.texts = append(lines.texts, fmt.Sprintf("django-suite %s %s ran=%d passed=%d left_out=%d\n",
					django, s.name, r.Ran, r.Passed, len(r.LeftOut)))
			})
		}
	}
}

// TestWrongListIsAnError checks that the list of tests left out cannot hide anything.
func TestWrongListIsAnError(t *testing.T) {
	t.Parallel()
	peer := build(t)
	listed := release.VersionsFor("suites")
	newest := listed[len(listed)-1]
	for _, c := range []struct{ name, list, want string }{
		{"a test that passes", "signing.tests.TestSigner.test_sign_unsign all reason\n", "take it off the list"},
		{"a test that is not there", "signing.tests.TestSigner.test_nothing all reason\n", "and not there"},
		{"no list for a test that does not reach Go", "", "without a call to Go"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list := filepath.Join(t.TempDir(), "left_out.txt")
			if err := os.WriteFile(list, []byte(c.list), 0o600); err != nil {
				t.Fatal(err)
			}
			_, output, err := run(t, newest, peer, suites[1], list)
			if err == nil || !strings.Contains(output, c.want) {
				t.Errorf("got %v, and not %q in\n%s", err, c.want, output)
			}
		})
	}
}

// report is the report that bridge/runner.py writes.
type report struct {
	Ran     int               `json:"ran"`
	Passed  int               `json:"passed"`
	LeftOut map[string]string `json:"left_out"` // with the reason
}

// run runs a suite of a release. The error says that a test failed; the output has the
// details.
func run(t *testing.T, django, peer string, s suite, leftOut string) (report, string, error) {
	t.Helper()
	dir := t.TempDir()
	python := lastLine(t, "../env/django", django)
	tests := lastLine(t, "./source", django)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, append([]string{"-m", "bridge", tests, s.replace}, s.labels...)...)
	cmd.WaitDelay = time.Second
	here, pathErr := os.Getwd()
	leftOut, listErr := filepath.Abs(leftOut)
	if err := cmp.Or(pathErr, listErr); err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONPATH="+here, "PYTHONDONTWRITEBYTECODE=1", "BRIDGE_PEER="+peer,
		"BRIDGE_DATABASE="+filepath.Join(dir, "db.sqlite3"), "BRIDGE_LEFT_OUT="+leftOut,
		"BRIDGE_REPORT="+filepath.Join(dir, "report.json"))
	output, err := cmd.CombinedOutput()
	var r report
	data, readErr := os.ReadFile(filepath.Join(dir, "report.json"))
	if readErr == nil {
		readErr = json.Unmarshal(data, &r)
	}
	return r, string(output), cmp.Or(err, readErr)
}

// build compiles the Go half of the bridge.
func build(t *testing.T) string {
	t.Helper()
	peer := filepath.Join(t.TempDir(), "peer")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", peer, "./peer").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return peer
}

// lastLine returns the last line that a program prints.
func lastLine(t *testing.T, program, arg string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, arg)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, arg, err, stderr.String())
	}
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
