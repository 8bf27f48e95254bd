package compat_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// recordedCSRF contains the requests in Django's own tests of CsrfViewMiddleware, and
// their results.
type recordedCSRF struct {
	Cases   []csrfCase `json:"cases"`
	LeftOut []struct {
		Test string `json:"test"`
		Why  string `json:"why"`
	} `json:"left_out"`
}

func recordCSRF(t *testing.T, release string) recordedCSRF {
	t.Helper()
	source, err := exec.CommandContext(t.Context(), filepath.Join("suites", "source"), release).Output()
	if err != nil {
		t.Fatalf("no tests of Django %s: %v", release, err)
	}
	lines := strings.Split(strings.TrimSpace(string(source)), "\n")
	script, err := filepath.Abs(filepath.Join("peers", "csrf_record.py"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "recorded.json")
	cmd := exec.CommandContext(t.Context(), python(t, release), script, lines[len(lines)-1], out)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("Django's tests: %v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r recordedCSRF
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCSRFAnswersDjangosOwnTestsAsDjango runs Django's csrf_tests and sends each of their
// requests to Go. Go accepts or refuses it with the same words and stores the same
// values.
func TestCSRFAnswersDjangosOwnTestsAsDjango(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			r := recordCSRF(t, release)
			const least = 100 // Django 3.2 has as many
			if len(r.Cases) < least {
				t.Errorf("%d requests were recorded, and every release has at least %d", len(r.Cases), least)
			}
			equal := 0
			for i := range r.Cases {
				c := &r.Cases[i]
				got := c.serve(t, release)
				got.JudgedOnly = c.Outcome.JudgedOnly
				if got, want := c.describe(got), c.describe(c.Outcome); got != want {
					t.Errorf("%s: %s %q %q, with %v:\n%s\nwant\n%s", c.Test, c.Method, c.Headers, c.Body, c.Settings, got, want)
					continue
				}
				equal++
			}
			for _, left := range r.LeftOut {
				t.Logf("left out: %s: %s", left.Test, left.Why)
			}
			t.Logf("recorded=%d equal=%d left_out=%d", len(r.Cases)+len(r.LeftOut), equal, len(r.LeftOut))
		})
	}
}
