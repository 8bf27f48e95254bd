package pickle

// load reads the pickle in src. The most common opcodes of sessions have their cases
// here. Most of them return the value, so that it is put on the stack and in the memo in
// this function: if the compiler sees that both are on the goroutine's stack, it omits
// write barriers. The machine must therefore stay on the stack. The position and the
// height of the stack are also kept in variables, because the next opcode depends on
// them.
func load(src string, o *Options) (any, error) {
	var m machine // not a literal, which would be built elsewhere and copied
	m.src, m.opts = src, *o
	m.maxUsed, m.maxWork = memoryFactor*int64(len(src))+memoryBase, workFactor*int64(len(src))+workBase
	m.memo.quick = o.MaxMemo
	for pos, top := 0, 0; ; {
		m.op = pos
		if uint(pos) >= uint(len(src)) {
			return nil, m.fail("ends without STOP")
		}
		op := src[pos]
		pos++
		m.pos = pos
		var v any
		var problem string
		made := true // whether v is to be pushed
		switch op {
		case opShortBinUnicode:
			v, problem = m.shortString()
			pos = m.pos
		case opBinInt1:
			v, problem = m.uint8()
			pos = m.pos
		case opBinInt:
			v, problem = m.int32()
			pos = m.pos
		case opBinGet:
			if v = m.peekMemo(pos); isPlain(v) {
				pos++
			} else {
				v, problem = m.getAt(1)
				pos = m.pos
			}
		case opLongBinGet:
			v, problem = m.getAt(4)
			pos = m.pos
		case opEmptyDict:
			v, problem = m.dict()
		case opTuple1:
			if o := m.callSingle(); o != nil {
				v, op = o, opReduce
				pos = m.pos
			} else {
				v, problem = m.popSingle()
			}
			top = m.stack.n
		case opReduce:
			v, problem = m.reduce()
			top = m.stack.n
		case opMark:
			problem, made = m.mark(), false
		case opSetItems:
			problem, made = m.setItems(), false
			top = m.stack.n
		case opStop:
			return m.result()
		default:
			problem, made = m.step(op), false
			pos = m.pos
			top = m.stack.n
		}
		if problem != "" || m.used > m.maxUsed {
			return nil, m.fail(problem)
		}
		m.last = op
		if !made {
			continue
		}
		top++
		if !m.stack.set(top-1, v) && !(grow(&m, &m.stack) && m.stack.set(top-1, v)) {
			return nil, m.fail(tooLarge)
		}
		if m.memoizesAt(pos) && m.memo.dense.push(v) {
			m.last = opMemoize
			pos++
		}
	}
}
