package pickle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// A small dict with str keys is filled in a special way. The expected values are those of
// CPython 3.11's pickle.loads.
func TestDictsAreFilledAsInPython(t *testing.T) {
	t.Parallel()
	const nine = "\x8c\x01aK\x00\x8c\x01bK\x01\x8c\x01cK\x02\x8c\x01dK\x03\x8c\x01eK\x04\x8c\x01fK\x05\x8c\x01gK\x06\x8c\x01hK\x07\x8c\x01iK\x08"
	for name, c := range map[string]struct{ pickle, want string }{
		"a key twice":             {"}(\x8c\x01aK\x01\x8c\x01bK\x02\x8c\x01aK\x03u.", "{'a': 3, 'b': 2}"},
		"a key from the memo":     {"}(\x8c\x01a\x94K\x01h\x00K\x02u.", "{'a': 2}"},
		"keys twice, one by one":  {"}\x8c\x01aK\x01s\x8c\x01aK\x02s\x8c\x01bK\x03s.", "{'a': 2, 'b': 3}"},
		"in two parts":            {"}(\x8c\x01aK\x01\x8c\x01bK\x02u(\x8c\x01bK\x03\x8c\x01cK\x04u.", "{'a': 1, 'b': 3, 'c': 4}"},
		"a number among text":     {"}(\x8c\x01aK\x01K\x07K\x02\x8c\x01aK\x03K\x07K\x04u.", "{'a': 3, 7: 4}"},
		"nine keys":               {"}(" + nine + "u.", "{'a': 0, 'b': 1, 'c': 2, 'd': 3, 'e': 4, 'f': 5, 'g': 6, 'h': 7, 'i': 8}"},
		"nine keys, one twice":    {"}(" + nine + "\x8c\x01iK\x63u.", "{'a': 0, 'b': 1, 'c': 2, 'd': 3, 'e': 4, 'f': 5, 'g': 6, 'h': 7, 'i': 99}"},
		"two dicts side by side":  {"](}(\x8c\x01aK\x01u}(\x8c\x01bK\x02ue.", "[{'a': 1}, {'b': 2}]"},
		"a dict grows after that": {"](}\x94(\x8c\x01aK\x01u}(\x8c\x01bK\x02uh\x00(\x8c\x01cK\x03ue.", "[{'a': 1, 'c': 3}, {'b': 2}, {'a': 1, 'c': 3}]"},
	} {
		v, err := Loads([]byte(c.pickle))
		if got := repr(v); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, c.want)
		}
	}
}

// repr is Python's repr of the values above.
func repr(v any) string {
	var parts []string
	switch v := v.(type) {
	case string:
		return "'" + v + "'"
	case *py.List:
		for _, item := range v.Items {
			parts = append(parts, repr(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *py.Dict:
		for key, value := range v.All() {
			parts = append(parts, repr(key)+": "+repr(value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
