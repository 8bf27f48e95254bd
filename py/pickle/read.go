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

	// Persistent returns the value that stands for a persistent id; nil refuses them. To write the id again, return a
	// [*py.Object] with the making [py.Persistent]. An error of it is returned as it is. Matches Unpickler.persistent_load.
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

// Loads is like the function [Loads], with options.
func (o Options) Loads(data []byte) (any, error) {
	o.MaxSize = orDefault(o.MaxSize, MaxSize)
	o.MaxDepth = orDefault(o.MaxDepth, MaxDepth)
	o.MaxMemo = orDefault(o.MaxMemo, MaxMemo)
	o.MaxIntDigits = orDefault(o.MaxIntDigits, MaxIntDigits)
	if len(data) > o.MaxSize {
		return nil, &SyntaxError{Problem: "is too long"}
	}
	var stack, values [24]any
	var marks [8]int
	m := machine{
		src: string(data), opts: &o, stack: stack[:0], marks: marks[:0], memo: readMemo{dense: values[:0]},
		maxUsed: memoryFactor*len(data) + memoryBase, maxWork: workFactor*len(data) + workBase,
	}
	return m.run()
}

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
	opts  *Options
	proto byte
	stack []any
	marks []int // the heights of the stack at which marks stand
	fence int   // the topmost mark; what is below cannot be taken
	memo  readMemo
	empty *py.Tuple

	characters [256]bool // that were read as a str of one character
	buffers    int       // that were taken
	containers int       // that were made
	used       int
	maxUsed    int
	work       int
	maxWork    int
	err        error // of Options.Persistent
}

func (m *machine) run() (any, error) {
	for {
		m.op = m.pos
		if m.pos >= len(m.src) {
			return nil, m.fail("ends without STOP")
		}
		op := m.src[m.pos]
		m.pos++
		if op == opStop {
			break
		}
		if problem := m.step(op); problem != "" {
			if m.err != nil {
				return nil, m.err
			}
			return nil, m.fail(problem)
		}
		if m.used > m.maxUsed {
			return nil, m.fail(tooLarge)
		}
		m.last = op
	}
	v, ok := m.pop()
	if !ok {
		return nil, m.fail(noValue)
	}
	if m.containers > m.opts.MaxDepth && isTooDeep(v, m.opts.MaxDepth) {
		return nil, m.fail(tooDeep)
	}
	return v, nil
}

func (m *machine) fail(problem string) error { return &SyntaxError{Offset: m.op, Problem: problem} }

// push puts v on the stack. If that passes the limit, run notices.
func (m *machine) push(v any) {
	if len(m.stack) == cap(m.stack) {
		old := len(m.stack)
		grown := min(2*old, old+len(m.src)-m.pos) + 4
		if !m.charge(grown * sizeAny) {
			return
		}
		stack := make([]any, old, grown)
		copy(stack, m.stack)
		m.stack = stack
		m.used -= old * sizeAny
	}
	m.stack = append(m.stack, v)
}

func (m *machine) pop() (any, bool) {
	n := len(m.stack) - 1
	if n < m.fence {
		return nil, false
	}
	v := m.stack[n]
	m.stack[n] = nil
	m.stack = m.stack[:n]
	return v, true
}

func (m *machine) top() (any, bool) {
	n := len(m.stack) - 1
	if n < m.fence {
		return nil, false
	}
	return m.stack[n], true
}

func (m *machine) mark() string {
	if len(m.marks) == cap(m.marks) {
		m.used += 12 * len(m.marks)
	}
	m.fence = len(m.stack)
	m.marks = append(m.marks, m.fence)
	return ""
}

// popMark takes the topmost mark and returns what stands above it, which is valid until drop is called.
func (m *machine) popMark() ([]any, bool) {
	n := len(m.marks) - 1
	if n < 0 {
		return nil, false
	}
	items := m.stack[m.marks[n]:]
	m.marks = m.marks[:n]
	m.fence = 0
	if n > 0 {
		m.fence = m.marks[n-1]
	}
	return items, true
}

// drop takes the last n values from the stack.
func (m *machine) drop(n int) {
	clear(m.stack[len(m.stack)-n:])
	m.stack = m.stack[:len(m.stack)-n]
}

// take returns the next n bytes of the input.
func (m *machine) take(n int) (string, bool) {
	if n > len(m.src)-m.pos {
		return "", false
	}
	s := m.src[m.pos : m.pos+n]
	m.pos += n
	return s, true
}

// uint returns the next n bytes as a little-endian number.
func (m *machine) uint(n int) (uint64, bool) {
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
	if u > uint64(len(m.src)-m.pos) {
		return "", endsTooSoon
	}
	s, _ = m.take(int(u))
	return s, ""
}
