package pickle

import "github.com/djangobridge/djangobridge/py"

// load reads the pickle in src. Opcodes that sessions are full of have their cases here: these return the value that they
// make, so that it is put on the stack and in the memo right here, where the compiler knows both to be in the memory of this goroutine
// and leaves out what it has to do for the garbage collector elsewhere. The machine must not leave that memory either.
func load(src string, o *Options) (any, error) {
	m := machine{
		src: src, opts: o,
		maxUsed: memoryFactor*len(src) + memoryBase, maxWork: workFactor*len(src) + workBase,
	}
	for {
		m.op = m.pos
		if m.pos >= len(m.src) {
			return nil, m.fail("ends without STOP")
		}
		op := m.src[m.pos]
		m.pos++
		var v any
		var problem string
		switch op {
		case opShortBinUnicode:
			v, problem = m.shortString()
		case opBinInt1:
			v, problem = m.uint8()
		case opBinInt:
			v, problem = m.int32()
		case opBinGet:
			if m.pos < len(m.src) && int(m.src[m.pos]) < m.memo.dense.n {
				v = m.memo.dense.all()[m.src[m.pos]]
				if _, ok := v.(string); ok {
					m.pos++
					break
				}
			}
			v, problem = m.got()
		case opEmptyDict:
			v, problem = m.dict()
		case opTuple1:
			v, problem = m.popSingle()
		case opReduce:
			v, problem = m.reduced()
		case opMark:
			if problem = m.mark(); problem == "" {
				m.last = op
				continue
			}
		case opSetItems:
			if problem = m.setItems(); problem == "" && m.used <= m.maxUsed {
				m.last = op
				continue
			}
		case opStop:
			return m.result()
		default:
			problem = m.step(op)
			if problem == "" && m.used <= m.maxUsed {
				m.last = op
				continue
			}
		}
		if problem == "" && m.used > m.maxUsed {
			problem = tooLarge
		}
		if problem != "" {
			if m.err != nil {
				return nil, m.err
			}
			return nil, m.fail(problem)
		}
		if !m.stack.push(v) && !growTo(&m, &m.stack, v) {
			return nil, m.fail(tooLarge)
		}
		m.last = op
		if m.pos < len(m.src) && m.src[m.pos] == opMemoize && m.memo.count < o.MaxMemo && m.memo.count == m.memo.dense.n {
			if !m.memo.dense.push(v) {
				if !growTo(&m, &m.memo.dense, v) {
					return nil, m.fail(tooLarge)
				}
			}
			m.memo.count++
			m.pos++
			m.last = opMemoize
		}
	}
}

// result takes the value that STOP returns.
func (m *machine) result() (any, error) {
	v, ok := m.pop()
	if !ok {
		return nil, m.fail(noValue)
	}
	if m.containers > m.opts.MaxDepth && m.isTooDeep(v) {
		return nil, m.fail(tooDeep)
	}
	return v, nil
}

func (m *machine) shortString() (v any, problem string) {
	if m.pos >= len(m.src) {
		return nil, endsTooSoon
	}
	start := m.pos + 1
	end := start + int(m.src[m.pos])
	if end > len(m.src) {
		return nil, endsTooSoon
	}
	s := m.src[start:end]
	m.pos = end
	if !m.isShortASCII(start, end) && !validString(s) {
		return nil, badText
	}
	if m.proto <= 2 {
		s = m.ownCharacter(s)
	}
	p := next(m, &m.strings)
	if p == nil {
		return nil, tooLarge
	}
	*p = s
	return box("", p), ""
}

func (m *machine) uint8() (v any, problem string) {
	if m.pos >= len(m.src) {
		return nil, endsTooSoon
	}
	n := m.src[m.pos]
	m.pos++
	return int64(n), ""
}

func (m *machine) int32() (v any, problem string) {
	if m.left() < 4 {
		return nil, endsTooSoon
	}
	s := m.src[m.pos : m.pos+4]
	m.pos += 4
	return m.int(int64(int32(uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24)))
}

func (m *machine) int(n int64) (v any, problem string) {
	if uint64(n) < 256 { // which Go does not allocate
		return n, ""
	}
	p := next(m, &m.ints)
	if p == nil {
		return nil, tooLarge
	}
	*p = n
	return box(int64(0), p), ""
}

func (m *machine) got() (v any, problem string) {
	if m.pos >= len(m.src) {
		return nil, endsTooSoon
	}
	index := int(m.src[m.pos])
	m.pos++
	if index < m.memo.dense.n {
		v = m.memo.dense.all()[index]
		switch v.(type) {
		case string, *py.Global:
			return v, ""
		case unset:
		default:
			m.noteShared(v)
			return v, ""
		}
	}
	return m.find(int64(index))
}

func (m *machine) dict() (v any, problem string) {
	m.containers++
	d := next(m, &m.dicts)
	if d == nil {
		return nil, tooLarge
	}
	return d, ""
}
