package compat_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestMergingInTransactions runs tests of the Django package on servers, in each
// isolation level that a site may set. Their names are those of Django's MySQL backend.
func TestMergingInTransactions(t *testing.T) {
	t.Parallel()
	release := releases()[len(releases())-1]
	for _, product := range serverProducts() {
		for _, level := range []string{"read committed", "repeatable read", "serializable"} {
			t.Run(product+"/"+level, func(t *testing.T) {
				t.Parallel()
				first, replica := newDatabase(t, product).django(), newDatabase(t, product).django()
				first = maps.Clone(first)
				first["OPTIONS"] = map[string]any{"isolation_level": level}
				text, err := json.Marshal(map[string]any{"default": first, "replica": replica})
				if err != nil {
					t.Fatal(err)
				}
				modules := []string{"tests.servers"}
				if level == "read committed" {
					modules = append(modules, "tests.test_merging.DBTests", "tests.test_merging.CachedDBTests", "tests.test_routers")
				}
				cmd := exec.CommandContext(t.Context(), pythonWithCaches(t, release), append([]string{"-m", "unittest"}, modules...)...)
				cmd.Dir = filepath.Join("..", "python")
				cmd.Env = append(os.Environ(), "DJANGOBRIDGE_TEST_DATABASES="+string(text), "PYTHONDONTWRITEBYTECODE=1")
				out, err := cmd.CombinedOutput()
				if err != nil || !regexp.MustCompile(`(?m)^Ran \d+ tests`).Match(out) {
					t.Errorf("%v\n%s", err, out)
				}
				for _, line := range regexp.MustCompile(`(?m)^\w+, [\w ]+: .* answered.*$`).FindAll(out, -1) {
					t.Logf("Django %s on %s", release, line)
				}
			})
		}
	}
}
