package main

import (
	"runtime"
	"time"
)

// figures are the results of the quickest turns, in microseconds per call.
type figures struct {
	django, ours, floor float64
	allocs              float64
}

// sides are the same work as done by Django and by this module, and its minimum; floor
// may be nil.
type sides struct {
	django      func(seconds float64) (us float64, err error)
	ours, floor func() error
}

// measure lets the sides take turns.
func (p plan) measure(s sides) (*figures, error) {
	best := &figures{}
	for range p.rounds {
		us, err := s.django(p.turn.Seconds())
		if err != nil {
			return nil, err
		}
		best.django = quicker(best.django, us)
		us, allocs, err := perCall(p.turn, s.ours)
		if err != nil {
			return nil, err
		}
		best.ours, best.allocs = quicker(best.ours, us), quicker(best.allocs, allocs)
		if s.floor == nil {
			continue
		}
		if us, _, err = perCall(p.turn, s.floor); err != nil {
			return nil, err
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
