package compat_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/release"
)

// releases returns the Django releases to test against: DJANGO_RELEASES, or the one for
// tests that need only one.
func releases() []string {
	names := strings.Fields(os.Getenv("DJANGO_RELEASES"))
	if len(names) == 0 {
		names = release.VersionsFor("single")
	}
	return names
}

// python returns an interpreter that has this Django release, and installs it if missing.
func python(t *testing.T, django string) string {
	t.Helper()
	return pythonOf(t, "django", django)
}

// pythonWithCaches is python, with the packages for Redis and memcached.
func pythonWithCaches(t *testing.T, django string) string {
	t.Helper()
	return pythonOf(t, "caches", django)
}

// pythonOf returns the interpreter that a script in env prints.
func pythonOf(t *testing.T, script, django string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join("env", script), django)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no Django %s: %v\n%s", django, err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
