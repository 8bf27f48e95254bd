package compat_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestReaderInFixturesReadmeReadsTheFixtures runs the Python program of
// fixtures/README.md on the files, and on one whose signatures are wrong.
func TestReaderInFixturesReadmeReadsTheFixtures(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../fixtures/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(readme), "```python\n")
	program, _, found := strings.Cut(program, "```")
	if !found {
		t.Fatal("fixtures/README.md has no Python program")
	}
	for salt, want := range map[string]bool{`"signer"`: true, `"another"`: false} {
		cmd := exec.CommandContext(t.Context(), "python3", "-c", strings.Replace(program, `"signer"`, salt, 1))
		cmd.Dir = "../fixtures"
		if out, err := cmd.CombinedOutput(); (err == nil) != want {
			t.Errorf("salt %s: %v\n%s", salt, err, out)
		}
	}
}
