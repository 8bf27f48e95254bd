// Package pynum returns numbers in the form in which package py represents them.
package pynum

import (
	"math"
	"math/big"
)

// NaN returns Python's float("nan"). Its bits, which pickles contain, differ from those
// of Go's [math.NaN].
func NaN() float64 { return math.Float64frombits(0x7FF8 << 48) }

// Int returns b as an int64 if it fits, and otherwise b itself: the representation of a
// Python 3 int.
func Int(b *big.Int) any {
	if b.IsInt64() {
		return b.Int64()
	}
	return b
}
