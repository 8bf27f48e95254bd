// Package repeats bounds how long the text of a value may become whose parts stand in many places: a list of the same list
// twice, thirty levels of it, is small in memory and a thousand million items as text.
package repeats

import "math/big"

const (
	// Free is how many bytes any text may have.
	Free = 1 << 20

	most     = 16  // times the length of the text in which each part stands in one place
	longText = 100 // bytes of a text that is worth remembering
)

// Problem is what errors say of a value that a [Meter] refused.
const Problem = "stands in too many places"

// A Meter counts, in a text that is being written, what was in it before. Positions are in bytes from the beginning of the
// text. The zero Meter is ready for use.
type Meter struct {
	written map[any]bool // the containers and long texts that were written once
	again   int          // bytes that were written before
	since   int          // where the container begins that was, if inside
	inside  bool
}

// Begin notes that a container, a pointer, begins. It reports whether [Meter.End] has to be called where it ends.
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

// End notes where the container ends for which [Meter.Begin] was true.
func (m *Meter) End(at int) {
	m.again += at - m.since
	m.inside = false
}

// Text notes that the text of v, which is a string or an integer, stands there.
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

// TooLong reports whether the text, which has come to this length, is out of proportion: more than [Free], and more than 16
// times as long as if each part stood in one place.
func (m *Meter) TooLong(length int) bool {
	again := m.again
	if m.inside {
		again += length - m.since
	}
	return again > Free+most*(length-again)
}
