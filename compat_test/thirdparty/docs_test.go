package thirdparty

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedOptionsAreTheTestedOnes holds that docs/works-with.md shows the options
// that the tests use, and links to tests that exist.
func TestDocumentedOptionsAreTheTestedOnes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "works-with.md"))
	if err != nil {
		t.Fatal(err)
	}
	options, err := os.ReadFile("options_test.go")
	if err != nil {
		t.Fatal(err)
	}
	functions := 0
	for part := range strings.SplitSeq(string(options), "\nfunc ") {
		body, _, found := strings.Cut(part, "\n}\n")
		if !found {
			continue // what comes before the first one
		}
		functions++
		if !strings.Contains(string(page), "```go\nfunc "+body+"\n}\n```") {
			t.Errorf("works-with.md does not show\n%s", body)
		}
	}
	if functions < 5 {
		t.Fatalf("%d functions in options_test.go", functions)
	}
	for _, link := range regexp.MustCompile("\\[`(\\w+)`\\]\\(\\.\\./compat_test/thirdparty/(\\w+\\.go)\\)").FindAllSubmatch(page, -1) {
		text, err := os.ReadFile(string(link[2]))
		if err != nil || !bytes.Contains(text, link[1]) {
			t.Errorf("%s is not in %s: %v", link[1], link[2], err)
		}
	}
}
