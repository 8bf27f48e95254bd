package pickle

// load reads the pickle in src. The opcodes that sessions are full of have their cases here. Most return the value they make,
// so that it is put on the stack and in the memo in this function: where the compiler sees that both are in the memory of
// this goroutine, it leaves out what it has to do for the garbage collector elsewhere. For that the machine must stay there.
func load(src string, o Options) (any, error) {
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
		made := true // whether v is to be put on the stack
		switch op {
		case opShortBinUnicode:
			v, problem = m.shortString()
		case opBinInt1:
			v, problem = m.uint8()
		case opBinInt:
			v, problem = m.int32()
		case opBinGet:
			if v = m.peekMemo(); isPlain(v) {
				m.pos++
			} else {
				v, problem = m.getAt(1)
			}
		case opLongBinGet:
			v, problem = m.getAt(4)
		case opEmptyDict:
			v, problem = m.dict()
		case opTuple1:
			v, problem = m.popSingle()
		case opReduce:
			v, problem = m.reduce()
		case opMark:
			problem, made = m.mark(), false
		case opSetItems:
			problem, made = m.setItems(), false
		case opStop:
			return m.result()
		default:
			problem, made = m.step(op), false
		}
		if problem != "" || m.used > m.maxUsed {
			return nil, m.fail(problem)
		}
		m.last = op
		if !made {
			continue
		}
		if !m.stack.push(v) && !(grow(&m, &m.stack) && m.stack.push(v)) {
			return nil, m.fail(tooLarge)
		}
		if m.memoizesNext() && m.memo.dense.push(v) {
			m.memo.count++
			m.last = opMemoize
			m.pos++
		}
	}
}
