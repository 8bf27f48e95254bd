package djangobridge_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	maxColumns     = 100
	commentColumns = 90
	maxWide        = 0.02 // the share of comment lines that may have more
)

// A turn is a turn of phrase that a native-speaking engineer would not write. It is found
// where start matches, unless what follows matches but, and if what follows matches then.
type turn struct {
	name             string
	start, but, then *regexp.Regexp
}

func turns() []turn {
	verbs := `(is|are|was|has|have|does|may|can|waits|knows)\b`
	return []turn{
		{
			name: "stands", start: regexp.MustCompile(`\bstand(s|ing)?\b`),
			but: regexp.MustCompile(`^( for\b| out\b| in the way\b|-in)`),
		},
		{name: "is none", start: regexp.MustCompile(`\b(is|are|be|was|were) none\b`)},
		{
			name: "that is no X", start: regexp.MustCompile(`\b(that|which|it) (is|are) no `),
			but: regexp.MustCompile(`^(longer|more|op)`), then: regexp.MustCompile(`^\w`),
		},
		{name: "as a rule", start: regexp.MustCompile(`\bas a rule\b`)},
		{name: "passed over", start: regexp.MustCompile(`\bpass(ed|es)? over\b`)},
		{name: "by then, meanwhile", start: regexp.MustCompile(`\bby then\b|\bmeanwhile\b`)},
		{
			name: "for in the place of because", start: regexp.MustCompile(`, for `),
			but:  regexp.MustCompile(`^(example|instance|which|whom|errors|the first|all |each |every |a |an |the )`),
			then: regexp.MustCompile(`^\w+ ` + verbs),
		},
		{name: "tells whether", start: regexp.MustCompile(`\btells (that|whether|of)\b`)},
		{
			name: "sentence with a clause as its subject", start: regexp.MustCompile(`(?:^|[.:;] )(What|Who|Whose) `),
			but:  regexp.MustCompile(`^(is new|this)`),
			then: regexp.MustCompile(`^[a-z ]+? (is|are|was|has|have|does|do|can|may|must)\b`),
		},
		{name: "whatever, whoever as the subject", start: regexp.MustCompile(`(?:^ ?|[.:;*-] )(Whatever|Whoever) `)},
	}
}

// TestProseReadsAsAnEngineerWouldWriteIt checks the words and the width of comments and
// of Markdown.
func TestProseReadsAsAnEngineerWouldWriteIt(t *testing.T) {
	t.Parallel()
	lines, wide := 0, []string{}
	check := func(file string, complaints []string) {
		for _, complaint := range complaints {
			t.Errorf("%s: %s", file, complaint)
		}
	}
	for _, file := range repositoryFiles(t, ".go") {
		text := readFile(t, file)
		check(file, goComplaints(text))
		for _, line := range wholeLine.FindAllStringSubmatch(text, -1) {
			lines++
			if len(tooWide(line[0], commentColumns)) > 0 && !codeLine.MatchString(line[1]) {
				wide = append(wide, file+": "+strings.TrimSpace(line[0]))
			}
		}
	}
	if float64(len(wide)) > maxWide*float64(lines) {
		t.Errorf("%d of %d comment lines have more than %d columns:\n%s", len(wide), lines, commentColumns, strings.Join(wide, "\n"))
	}
	for _, file := range markdownFiles(t) {
		check(file, markdownComplaints(readFile(t, file)))
	}
}

func TestTurnsOfPhraseAreFound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 21)
	for _, c := range []struct {
		text     string // with a sign for the two slashes of a comment
		markdown bool
		found    int
	}{
		{text: "# A load reads one row. It may fail.\nvar x int # short for example\n"},
		{text: "# It is no longer used, which stands out.\n"},
		{text: "# This is used for errors, for example.\n"},
		{text: "x := \"what stands here is text\"\n"},
		{text: "#nolint:all # as a rule\n"},
		{text: "# see https://example.com/" + strings.Repeat("x", 100) + "\n"},
		{text: "# A row that stands in the table.\n", found: 1},
		{text: "# Of these there\n# is none.\n", found: 1},
		{text: "# A value that is no text.\n", found: 1},
		{text: "var x int # as a rule\n", found: 1},
		{text: "\t# It waits, for nobody knows the key.\n", found: 1},
		{text: "# It tells whether.\n", found: 1},
		{text: "# First. What the row has is kept.\n", found: 1},
		{text: "# Whatever else is signed ends.\n", found: 1},
		{text: "- It is so, whatever the size.\n- Whoever writes there wins.\n", markdown: true, found: 1},
		{text: "# " + long + "\n", found: 1},
		{text: "#\t" + long + "\n"},
		{text: long + "\n| " + long + " |\n", markdown: true, found: 1},
		{text: "It is so\nas a rule.\n\n```\nas a rule\n```\n", markdown: true, found: 1},
	} {
		complain := goComplaints
		if c.markdown {
			complain = markdownComplaints
		}
		if found := complain(strings.ReplaceAll(c.text, "#", "//")); len(found) != c.found {
			t.Errorf("%q: %q, want %d", c.text, found, c.found)
		}
	}
}

var (
	wholeLine   = regexp.MustCompile(`(?m)^[ \t]*//(.*)$`)
	codeLine    = regexp.MustCompile(`^(\t| {2})`)
	endOfLine   = regexp.MustCompile("(?m)^[^\n\"`]*[^\\s\"`][^\n\"`]*\\s// (.*)$")
	lineBreak   = regexp.MustCompile(`\s*\n\s*`)
	instruction = regexp.MustCompile(`^(go:|nolint)`)
)

// goComplaints says what is wrong with the comments of a Go file.
func goComplaints(text string) []string {
	var comments, complaints []string
	for _, pattern := range []*regexp.Regexp{wholeLine, endOfLine} {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			if instruction.MatchString(match[1]) || pattern == endOfLine && strings.HasPrefix(strings.TrimSpace(match[0]), "//") {
				continue
			}
			comments = append(comments, match[1])
			if pattern == wholeLine && !codeLine.MatchString(match[1]) {
				complaints = append(complaints, tooWide(match[0], maxColumns)...)
			}
		}
	}
	return append(complaints, turnsIn(strings.Join(comments, "\n"))...)
}

// markdownComplaints says what is wrong with the prose of a Markdown file. Tables and
// indented code have no width.
func markdownComplaints(text string) []string {
	text = fencedCode.ReplaceAllString(text, "")
	var complaints []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "|") && !strings.HasPrefix(line, "    ") {
			complaints = append(complaints, tooWide(line, maxColumns)...)
		}
	}
	return append(complaints, turnsIn(text)...)
}

// tooWide complains about a line that is too long, unless an address makes it so.
func tooWide(line string, limit int) []string {
	line = strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")
	if columns := utf8.RuneCountInString(line); columns > limit && !strings.Contains(line, "://") {
		return []string{fmt.Sprintf("%d columns, want at most %d: %s", columns, limit, strings.TrimSpace(line))}
	}
	return nil
}

func turnsIn(text string) []string {
	text = lineBreak.ReplaceAllString(text, " ")
	var found []string
	for _, t := range turns() {
		for _, at := range t.start.FindAllStringIndex(text, -1) {
			rest := text[at[1]:]
			if t.but != nil && t.but.MatchString(rest) || t.then != nil && !t.then.MatchString(rest) {
				continue
			}
			context := text[max(0, at[0]-30):min(len(text), at[1]+30)]
			found = append(found, fmt.Sprintf("%s: %q", t.name, context))
		}
	}
	return found
}
