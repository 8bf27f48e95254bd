// Package repeats limits the text of values that contain the same part many times. A list
// that contains one list twice, nested thirty levels deep, is small in memory but has a
// thousand million items as text.
package repeats

import "math/big"

const (
	// Free is the length in bytes that any text may reach.
	Free = 1 << 20

	most     = 16  // times the length of the text in which each part appears once
	longText = 100 // minimum length in bytes of a text that is remembered
)

// Problem is the error text for a value that a [Meter] refused.
const Problem = "appears in too many places"

// A Meter measures how much of the output repeats values already written. Positions are
// in bytes from the beginning of the text. The zero Meter is ready for use.
type Meter struct {
	written map[any]bool // containers and long texts that have been written once
	again   int          // bytes that repeat earlier output
	since   int          // position where the current repeated container begins
	inside  bool
}

// Begin records the beginning of a container, a pointer. It reports whether [Meter.End]
// must be called at its end.
func (m *Meter) Begin(container any, at int) (again bool) {
	if m.inside {
		return false
	}
	if m.written[container] {
		m.since, m.inside = at, true
		return true
	}
	m.note(container)
	return false
}

// End records the end of a container for which [Meter.Begin] returned true.
func (m *Meter) End(at int) {
	m.again += at - m.since
	m.inside = false
}

// Text records that the text of v, a string or an integer, is at the positions from up to
// to.
func (m *Meter) Text(v any, from, to int) {
	if to-from < longText || m.inside {
		return
	}
	if n, ok := v.(*big.Int); ok {
		v = n.String()
	}
	if m.written[v] {
		m.again += to - from
		return
	}
	m.note(v)
}

func (m *Meter) note(part any) {
	if m.written == nil {
		m.written = map[any]bool{}
	}
	m.written[part] = true
}

// TooLong reports whether a text of this length is out of proportion: more than [Free],
// and more than 16 times as long as if each part appeared once.
func (m *Meter) TooLong(length int) bool {
	again := m.again
	if m.inside {
		again += length - m.since
	}
	return again > Free+most*(length-again)
}
