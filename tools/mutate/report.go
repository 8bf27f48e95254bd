package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

func (v verdict) String() string {
	return [...]string{
		survived: "survived", unreached: "unreached", killed: "killed", killedAbove: "killed above", timedOut: "timed out",
	}[v]
}

// score counts verdicts on the mutants of a package.
type score struct {
	name                    string
	all, equivalent, tried  int
	killed, above, timedOut int
	survived, unreached     int
}

func (s *score) count(v verdict) {
	switch v {
	case killed:
		s.killed++
	case killedAbove:
		s.above++
	case timedOut:
		s.timedOut++
	case unreached:
		s.unreached++
	case survived:
		s.survived++
	}
}

// percent returns the share of mutants that the tests noticed. A mutant that makes tests
// hang counts as noticed.
func (s *score) percent() float64 {
	return 100 * float64(s.killed+s.above+s.timedOut) / float64(max(1, s.tried))
}

// printScores prints a table in Markdown.
func printScores(out io.Writer, scores []score, seed uint64) error {
	var text strings.Builder
	text.WriteString("\tpackage\tmutants\tequivalent\ttried\tkilled\tabove\ttimed out\tsurvived\tunreached\tscore\t\n")
	text.WriteString(strings.Repeat("\t---", 10) + "\t\n")
	for _, s := range scores {
		fmt.Fprintf(&text, "\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f %%\t\n",
			s.name, s.all, s.equivalent, s.tried, s.killed, s.above, s.timedOut, s.survived, s.unreached, s.percent())
	}
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	if _, err := fmt.Fprintf(table, "\nseed %d\n\n%s", seed, text.String()); err != nil {
		return fmt.Errorf("print scores: %w", err)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print scores: %w", err)
	}
	return nil
}
