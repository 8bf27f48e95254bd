package auth

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestThePythonPackageKnowsTheSameMiddlewares compares the list of its doctor with the
// one of this package.
func TestThePythonPackageKnowsTheSameMiddlewares(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "python", "djangobridge", "review", "harmless.py"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("middlewares.go")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)MIDDLEWARES = """(.*?)"""`).FindSubmatch(text)
	if list == nil {
		t.Fatal("no list")
	}
	names := strings.Fields(string(list[1]))
	for _, name := range names {
		if !harmless(name) {
			t.Errorf("%s is harmless for the Python package only", name)
		}
	}
	for _, quoted := range regexp.MustCompile(`"([a-z_]\w*(?:\.\w+)+Middleware)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(names, quoted[1]) {
			t.Errorf("%s is harmless for Go only", quoted[1])
		}
	}
}
