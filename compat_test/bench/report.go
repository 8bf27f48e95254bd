package main

import (
	"fmt"
	"io"
)

// Tables of docs/performance.md.
const (
	tableSessions = "sessions"
	tableEngines  = "engines"
	tablePages    = "pages"
	tableSCS      = "scs"
	tableTargets  = "targets"
	tableLatency  = "latency"
)

// A result is the figures of one piece of work.
type result struct {
	figures

	name  string // of the row
	table string // of the documentation, if any
	label string // in that table

	// isRate reports whether the documentation has the requests per second, rather than
	// the time.
	isRate                         bool
	theirsPerSecond, oursPerSecond float64 // 0 if not measured
}

// report prints results and remembers them.
type report struct {
	out     io.Writer
	results []result
	curves  []curve
}

// add prints the row of a result.
func (r *report) add(x *result) error {
	r.results = append(r.results, *x)
	them := "django"
	if x.table == tableSCS {
		them = "scs"
	}
	more := ""
	if x.oursPerSecond > 0 {
		more = fmt.Sprintf(" %s_per_s=%.0f go_per_s=%.0f", them, x.theirsPerSecond, x.oursPerSecond)
	}
	_, err := fmt.Fprintf(r.out, "%s %s_us=%.1f go_us=%.1f ratio=%.3f floor_us=%.1f of_floor=%.2f allocs=%.0f%s\n",
		x.name, them, x.theirs, x.ours, x.share(), x.floor, x.ofFloor(), x.allocs, more)
	return err
}

// share returns our time divided by theirs.
func (f *figures) share() float64 { return f.ours / f.theirs }

// times returns how many times as quick we are.
func (f *figures) times() float64 { return f.theirs / f.ours }

// ofFloor returns our time divided by the floor, or 0 without one.
func (f *figures) ofFloor() float64 {
	if f.floor == 0 {
		return 0
	}
	return f.ours / f.floor
}
