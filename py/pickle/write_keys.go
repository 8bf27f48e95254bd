package pickle

import "github.com/djangobridge/djangobridge/py"

// saveKey writes a dict key or a member of a set. If Python could not hash it, loading
// would fail and all other data would be lost as well.
func (w *writer) saveKey(key any) *UnsupportedError {
	if s, ok := key.(string); ok { // by far the most frequent
		w.boundary()
		return w.str(s)
	}
	if !isHashable(key) {
		return unsupported(key, notHashable)
	}
	return w.save(key)
}

// isHashable reports whether Python can hash v. Objects count as hashable because their
// classes are unknown.
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

// areHashable is isHashable for the items of a tuple. It skips tuples in seen, which have
// been checked. Members of a frozenset are checked when they are written.
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
