package djangobridge_test

import (
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxReadmeWords is how many words README.md may have, code and tables included.
const maxReadmeWords = 1000

var goCode = regexp.MustCompile("(?s)\n *```go\n(.*?\n) *```\n")

// TestReadmeProgramIsTheExample checks that the program in README.md is one that the
// compiler sees.
func TestReadmeProgramIsTheExample(t *testing.T) {
	t.Parallel()
	programs := goBlocks(t, "README.md")
	if !slices.ContainsFunc(programs, func(code string) bool { return strings.HasPrefix(code, "package main\n") }) {
		t.Error("README.md shows no whole program")
	}
}

// TestShownCodeIsCompiled checks that all Go code of these pages is part of an example, to
// the letter.
func TestShownCodeIsCompiled(t *testing.T) {
	t.Parallel()
	var examples []string
	for _, file := range repositoryFiles(t, ".go") {
		if strings.HasPrefix(file, "examples/") || strings.HasPrefix(file, "sitetest/") {
			examples = append(examples, readFile(t, file))
		}
	}
	for _, file := range []string{"README.md", "docs/getting-started.md", "docs/login-pages.md", "docs/testing.md"} {
		blocks := goBlocks(t, file)
		if len(blocks) == 0 {
			t.Errorf("%s shows no code", file)
		}
		for _, code := range blocks {
			whole := strings.HasPrefix(code, "package ")
			if !slices.ContainsFunc(examples, func(example string) bool {
				return whole && example == code || !whole && strings.Contains(example, code)
			}) {
				t.Errorf("%s shows code that no example has:\n%s", file, code)
			}
		}
	}
}

// TestShownCodeIsGo checks that the Go code of all pages can be parsed.
func TestShownCodeIsGo(t *testing.T) {
	t.Parallel()
	for _, file := range markdownFiles(t) {
		for _, code := range goBlocks(t, file) {
			code = strings.ReplaceAll(code, "{ ... }", "{}")
			// Declarations and statements may follow each other.
			if !isGo(code) && slices.ContainsFunc(strings.Split(code, "\n\n"), func(part string) bool { return !isGo(part) }) {
				t.Errorf("%s shows code that is not Go:\n%s", file, code)
			}
		}
	}
	if isGo("if true { x := 1") {
		t.Error("half a statement is taken for Go")
	}
}

// isGo reports whether code is a file, or declarations, statements, imports or an
// expression.
func isGo(code string) bool {
	return slices.ContainsFunc([]string{
		code, "package p\n" + code, "package p\nfunc _() {\n" + code + "\n}", "package p\nimport (\n" + code + ")",
		"package p\nvar _ = " + code,
	}, func(file string) bool {
		_, err := parser.ParseFile(token.NewFileSet(), "", file, parser.SkipObjectResolution)
		return err == nil
	})
}

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if words := len(strings.Fields(readFile(t, "README.md"))); words > maxReadmeWords {
		t.Errorf("README.md has %d words, want at most %d", words, maxReadmeWords)
	}
}

// goBlocks returns the blocks of Go code in a Markdown file.
func goBlocks(t *testing.T, file string) []string {
	t.Helper()
	matches := goCode.FindAllStringSubmatch(readFile(t, file), -1)
	blocks := make([]string, 0, len(matches))
	for _, match := range matches {
		blocks = append(blocks, match[1])
	}
	return blocks
}
