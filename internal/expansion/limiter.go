// Package expansion limits the output of values that contain the same part many times. A
// list that contains one list twice, nested thirty levels deep, is small in memory but
// has a thousand million items when each of them is written out.
package expansion

import "unsafe"

const (
	// FreeText is the length in bytes that any text may reach.
	FreeText = 1 << 20

	factor   = 16  // how often each part may appear in the output, on average
	longText = 100 // minimum length in bytes of a text that is remembered
)

// Problem is the error text for a value that a [Limiter] or a [Budget] refused.
const Problem = "expands to more than 16 times its size"

// A Limiter limits a text while it is written. It measures how much of the text repeats
// values already written. Positions are in bytes from the beginning of the text. The zero
// Limiter is ready for use.
type Limiter struct {
	written  map[any]bool // containers and long texts that have been written once
	repeated int          // bytes that repeat earlier output
	since    int          // position where the current repeated container begins
	inside   bool
}

// Begin records the beginning of a container, a pointer. It reports whether [Limiter.End]
// must be called at its end.
func (l *Limiter) Begin(container any, at int) (again bool) {
	if l.inside {
		return false
	}
	if l.written[container] {
		l.since, l.inside = at, true
		return true
	}
	l.note(container)
	return false
}

// End records the end of a container for which [Limiter.Begin] returned true.
func (l *Limiter) End(at int) {
	l.repeated += at - l.since
	l.inside = false
}

// Text records that the text of v is at the positions from up to to. A v that is a string
// repeats one with the same memory, and any other v repeats an equal one, such as the same
// pointer.
func (l *Limiter) Text(v any, from, to int) {
	if to-from < longText || l.inside {
		return
	}
	if s, ok := v.(string); ok {
		v = TextPlace(s)
	}
	if l.written[v] {
		l.repeated += to - from
		return
	}
	l.note(v)
}

// TextPlace returns a comparable value for the memory of s. Texts of other memory may
// contain the same, but they are as large in memory as when they are written out.
func TextPlace(s string) any {
	type place struct {
		at *byte
		n  int
	}
	return place{unsafe.StringData(s), len(s)} //nolint:gosec // compared only
}

func (l *Limiter) note(part any) {
	if l.written == nil {
		l.written = map[any]bool{}
	}
	l.written[part] = true
}

// Exceeded reports whether a text of this length is too long: more than [FreeText], and
// more than 16 times as long as if each part appeared once.
func (l *Limiter) Exceeded(length int) bool {
	repeated := l.repeated
	if l.inside {
		repeated += length - l.since
	}
	return repeated > FreeText+factor*(length-repeated)
}
