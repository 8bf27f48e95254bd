package suites

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
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

// suite is a set of Django's tests that one process runs.
type suite struct {
	name    string
	replace string // the module of bridge that replaces Django's code with calls to Go
	label   string // the tests to run, in the form that Django's runner accepts, separated by spaces
	parts   []part
}

// part is a part of a suite with a line of its own in the results.
type part struct {
	name   string
	least  int      // the number of tests in the oldest release; fewer means that some were not found
	labels []string // which tests of the suite belong to the part
}

// has reports whether a test, such as "signing.tests.TestSigner.test_signature", belongs
// to the part.
func (p *part) has(test string) bool {
	return slices.ContainsFunc(p.labels, func(label string) bool { return strings.HasPrefix(test, label+".") })
}

var suites = []suite{
	{"sessions_tests", "sessions", "sessions_tests.tests", []part{
		{"sessions_tests/db", 135, sessionTests("DatabaseSession", "DatabaseSessionWithTimeZone", "CustomDatabaseSession", "SessionMiddleware")},
		{"sessions_tests/cached_db", 80, sessionTests("CacheDBSession", "CacheDBSessionWithTimeZone")},
		{"sessions_tests/cache", 38, sessionTests("CacheSession")},
		{"sessions_tests/file", 78, sessionTests("FileSession", "FileSessionPathLib")},
		{"sessions_tests/signed_cookies", 36, sessionTests("CookieSession")},
		{"sessions_tests/base", 1, sessionTests("ClearSessionsCommand", "SessionBase")},
	}},
	{"signing", "signers", "signing.tests", []part{{"signing", 19, []string{"signing.tests"}}}},
	{"messages_tests", "messages", "messages_tests.test_cookie.CookieTests messages_tests.test_session.SessionTests " +
		"messages_tests.test_fallback.FallbackTests messages_tests.test_mixins", []part{
		{"messages_tests/cookie", 30, messagesTests("Cookie")},
		{"messages_tests/session", 25, messagesTests("Session")},
		{"messages_tests/fallback", 30, messagesTests("Fallback")},
		{"messages_tests/mixins", 2, []string{"messages_tests.test_mixins"}},
	}},
	{"auth_tests/hashers", "hashers", "auth_tests.test_hashers", []part{{"auth_tests/hashers", 45, []string{"auth_tests.test_hashers"}}}},
	{"auth_tests/tokens", "tokens", "auth_tests.test_tokens", []part{{"auth_tests/tokens", 10, []string{"auth_tests.test_tokens"}}}},
	{"signed_cookies_tests", "cookies", "signed_cookies_tests.tests", []part{{"signed_cookies_tests", 7, []string{"signed_cookies_tests.tests"}}}},
}

// messagesTests returns the labels of classes in Django's message tests, each of a module
// of the same name.
func messagesTests(names ...string) []string {
	for i, name := range names {
		names[i] = "messages_tests.test_" + strings.ToLower(name) + "." + name + "Tests"
	}
	return names
}

// sessionTests returns the labels of classes in Django's session tests.
func sessionTests(names ...string) []string {
	for i, name := range names {
		names[i] = "sessions_tests.tests." + name + "Tests"
	}
	return names
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
				for name, reason := range r.LeftOut {
					t.Logf("left out: %s: %s", name, reason)
				}
				counted := 0
				for _, p := range s.parts {
					ran, passed, leftOut := r.of(&p)
					counted += ran
					if ran < p.least {
						t.Errorf("%s: %d tests ran, and every release has at least %d", p.name, ran, p.least)
					}
					if ran != passed+leftOut {
						t.Errorf("%s: of %d tests %d passed and %d are left out", p.name, ran, passed, leftOut)
					}
					lines.Lock()
					lines.texts = append(lines.texts, fmt.Sprintf("django-suite %s %s ran=%d passed=%d left_out=%d\n",
						django, p.name, ran, passed, leftOut))
					lines.Unlock()
				}
				if counted != len(r.Ran) {
					t.Errorf("of %d tests %d belong to a part", len(r.Ran), counted)
				}
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
	Ran     []string          `json:"ran"`
	Passed  []string          `json:"passed"`
	LeftOut map[string]string `json:"left_out"` // with the reason
}

// of counts the tests of a part.
func (r *report) of(p *part) (ran, passed, leftOut int) {
	count := func(tests iter.Seq[string]) (n int) {
		for test := range tests {
			if p.has(test) {
				n++
			}
		}
		return n
	}
	return count(slices.Values(r.Ran)), count(slices.Values(r.Passed)), count(maps.Keys(r.LeftOut))
}

// run runs a suite of a release. The error says that a test failed; the output has the
// details.
func run(t *testing.T, django, peer string, s suite, leftOut string) (report, string, error) {
	t.Helper()
	dir := inMemory(t)
	python := lastLine(t, "../env/hashers", django)
	tests := lastLine(t, "./source", django)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, append([]string{"-m", "bridge", tests, s.replace}, strings.Fields(s.label)...)...)
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

// inMemory returns a temporary folder, if possible of a file system in memory. The tests
// wait for the disk most of their time otherwise.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "djangobridge-suites") //nolint:usetesting // t.TempDir is on the disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// build compiles the Go half of the bridge.
func build(t *testing.T) string {
	t.Helper()
	peer := filepath.Join(t.TempDir(), "peer")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", peer, "./peer").CombinedOutput(); err != nil {
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
