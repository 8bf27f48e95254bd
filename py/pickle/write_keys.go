package pickle

import "github.com/djangobridge/djangobridge/py"

// saveKey writes a dict key or a member of a set. Python cannot load what it cannot hash, and nothing that stands beside it.
func (w *writer) saveKey(key any) *UnsupportedError {
	if !isHashable(key) {
		return unsupported(key, notHashable)
	}
	return w.save(key)
}

// isHashable reports whether Python can hash v, as far as that is known of objects: their classes are not.
func isHashable(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case *py.Tuple:
		return areHashable(v, map[*py.Tuple]bool{})
	case py.Lazy:
		r, ok := resolved(v)
		return !ok || isHashable(r) // a nil pointer is refused when it is written
	}
	return !py.Unhashable(v)
}

// areHashable is isHashable for what stands in a tuple. Those that are in seen have been looked at, as the members of a frozenset
// are when it is written.
func areHashable(t *py.Tuple, seen map[*py.Tuple]bool) bool {
	if t == nil || seen[t] {
		return true
	}
	seen[t] = true
	for _, item := range t.Items {
		inner, ok := item.(*py.Tuple)
		if ok && !areHashable(inner, seen) || !ok && !isHashable(item) {
			return false
		}
	}
	return true
}
