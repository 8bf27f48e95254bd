package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// A target is what a figure of one row should be.
type target struct {
	row    string
	figure string // one of those below
	limit  float64
}

// Figures that have targets.
const (
	shareFigure  = "share"
	floorFigure  = "of floor"
	timesFigure  = "times" // the only figure that should be large
	allocsFigure = "allocations"
)

// targets lists all targets. Rows of an engine of Django other than db have the same
// ones, except for signed_cookies, where both sides spend their time on signatures.
func targets() []target {
	all := []target{
		{"decode/login", shareFigure, 0.18},
		{"decode/2KB", shareFigure, 0.24},
		{"decode/20KB", shareFigure, 0.24},
		{"encode/login", shareFigure, 0.25},
		{"encode/2KB", shareFigure, 0.25},
		{"encode/20KB", shareFigure, 0.25},
		{"loads/login", shareFigure, 0.60},
		{"loads/mixed", shareFigure, 0.40},
		{"dumps/login", shareFigure, 0.65},
		{"dumps/mixed", shareFigure, 0.32},
		{"load/" + sqlite, floorFigure, 1.25},
		{"load/" + servers.MariaDB, floorFigure, 1.15},
		{"load/" + servers.PostgreSQL, floorFigure, 1.15},
		{"page/" + sqlite, timesFigure, 40},
		{"page/" + servers.MariaDB, timesFigure, 20},
		{"page/" + servers.PostgreSQL, timesFigure, 25},
	}
	for _, e := range engines() {
		if e.hasPage {
			all = append(all, target{"page/" + e.name, allocsFigure, 80})
		}
		if e.module == dbModule {
			continue
		}
		share := 0.15
		if e.module == cookieModule {
			share = 0.40
		}
		for _, row := range []string{"load/", "save/"} {
			all = append(all, target{row + e.name, shareFigure, share}, target{row + e.name, floorFigure, 1.3})
		}
		if e.hasPage {
			all = append(all, target{"page/" + e.name, timesFigure, 12})
		}
	}
	for _, store := range scsStores() {
		all = append(all, target{scsReading + store, shareFigure, 0.4}, target{scsWriting + store, shareFigure, 0.6})
	}
	return all
}

// of returns the figure of a row that a target is about.
func (t target) of(f *figures) float64 {
	switch t.figure {
	case shareFigure:
		return f.share()
	case floorFigure:
		return f.ofFloor()
	case timesFigure:
		return f.times()
	default:
		return f.allocs
	}
}

// met reports whether a figure reaches the target.
func (t target) met(figure float64) bool {
	if t.figure == timesFigure {
		return figure >= t.limit
	}
	return figure <= t.limit
}

// verdict is a target with the figure that was measured.
type verdict struct {
	target

	label    string
	measured float64
}

// verdicts returns the targets of the rows that were measured.
func (r *report) verdicts() []verdict {
	var all []verdict
	for _, t := range targets() {
		for i := range r.results {
			if x := &r.results[i]; x.name == t.row {
				all = append(all, verdict{target: t, label: x.label, measured: t.of(&x.figures)})
			}
		}
	}
	return all
}

// texts returns the target, the figure and whether it is met.
func (v *verdict) texts() (wanted, measured, met string) {
	sign, form := "<=", "%.2f"
	switch v.figure {
	case timesFigure:
		sign, form = ">=", "%.1f"
	case allocsFigure:
		form = "%.0f"
	default: // a ratio
	}
	met = "no"
	if v.met(v.measured) {
		met = "yes"
	}
	return strings.Join([]string{v.figure, sign, fmt.Sprintf("%.4g", v.limit)}, " "), fmt.Sprintf(form, v.measured), met
}

// printVerdicts prints a table of all targets, and how many are met.
func (r *report) printVerdicts() error {
	all := r.verdicts()
	if len(all) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	count := 0
	_, _ = io.WriteString(table, "\nrow\ttarget\tmeasured\tmet\n") // Flush returns the error
	for i := range all {
		v := &all[i]
		wanted, measured, met := v.texts()
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", v.row, wanted, measured, met)
		if v.met(v.measured) {
			count++
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(r.out, "%d of %d targets are met\n", count, len(all))
	return err
}
