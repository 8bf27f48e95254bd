package compat_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestToolOnEachDatabase lists, shows, deletes and clears Django's sessions from the
// command line.
func TestToolOnEachDatabase(t *testing.T) {
	t.Parallel()
	tool := filepath.Join(t.TempDir(), "djangosession")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", tool, "./cmd/djangosession")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			all := releases()
			p := newPair(t, all[len(all)-1], newDatabase(t, product), func(*djangosession.Settings) {})
			url := productNamed(product).url(p.base)
			run := func(status int, args ...string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), tool, args...)
				cmd.Env = append(os.Environ(), "DJANGO_SECRET_KEY="+p.sessions.Settings().SecretKey)
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				err := cmd.Run()
				if got := cmd.ProcessState.ExitCode(); got != status {
					t.Fatalf("%v: status %d, want %d (%v)\n%s", args, got, status, err, out.String())
				}
				return out.String()
			}
			key := p.django.text(t, "create", map[string]any{"values": map[string]any{"_auth_user_id": "7", "cart": "tea"}})
			expired := p.django.text(t, "create", map[string]any{"values": map[string]any{"_auth_user_id": "8"}})
			p.django.do(t, "set_expiry", map[string]any{"key": expired, "seconds": -100})
			if list := run(0, "sessions", "list", "--json", "--full-keys", url); strings.Count(list, "\n") != 2 ||
				!strings.Contains(list, key) || !strings.Contains(list, expired) {
				t.Errorf("listed\n%s", list)
			}
			if shown := run(0, "sessions", "show", "--json", url, key); !strings.Contains(shown, `"cart":"tea"`) {
				t.Errorf("shown\n%s", shown)
			}
			run(0, "clearsessions", url)
			if n := p.django.do(t, "count", nil); n != int64(1) {
				t.Errorf("%v sessions are left after clearing", n)
			}
			run(0, "sessions", "delete", url, "--user", "7")
			if n := p.django.do(t, "count", nil); n != int64(0) {
				t.Errorf("%v sessions are left after deleting the user's", n)
			}
			if said := run(1, "sessions", "list", "--table", "no_such_table", url); !strings.Contains(said, "does not exist") {
				t.Errorf("without a table: %s", said)
			}
		})
	}
}
