package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// equivalents maps mutants that no test can or must notice to the reason.
type equivalents map[string]string

// lineNumber matches the position of a mutant in a report line, which users may copy
// unchanged.
var lineNumber = regexp.MustCompile(`^(\S+\.go):\d+ `)

// readEquivalents reads a file with one line per mutant, in the form that reports print,
// followed by indented lines with the reason. Empty lines and lines that begin with # are
// comments.
func readEquivalents(path string) (equivalents, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read equivalent mutants: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	known, last := equivalents{}, ""
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		text := lines.Text()
		trimmed := strings.TrimSpace(text)
		switch {
		case trimmed == "" || text[0] == '#':
		case text != strings.TrimLeft(text, " \t"):
			if last == "" {
				return nil, fmt.Errorf("%s:%d: a reason without a mutant above it", path, number)
			}
			known[last] = strings.TrimSpace(known[last] + " " + trimmed)
		default:
			if last != "" && known[last] == "" {
				return nil, fmt.Errorf("%s:%d: the mutant above has no reason: write it on an indented line", path, number)
			}
			last = lineNumber.ReplaceAllString(trimmed, "$1 ")
			known[last] = ""
		}
	}
	if last != "" && known[last] == "" {
		return nil, fmt.Errorf("%s: the last mutant has no reason: write it on an indented line", path)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read equivalent mutants: %w", err)
	}
	return known, nil
}

// split separates the equivalent mutants from the rest of a list.
func (e equivalents) split(mutants []mutant) (rest []mutant, equivalent int) {
	for _, m := range mutants {
		if _, ok := e[m.key()]; ok {
			equivalent++
		} else {
			rest = append(rest, m)
		}
	}
	return rest, equivalent
}

// stale lists the entries for files of a package that match none of its mutants.
func (e equivalents) stale(name string, mutants []mutant) []string {
	found := map[string]bool{}
	for _, m := range mutants {
		found[m.key()] = true
	}
	var stale []string
	for key := range e {
		folder := key[:max(0, strings.LastIndexByte(key[:strings.IndexByte(key+" ", ' ')], '/'))]
		if folder == name && !found[key] {
			stale = append(stale, key)
		}
	}
	return stale
}
