package djangosession

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestThePythonPackageKnowsTheSameHarmlessNames compares the lists of its doctor with
// those of the review.
func TestThePythonPackageKnowsTheSameHarmlessNames(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "python", "djangobridge", "review", "harmless.py"))
	if err != nil {
		t.Fatal(err)
	}
	store, model, manager := harmlessOverrides()
	userModel, userManager := harmlessUserOverrides()
	for name, want := range map[string][]string{
		"STORE": store, "SESSION_MODEL": model, "SESSION_MANAGER": manager, "USER_MODEL": userModel, "USER_MANAGER": userManager,
	} {
		found := regexp.MustCompile(`(?s)\n` + name + ` = """(.*?)"""`).FindSubmatch(text)
		if found == nil {
			t.Errorf("no list %s", name)
			continue
		}
		got := strings.Fields(string(found[1]))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
