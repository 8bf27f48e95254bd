package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/internal/amount"
)

// writeTo puts the results into the tables of a Markdown file. A table follows a line
// "<!-- bench: NAME -->". A row is replaced if it has the same first cell, and is
// appended if no row has it.
func (r *report) writeTo(file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	rows := map[string][][]string{}
	for i := range r.results {
		if x := &r.results[i]; x.table != "" {
			rows[x.table] = append(rows[x.table], x.cells())
		}
	}
	verdicts := r.verdicts()
	for i := range verdicts {
		v := &verdicts[i]
		wanted, measured, met := v.texts()
		rows[tableTargets] = append(rows[tableTargets], []string{v.label + ": " + wanted, measured, met})
	}
	for _, c := range r.curves {
		p50, p99 := []string{c.label + ", p50"}, []string{c.label + ", p99"}
		for _, s := range c.stops {
			p50, p99 = append(p50, fmt.Sprintf("%.1f", s.p50)), append(p99, fmt.Sprintf("%.1f", s.p99))
		}
		rows[tableLatency] = append(rows[tableLatency], p50, p99)
	}
	lines := strings.Split(string(text), "\n")
	for _, name := range []string{tableSessions, tableEngines, tablePages, tableSCS, tableTargets, tableLatency} {
		if lines, err = replaceRows(lines, name, rows[name]); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644) //nolint:gosec // a page that everyone reads
}

// replaceRows puts rows into the table after the line with its name.
func replaceRows(lines []string, name string, rows [][]string) ([]string, error) {
	if len(rows) == 0 {
		return lines, nil
	}
	at := slices.Index(lines, "<!-- bench: "+name+" -->")
	if at < 0 {
		return nil, fmt.Errorf("there is no table %q: put \"<!-- bench: %s -->\" before it", name, name)
	}
	isRow := func(line string) bool { return strings.HasPrefix(line, "|") }
	start := at + 1 + max(0, slices.IndexFunc(lines[at+1:], isRow))
	end := start
	for end < len(lines) && isRow(lines[end]) {
		end++
	}
	for _, cells := range rows {
		row := "| " + strings.Join(cells, " | ") + " |"
		same := func(line string) bool { return strings.HasPrefix(line, "| "+cells[0]+" |") }
		if i := slices.IndexFunc(lines[start:end], same); i >= 0 {
			lines[start+i] = row
			continue
		}
		lines = slices.Insert(lines, end, row)
		end++
	}
	return lines, nil
}

// cells returns the row of a result in its table.
func (x *result) cells() []string {
	number := func(v float64, digits int) string { return fmt.Sprintf("%.*f", digits, v) }
	allocs := number(x.allocs, 0)
	switch {
	case x.table == tableSCS:
		return []string{
			x.label, number(x.theirs, 1), number(x.ours, 1), number(x.share(), 2), ifAny(x.floor), number(x.theirAllocs, 0), allocs,
		}
	case x.table != tablePages:
		return []string{
			x.label, number(x.theirs, 1), number(x.ours, 1), number(x.share(), 2), number(x.floor, 1), number(x.ofFloor(), 2), allocs,
		}
	case x.isRate:
		django, ours := amount.Number(int(x.theirsPerSecond+0.5)), amount.Number(int(x.oursPerSecond+0.5))
		return []string{x.label, django, ours, number(x.times(), 1), allocs}
	default:
		return []string{x.label, duration(x.theirs), duration(x.ours), number(x.share(), 2), allocs}
	}
}

// ifAny returns microseconds, or nothing if they were not measured.
func ifAny(us float64) string {
	if us == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", us)
}

// duration returns microseconds with their unit.
func duration(us float64) string {
	if us < 100 {
		return fmt.Sprintf("%.1f µs", us)
	}
	return fmt.Sprintf("%.1f ms", us/1e3)
}
