package djangobridge_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An export of settings writes a file with SECRET_KEY.
var export = regexp.MustCompile(`manage\.py shell\b.*> *\S+`)

// TestExportsAreKeptFromOtherUsers checks that each shown command that exports settings
// sets the umask. Windows has none.
func TestExportsAreKeptFromOtherUsers(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range slices.Concat(markdownFiles(t), repositoryFiles(t, ".go")) {
		for line := range strings.Lines(readFile(t, file)) {
			if !export.MatchString(line) || strings.Contains(line, "cmd /c") {
				continue
			}
			found++
			if !strings.Contains(line, "(umask 077; ") {
				t.Errorf("%s: other users can read the file: %s", file, strings.TrimSpace(line))
			}
		}
	}
	if found < 15 {
		t.Errorf("found %d exports only", found)
	}
}
