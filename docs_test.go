package djangobridge_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/forwardauth"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

var (
	fencedCode   = regexp.MustCompile("(?ms)^ *```[^`].*?\n *```$")
	inlineCode   = regexp.MustCompile("``[^`]+``|`[^`\n]+`")
	markdownLink = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]+)\)`)
	testFunction = regexp.MustCompile("^`?((?:Test|Example|Fuzz|Benchmark)[A-Z0-9_]*\\w*)`?$")
	heading      = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// TestLinksInMarkdownLeadSomewhere checks that each relative link names a file and a
// heading that exist, and that each link named after a test leads to the file that
// contains it.
func TestLinksInMarkdownLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range markdownFiles(t) {
		found, broken := checkLinks(file, readFile(t, file))
		links += found
		for _, complaint := range broken {
			t.Error(complaint)
		}
	}
	if links < 50 {
		t.Errorf("found %d links only", links)
	}
}

// TestEachDifferenceHasATest checks that each row of docs/differences.md links to a test.
func TestEachDifferenceHasATest(t *testing.T) {
	t.Parallel()
	rows := 0
	for line := range strings.Lines(readFile(t, "docs/differences.md")) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Django | Here |") {
			continue
		}
		rows++
		named := slices.ContainsFunc(markdownLink.FindAllStringSubmatch(line, -1), func(link []string) bool {
			return testFunction.MatchString(link[1])
		})
		if !named {
			t.Errorf("no test is linked: %s", line)
		}
	}
	if rows < 20 {
		t.Errorf("found %d rows only", rows)
	}
}

func TestBrokenLinksAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		broken bool
	}{
		{text: "[a](../README.md) and [b](../signing)"},
		{text: "[a](https://example.com/missing.md)"},
		{text: "[a](proxy.md#frameworks-and-websockets)"},
		{text: "# Here\n[a](#here)"},
		{text: "[`TestBrokenLinksAreFound`](../docs_test.go)"},
		{text: "```go\n[a](missing.md)\n```\n"},
		{text: "`m[key](missing.md)`"},
		{text: "[a](missing.md)", broken: true},
		{text: "[a](/README.md)", broken: true},
		{text: "[a](proxy.md#missing)", broken: true},
		{text: "[a](#missing)", broken: true},
		{text: "![a](missing.png)", broken: true},
		{text: "[`TestMissing`](../docs_test.go)", broken: true},
		{text: "[`ExampleTestBrokenLinks`](../docs_test.go)", broken: true},
	} {
		if _, broken := checkLinks("docs/page.md", c.text); (len(broken) > 0) != c.broken {
			t.Errorf("%q: %q", c.text, broken)
		}
	}
}

// checkLinks counts the links in a Markdown text and says which lead nowhere. The file
// need not exist.
func checkLinks(file, text string) (found int, broken []string) {
	text = fencedCode.ReplaceAllString(text, "")
	// A link may have code as its text. Code contains no links.
	visible := inlineCode.ReplaceAllStringFunc(text, func(code string) string {
		return strings.NewReplacer("[", "", "]", "").Replace(code)
	})
	for _, link := range markdownLink.FindAllStringSubmatch(visible, -1) {
		label, target := link[1], link[2]
		if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		found++
		if complaint := checkLink(file, text, label, target); complaint != "" {
			broken = append(broken, fmt.Sprintf("%s: [%s](%s): %s", file, label, target, complaint))
		}
	}
	return found, broken
}

func checkLink(file, text, label, target string) string {
	name, anchor, _ := strings.Cut(target, "#")
	if name != "" {
		if strings.HasPrefix(name, "/") {
			return "not a relative link"
		}
		name = filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
		info, err := os.Stat(name)
		if err != nil {
			return "no such file"
		}
		if info.IsDir() {
			return ""
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err.Error()
		}
		text = string(content)
	}
	if anchor != "" && strings.HasSuffix(name, ".md") || name == "" {
		if !slices.Contains(anchors(text), anchor) {
			return "no such heading"
		}
	}
	for _, test := range testFunction.FindAllStringSubmatch(label, -1) {
		if !strings.Contains(text, "\nfunc "+test[1]+"(") {
			return "no such function in this file"
		}
	}
	return ""
}

// anchors returns the names that GitHub gives to the headings of a page.
func anchors(text string) []string {
	headings := heading.FindAllStringSubmatch(fencedCode.ReplaceAllString(text, ""), -1)
	names := make([]string, 0, len(headings))
	for _, match := range headings {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(match[1]))
		names = append(names, name)
	}
	return names
}

// markdownFiles returns the Markdown files of the repository. Folders with a dot contain
// what other programs unpacked there.
func markdownFiles(t *testing.T) []string {
	t.Helper()
	return repositoryFiles(t, ".md")
}

func repositoryFiles(t *testing.T, extension string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && len(name) > 1 && entry.Name()[0] == '.':
			return filepath.SkipDir
		case !entry.IsDir() && filepath.Ext(name) == extension:
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestArchitectureNamesEveryLayer compares the table of docs/architecture.md with the
// rules that hold it.
func TestArchitectureNamesEveryLayer(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readFile(t, "docs/architecture.md"), "| Package | Contents | May import |")
	table, _, found := strings.Cut(table, "\n\n")
	if !found {
		t.Fatal("docs/architecture.md has no table of the packages")
	}
	for pattern := range importRules() {
		if pattern == "py/..." || pattern == "djangosession/..." {
			continue // whose packages have lines of their own
		}
		listed := slices.ContainsFunc(strings.Split(table, "\n"), func(line string) bool {
			cells := strings.Split(line, "|")
			return len(cells) > 1 && strings.Contains(cells[1], "`"+pattern+"`")
		})
		if !listed {
			t.Errorf("docs/architecture.md does not list %q", pattern)
		}
	}
}

// TestEveryOptionIsListed compares docs/options.md with the Options of the packages.
func TestEveryOptionIsListed(t *testing.T) {
	t.Parallel()
	sections := strings.Split(readFile(t, "docs/options.md"), "\n## ")[1:]
	structs := []reflect.Type{
		reflect.TypeFor[djangobridge.Options](), reflect.TypeFor[djangosession.Options](), reflect.TypeFor[auth.Options](),
		reflect.TypeFor[tokens.Options](), reflect.TypeFor[hashers.Options](), reflect.TypeFor[views.Options](), reflect.TypeFor[csrf.Options](), reflect.TypeFor[messages.Options](),
		reflect.TypeFor[tables.Options](), reflect.TypeFor[tables.UserOptions](),
		reflect.TypeFor[tables.CacheOptions](), reflect.TypeFor[caches.Options](), reflect.TypeFor[rediscache.Options](),
		reflect.TypeFor[memcached.Options](), reflect.TypeFor[files.Options](), reflect.TypeFor[signedcookies.Options](),
		reflect.TypeFor[forwardauth.Options](),
	}
	if len(sections) != len(structs) {
		t.Fatalf("docs/options.md has %d sections, want %d", len(sections), len(structs))
	}
	for i, options := range structs {
		title, text, _ := strings.Cut(sections[i], "\n")
		if title != options.String() {
			t.Errorf("section %d is %s, want %s", i, title, options)
		}
		var listed []string
		for line := range strings.Lines(text) {
			if cells := strings.Split(line, "|"); len(cells) > 2 {
				for _, code := range inlineCode.FindAllString(cells[1], -1) {
					listed = append(listed, strings.Trim(code, "`"))
				}
			}
		}
		var fields []string
		for field := range options.Fields() {
			fields = append(fields, field.Name)
		}
		slices.Sort(listed)
		slices.Sort(fields)
		if !slices.Equal(listed, fields) {
			t.Errorf("%s: docs/options.md lists %q, want %q", options, listed, fields)
		}
	}
}
