// Package pyjson reads and writes JSON exactly as Python's json module does with the arguments that Django gives it: it
// accepts what Python accepts and writes the bytes that Python writes.
//
// # Reading
//
// Django decodes the bytes of a session as latin-1, so each byte of the text is one character, U+0000 to U+00FF.
// [LoadsDict] reads a session: the text is checked in full, but of the values only those that cost nothing to build are
// built; the others stay [Raw], as they stand in the text, until somebody asks for them. [Loads] builds everything.
// [LoadsString] does so from a Go string, for JSON that people type. Matches json.loads(data.decode("latin-1")).
//
// Beyond the JSON standard Python reads NaN, Infinity, -Infinity, integers of any size up to [MaxIntDigits], numbers past
// the range of a float (they become infinite) and lone surrogates. Of equal keys in one object the last value counts.
//
// # Writing
//
// [Dumps] writes json.dumps(v, separators=(",", ":")): ASCII only, keys in order, floats as Python's repr. A Raw is
// written as it is, so a session in which nothing was changed has the same bytes again.
//
// # What differs from Python
//
// Python gives up on deep nesting: near 1000 levels up to Python 3.11, near 10,000 in 3.13. Here the limit is [MaxDepth] for
// every version, so that no session is refused that some Django could store.
package pyjson

const (
	// MaxDepth is how many lists and dicts may stand within each other, when reading and when writing.
	MaxDepth = 100_000

	// MaxIntDigits is how many decimal digits an integer may have, its sign not counted, when reading and when writing. It
	// is Python's own limit (sys.int_info.default_max_str_digits). Floats have no limit.
	MaxIntDigits = 4300
)
