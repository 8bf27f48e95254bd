package main

import (
	"runtime"
	"time"
)

// figures are the results of the quickest turns, in microseconds per call.
type figures struct {
	theirs, ours, floor float64
	theirAllocs, allocs float64 // theirs only if they are in Go
}

// sides are the same work as done by another project, usually Django, and by this module,
// and its minimum; floor may be nil.
type sides struct {
	theirs      func(turn time.Duration) (us, allocs float64, err error)
	ours, floor func() error
}

// measure lets the sides take turns: many short ones, some of which pass without an
// interruption on a busy machine.
func (p plan) measure(s sides) (best figures, err error) {
	const parts = 5 // of a turn
	turn := p.turn / parts
	for range parts * p.rounds {
		us, allocs, err := s.theirs(turn)
		if err != nil {
			return best, err
		}
		best.theirs, best.theirAllocs = quicker(best.theirs, us), quicker(best.theirAllocs, allocs)
		us, allocs, err = perCall(turn, s.ours)
		if err != nil {
			return best, err
		}
		best.ours, best.allocs = quicker(best.ours, us), quicker(best.allocs, allocs)
		if s.floor == nil {
			continue
		}
		if us, _, err = perCall(turn, s.floor); err != nil {
			return best, err
		}
		best.floor = quicker(best.floor, us)
	}
	return best, nil
}

// quicker returns the smaller of two figures; 0 is no figure yet.
func quicker(best, us float64) float64 {
	if best == 0 {
		return us
	}
	return min(best, us)
}

// perCall measures calls for this time, and returns the microseconds and allocations per
// call.
func perCall(turn time.Duration, call func() error) (us, allocs float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	count := 0
	var spent time.Duration
	for batch := 1; spent < turn; {
		start := time.Now()
		for range batch {
			if err := call(); err != nil {
				return 0, 0, err
			}
		}
		elapsed := time.Since(start)
		spent += elapsed
		count += batch
		if elapsed < turn/20 {
			batch *= 2
		}
	}
	runtime.ReadMemStats(&after)
	return float64(spent.Nanoseconds()) / 1e3 / float64(count), float64(after.Mallocs-before.Mallocs) / float64(count), nil
}
