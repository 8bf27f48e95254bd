package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shop runs the program on the module in testdata, and returns the lines of its report,
// sorted.
func shop(t *testing.T, args ...string) []string {
	t.Helper()
	o, err := parse(append([]string{"-module", "testdata/shop"}, args...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	return lines
}

// begin returns the lines that start with text, without that text.
func begin(lines []string, text string) []string {
	var found []string
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, text); ok {
			found = append(found, rest)
		}
	}
	return found
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReportNamesEveryMutantThatTestsDoNotNotice(t *testing.T) {
	t.Parallel()
	report := shop(t, "-v", "-seed", "1", "-also", "till", "price")
	same(t, "survived", begin(report, "survived: price/price.go:"), []string{
		"23 Cheap: func Cheap(price int) bool { return price < limit } => func Cheap(price int) bool { return price <= limit }",
		"34 Check: func Check(price int) (int, error) { return HeldCheck(price) } => " +
			"func Check(price int) (int, error) { return HeldCheck(price) returning _, nil }",
		"45 Wait: total = nil => (removed)",
		"50 Spin: for i := uint8(250); ; i++ { => for i := uint8(251); ; i++ {",
		"51 Spin: if i == 0 { => if i == 1 {",
		"51 Spin: if i == 0 { => if true {",
	})
	same(t, "unreached", begin(report, "unreached: price/price.go:"), []string{
		`16 var: "half": func(price int) int { return price / 2 }, => "half": func(price int) int { return 0 },`,
		`16 var: "half": func(price int) int { return price / 2 }, => "half": func(price int) int { return price / 3 },`,
	})
	same(t, "timed out", begin(report, "timed out: price/price.go:"), []string{"51 Spin: if i == 0 { => if false {"})
	same(t, "killed above", begin(report, "killed above: price/price.go:66 Alone: func Alone(price int) bool "), []string{
		"{ return !(price == 7) } => func Alone(price int) bool { return !(price != 7) }",
		"{ return !(price == 7) } => func Alone(price int) bool { return !(price == 8) }",
		"{ return !(price == 7) } => func Alone(price int) bool { return (price == 7) }",
		"{ return !(price == 7) } => func Alone(price int) bool { return false }",
	})
	if killed := len(begin(report, "killed: ")); killed != 25 {
		t.Errorf("%d killed, want 25", killed)
	}
	same(t, "table", begin(report, " |price"), []string{
		"   |38      |0          |38    |25     |4     |1         |6        |2         |78.9 % |",
	})
}

func TestEquivalentMutantsDoNotCount(t *testing.T) {
	t.Parallel()
	report := shop(t, "-seed", "1", "-match", "Wait", "-equivalent", "testdata/equivalent.txt", "price")
	same(t, "survived", begin(report, "survived: "), nil)
	same(t, "stale", begin(report, "matches no mutant, remove it from the list of equivalents: "), []string{
		"price/price.go Wait: total = nil => total = total",
	})
	same(t, "table", begin(report, " |price"), []string{
		"   |38      |1          |2     |2      |0     |0         |0        |0         |100.0 % |",
	})
}

func TestEquivalentMutantsNeedReasons(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no reason":         "a.go F: x => y\n",
		"no reason between": "a.go F: x => y\nb.go F: x => y\n  because\n",
		"no mutant":         "  because\n",
	} {
		path := filepath.Join(t.TempDir(), "equivalent.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readEquivalents(path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSamplesDependOnTheSeedOnly(t *testing.T) {
	t.Parallel()
	mutants := make([]mutant, 100)
	for i := range mutants {
		mutants[i].id = i + 1
	}
	sample := func(seed uint64) []mutant {
		return choose(options{sample: 10, seed: seed, match: regexp.MustCompile("")}, slices.Clone(mutants))
	}
	first := sample(1)
	if len(first) != 10 || !slices.Equal(first, sample(1)) {
		t.Errorf("the same seed draws %v and %v", first, sample(1))
	}
	if slices.Equal(first, sample(2)) {
		t.Error("another seed draws the same sample")
	}
}
