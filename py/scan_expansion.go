package py

import (
	"math/big"

	"github.com/djangobridge/djangobridge/internal/expansion"
)

// partSize is the number of bytes of a text that count as one part.
const partSize = 64

// newBudget limits the work on values that appear in very many places of v: a list that
// contains one list twice, thirty levels deep, or a long bytes that appears a million
// times.
func newBudget(v any) *expansion.Budget {
	return &expansion.Budget{Value: v, CountDistinct: countDistinct}
}

// partsOf returns how many parts v itself counts as, not including the items of a
// container.
func partsOf(v any) int { return 1 + textSize(v)/partSize }

// textSize returns how many bytes are copied for v, or 0 for a container.
func textSize(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case Bytes:
		return len(v)
	case Str2:
		return len(v)
	case *ByteArray:
		if v != nil {
			return len(v.Bytes)
		}
	case *big.Int:
		if v != nil {
			return v.BitLen() / 8
		}
	}
	return 0
}

// textPlace returns the identity of a text. A pickle contains a text once and refers to it
// from many places.
func textPlace(v any) any {
	switch v := v.(type) {
	case string:
		return expansion.TextPlace(v)
	case Bytes:
		return expansion.TextPlace(string(v))
	case Str2:
		return expansion.TextPlace(string(v))
	}
	return v // a pointer
}

// countDistinct returns the number of parts in v. It counts each container and each long
// text once.
func countDistinct(v any) int {
	n, seen := 0, map[any]bool{}
	for open := []any{v}; len(open) > 0; {
		v = Resolve(open[len(open)-1])
		open = open[:len(open)-1]
		n++
		place := v
		switch v.(type) {
		case *List, *Dict, *Tuple, *Set, *FrozenSet, *Object:
		default:
			if textSize(v) < partSize {
				continue
			}
			place = textPlace(v)
		}
		if isNil(v) || seen[place] {
			continue
		}
		seen[place] = true
		n += textSize(v) / partSize
		if items, ok := itemsOf(v); ok {
			open = append(open, items...)
		}
		switch v := v.(type) {
		case *Dict:
			for k, item := range v.All() {
				open = append(open, k, item)
			}
		case *Object:
			x := v.Extras()
			open = append(open, v.Args, x.State)
			open = append(open, x.Items...)
			for _, p := range x.Pairs {
				open = append(open, p.Key, p.Value)
			}
		}
	}
	return n
}
