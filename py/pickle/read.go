package pickle

import (
	"math"

	"github.com/djangobridge/djangobridge/py"
)

// Options say how pickles are read. The zero Options are what [Loads] uses.
type Options struct {
	MaxSize      int // the longest input in bytes; 0 means [MaxSize]
	MaxDepth     int // containers and objects within each other; 0 means [MaxDepth]
	MaxMemo      int // values in the memo; 0 means [MaxMemo]
	MaxIntDigits int // decimal digits of an integer in text; 0 means [MaxIntDigits]

	// Encoding is how a str of Python 2 is decoded: "ASCII" as Python 3 does by default, "latin1" or "utf-8", of which what it
	// cannot decode is refused, or "bytes", which leaves it undecoded as [py.Bytes]. "" leaves it a [py.Str2]. Matches the
	// encoding argument of pickle.loads.
	Encoding string

	// Persistent returns the value that stands for a persistent id; nil refuses them. To write the id again, return a
	// [*py.Object] with the construction [py.ConstructPersistent]. An error of it is returned as it is. Its values count for MaxDepth. Matches
	// Unpickler.persistent_load.
	Persistent func(id any) (any, error)

	// Extensions names the classes behind extension codes; a code that is not in it is refused. Matches copyreg.add_extension.
	Extensions map[int64]py.Global

	// Buffers are the out-of-band buffers of protocol 5 in order; too few of them are refused. A writable buffer becomes a
	// [*py.ByteArray] over the same memory. Matches the buffers argument of pickle.loads.
	Buffers [][]byte
}

// Loads returns the value in a pickle of any protocol, with the default [Options]. The error is a [*SyntaxError]. What
// follows the end of the pickle is ignored. Matches pickle.loads, but runs nothing.
func Loads(data []byte) (any, error) { return Options{}.Loads(data) }

// LoadsString is [Loads] without copying data: the strings in the value are parts of it.
func LoadsString(data string) (any, error) { return Options{}.LoadsString(data) }

// Loads is like the function [Loads], with options. An Encoding that is not known is an error of another type.
func (o Options) Loads(data []byte) (any, error) {
	if len(data) > orDefault(o.MaxSize, MaxSize) {
		return nil, errTooLong()
	}
	return o.LoadsString(string(data))
}

// LoadsString is like the function [LoadsString], with options.
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

// A machine reads one pickle. Its methods for opcodes return the problem with the input, "" if there is none.
type machine struct {
	src   string // all strings that are read are parts of it
	pos   int
	op    int // where the opcode being read is
	last  byte
	proto byte
	opts  Options
	stack inlineSlice[any]
	marks marks
	fence int // the topmost mark; what is below cannot be taken
	memo  readMemo
	empty *py.Tuple

	strings    slab[string] // bytes too
	dicts      slab[py.Dict]
	tuples     slab[py.Tuple]
	singles    slab[single]
	objects    slab[py.Object]
	calls      slab[call]
	globals    slab[py.Global]
	ints       slab[int64]
	items      slab[any] // of the other tuples
	pairs      slab[py.Pair]
	characters [4]uint64 // a bit for each that was read as a str of one character
	shared     []any     // containers that may stand in several places
	foreign    bool      // whether Options.Persistent returned containers
	setting    bool      // whether the call that was read last is how a pickler calls the setter of a state
	buffers    int       // that were taken
	containers int       // that were made
	temporary  int64     // bytes that are allocated on the way and not kept: the stack, the memo, what keys are hashed by
	used       int64     // these and temporary are more than an int of 32 bits holds
	maxUsed    int64
	work       int64
	maxWork    int64
	err        error // of Options.Persistent
}

// result takes the value that STOP returns.
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

// fail returns the error for a problem with the opcode that is being read; "" is that it needs too much memory.
func (m *machine) fail(problem string) error {
	switch {
	case m.err != nil:
		return m.err
	case problem == "":
		problem = tooLarge
	}
	return &SyntaxError{Offset: m.op, Problem: problem}
}

// push puts v on the stack.
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

// popMark takes the topmost mark and returns what stands above it, which is valid until drop is called.
func (m *machine) popMark() ([]any, bool) {
	if m.marks.n == 0 {
		return nil, false
	}
	items := m.stack.all()[m.fence:]
	m.fence = m.marks.pop()
	return items, true
}

// drop takes the last n values from the stack.
func (m *machine) drop(n int) { m.stack.n -= n }

// left is how many bytes of the input are to be read.
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

// sized returns the bytes behind a length of n bytes.
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
