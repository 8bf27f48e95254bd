// Package pyjson reads and writes JSON exactly as Python's json module does with the
// arguments that Django passes: it accepts what Python accepts and writes the bytes that
// Python writes.
//
// # Reading
//
// Django decodes the bytes of a session as latin-1, so each byte of the text is one
// character, U+0000 to U+00FF. [LoadsDict] reads a session. It checks all of the text but
// builds only the values that are cheap to build; the others stay in the form in which
// they were read, as [Raw], until they are needed. [Loads] builds everything.
// [LoadsString] does the same for a Go string, such as JSON that people type. Matches
// json.loads(data.decode("latin-1")).
//
// Like Python, the package goes beyond the JSON standard. It reads NaN, Infinity,
// -Infinity, integers of any size up to [MaxIntDigits], numbers beyond the range of a
// float (they become infinite) and lone surrogates. If an object contains a key twice,
// the last value counts.
//
// # Writing
//
// [Dumps] writes json.dumps(v, separators=(",", ":")): ASCII only, keys in order, floats
// as Python's repr. A Raw is written as it is, so an unchanged session has the same bytes
// again.
//
// # Differences from Python
//
// Python fails on deep nesting: at about 1000 levels up to Python 3.11, and at about
// 10,000 in 3.13. This package has one limit for all versions, [MaxDepth], which accepts
// every session that some Django could store.
package pyjson

const (
	// MaxDepth is the maximum nesting of lists and dicts, for reading and writing.
	MaxDepth = 100_000

	// MaxIntDigits is the maximum number of decimal digits of an integer, without its
	// sign, for reading and writing. It is Python's own limit
	// (sys.int_info.default_max_str_digits). Floats have no limit.
	MaxIntDigits = 4300
)
