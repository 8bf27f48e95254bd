package pickle

import (
	"math"

	"github.com/djangobridge/djangobridge/py"
)

// Options configure reading. The zero Options are those of [Loads].
type Options struct {
	MaxSize      int // maximum length of the input, in bytes; 0 means [MaxSize]
	MaxDepth     int // maximum nesting of containers and objects; 0 means [MaxDepth]
	MaxMemo      int // maximum number of values in the memo; 0 means [MaxMemo]
	MaxIntDigits int // maximum number of decimal digits of an integer in text; 0 means [MaxIntDigits]

	// Encoding is the encoding of a str of Python 2: "ASCII", the default of Python 3,
	// "latin1" or "utf-8". A str that it cannot decode is refused. "bytes" returns
	// [py.Bytes], and "" a [py.Str2]. Matches the encoding argument of pickle.loads.
	Encoding string

	// Persistent returns the value of a persistent id. If it is nil, persistent ids are
	// refused. To write the id again, return a [*py.Object] with the construction
	// [py.ConstructPersistent]. Loads returns an error of Persistent unchanged. MaxDepth
	// includes the nesting of the returned values. Matches Unpickler.persistent_load.
	Persistent func(id any) (any, error)

	// Extensions contains the classes of extension codes. Other codes are refused.
	// Matches copyreg.add_extension.
	Extensions map[int64]py.Global

	// Buffers are the out-of-band buffers of protocol 5 in order. A pickle that needs
	// more is refused. A writable buffer becomes a [*py.ByteArray] over the same memory.
	// Matches the buffers argument of pickle.loads.
	Buffers [][]byte
}

// Loads returns the value of a pickle of any protocol, with the default [Options]. It
// ignores data after the end of the pickle. The error is a [*SyntaxError]. Matches
// pickle.loads, but executes nothing.
func Loads(data []byte) (any, error) { return Options{}.Loads(data) }

// LoadsString is [Loads] without a copy of data. Strings in the value share its memory.
func LoadsString(data string) (any, error) { return Options{}.LoadsString(data) }

// Loads is like the function [Loads], but with options. An unknown Encoding is an error
// that is not a [*SyntaxError].
func (o Options) Loads(data []byte) (any, error) {
	if len(data) > orDefault(o.MaxSize, MaxSize) {
		return nil, errTooLong()
	}
	return o.LoadsString(string(data))
}

// LoadsString is like the function [LoadsString], but with options.
func (o Options) LoadsString(data string) (any, error) {
	o.MaxSize = orDefault(o.MaxSize, MaxSize)
	o.MaxDepth = orDefault(o.MaxDepth, MaxDepth)
	o.MaxMemo = orDefault(o.MaxMemo, MaxMemo)
	o.MaxIntDigits = orDefault(o.MaxIntDigits, MaxIntDigits)
	if !isEncoding(o.Encoding) {
		return nil, errEncoding
	}
	if len(data) > o.MaxSize {
		return nil, errTooLong()
	}
	return load(data, &o)
}

func errTooLong() error { return &SyntaxError{Problem: "is too long"} }

func orDefault(limit, otherwise int) int {
	if limit == 0 {
		return otherwise
	}
	return limit
}

// A machine reads one pickle. Its methods for opcodes return the problem with the input,
// or "" for valid input.
type machine struct {
	src   string // strings in the result share its memory
	pos   int
	op    int // position of the current opcode
	last  byte
	proto byte
	opts  Options
	stack inlineSlice[any]
	marks marks
	fence int // position of the topmost mark; values below it cannot be popped
	memo  readMemo
	empty *py.Tuple

	strings    slab[string] // also bytes
	dicts      slab[py.Dict]
	tuples     slab[py.Tuple]
	singles    slab[single]
	objects    slab[py.Object]
	calls      slab[call]
	globals    slab[py.Global]
	ints       slab[int64]
	items      slab[any] // of longer tuples
	pairs      slab[py.Pair]
	characters [4]uint64 // a bit for each character that was read as a str of length one
	shared     []any     // containers that may appear in several places
	foreign    bool      // Options.Persistent has returned containers
	setting    bool      // the last call has the form in which a pickler calls the setter of a state
	buffers    int       // buffers used so far
	containers int       // containers made so far
	temporary  int64     // bytes allocated for the stack, the memo and the hashing of keys
	used       int64     // these and temporary exceed an int of 32 bits
	maxUsed    int64
	work       int64
	maxWork    int64
	err        error // of Options.Persistent
}

// result pops the value that STOP returns.
func (m *machine) result() (any, error) {
	v, ok := m.pop()
	if !ok {
		return nil, m.fail(noValue)
	}
	if anyContainer(m.stack.all()[:m.stack.n]) {
		return nil, m.fail(dropped)
	}
	if (m.foreign || m.containers > m.opts.MaxDepth) && m.isTooDeep(v) {
		return nil, m.fail(tooDeep)
	}
	return v, nil
}

// fail returns the error for a problem with the current opcode. The problem "" means that
// it needs too much memory.
func (m *machine) fail(problem string) error {
	switch {
	case m.err != nil:
		return m.err
	case problem == "":
		problem = tooLarge
	}
	return &SyntaxError{Offset: m.op, Problem: problem}
}

// push pushes v onto the stack.
func (m *machine) push(v any) string {
	if !m.stack.push(v) {
		if !grow(m, &m.stack) {
			return tooLarge
		}
		m.stack.push(v)
	}
	return ""
}

func (m *machine) pop() (any, bool) {
	n := m.stack.n - 1
	if n < m.fence {
		return nil, false
	}
	v := m.stack.all()[n]
	m.stack.n = n
	return v, true
}

func (m *machine) top() (any, bool) {
	n := m.stack.n - 1
	if n < m.fence {
		return nil, false
	}
	return m.stack.all()[n], true
}

// popMark removes the topmost mark and returns the values above it, which are valid until
// drop is called.
func (m *machine) popMark() ([]any, bool) {
	if m.marks.n == 0 {
		return nil, false
	}
	items := m.stack.all()[m.fence:]
	m.fence = m.marks.pop()
	return items, true
}

// drop removes the last n values from the stack.
func (m *machine) drop(n int) { m.stack.n -= n }

// left returns the number of unread bytes.
func (m *machine) left() int { return len(m.src) - m.pos }

// take returns the next n bytes of the input.
func (m *machine) take(n int) (string, bool) {
	if n > m.left() {
		return "", false
	}
	s := m.src[m.pos : m.pos+n]
	m.pos += n
	return s, true
}

// uint returns the next n bytes as a little-endian number.
func (m *machine) uint(n int) (uint64, bool) {
	if n == 1 && m.pos < len(m.src) {
		m.pos++
		return uint64(m.src[m.pos-1]), true
	}
	s, ok := m.take(n)
	var u uint64
	for i := range len(s) {
		u |= uint64(s[i]) << (8 * i)
	}
	return u, ok
}

// sized reads a length of n bytes and returns as many bytes after it.
func (m *machine) sized(n int) (s, problem string) {
	u, ok := m.uint(n)
	if !ok {
		return "", endsTooSoon
	}
	if u > math.MaxInt64 {
		return "", badLength
	}
	if u > uint64(m.left()) {
		return "", endsTooSoon
	}
	s, _ = m.take(int(u))
	return s, ""
}
