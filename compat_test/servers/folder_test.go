package servers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// TestServersStartInALongFolder has a folder for temporary files whose path is longer
// than that of a Unix socket can be.
func TestServersStartInALongFolder(t *testing.T) {
	base, err := os.MkdirTemp("", "long") //nolint:usetesting // PostgreSQL may run as another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(base); err != nil {
			t.Error(err)
		}
	})
	long := filepath.Join(base, strings.Repeat("x", 100))
	for _, folder := range []string{base, long} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", long)
	for _, name := range []string{servers.MariaDB, servers.PostgreSQL} {
		s, err := servers.New(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := s.Remove(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
