package pyjson

import "github.com/djangobridge/djangobridge/py"

// appendFlat writes a dict that contains only strings and scalars, with strings as keys.
// It returns false, and dst without the dict, for any other dict, if the text becomes
// longer than limit, and at a depth at which only a map finds the open containers. Most
// dicts in sessions are flat. Writing them without the stack of [appendUpTo] takes three
// quarters of the time.
func appendFlat(dst []byte, d *py.Dict, limit, depth int) (_ []byte, ok bool) {
	if d == nil || depth >= manyOpen {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, '{')
	for key, value := range d.All() {
		k, ok := key.(string)
		if !ok || len(dst) > limit {
			return dst[:start], false
		}
		if len(dst) > start+len("{") {
			dst = append(dst, ',')
		}
		var problem string
		if dst, problem = appendString(dst, k); problem != "" {
			return dst[:start], false
		}
		dst = append(dst, ':')
		switch v := value.(type) {
		case string:
			dst, problem = appendString(dst, v)
		case nil, bool, int64, float64:
			dst, problem = appendScalar(dst, v)
		default:
			return dst[:start], false
		}
		if problem != "" {
			return dst[:start], false
		}
	}
	return append(dst, '}'), true
}
