package pickle

import "strconv"

// step reads one opcode, whose arguments begin at m.pos. The most frequent ones stand first.
func (m *machine) step(op byte) string {
	switch op {
	case opShortBinUnicode:
		return m.readString(1)
	case opBinUnicode:
		return m.readString(4)
	case opBinUnicode8:
		return m.readString(8)
	case opMemoize:
		return m.memoize(int64(m.memo.count))
	case opBinPut:
		return m.withUint(1, m.memoize)
	case opLongBinPut:
		return m.withUint(4, m.memoize)
	case opPut:
		return m.withLine(m.memoize)
	case opBinGet:
		return m.withUint(1, m.get)
	case opLongBinGet:
		return m.withUint(4, m.get)
	case opGet:
		return m.withLine(m.get)
	case opMark:
		return m.mark()
	case opPop:
		return m.popValue()
	case opPopMark:
		return m.popToMark()
	case opDup:
		return m.dup()
	case opProto:
		return m.readProto()
	case opFrame:
		return m.readFrame()
	default:
		if problem, ok := m.scalar(op); ok {
			return problem
		}
		if problem, ok := m.container(op); ok {
			return problem
		}
		if problem, ok := m.object(op); ok {
			return problem
		}
		return "unknown opcode 0x" + strconv.FormatUint(uint64(op), 16)
	}
}

// scalar reads the opcodes of values that contain no others.
func (m *machine) scalar(op byte) (problem string, known bool) {
	switch op {
	case opNone:
		m.push(nil)
	case opNewTrue:
		m.push(true)
	case opNewFalse:
		m.push(false)
	case opBinInt1:
		return m.withUint(1, m.pushInt), true
	case opBinInt2:
		return m.withUint(2, m.pushInt), true
	case opBinInt:
		return m.withUint(4, func(n int64) string { return m.pushInt(int64(int32(n))) }), true
	case opLong1:
		return m.readLong(1), true
	case opLong4:
		return m.readLong(4), true
	case opInt:
		return m.readIntText(), true
	case opLong:
		return m.readLongText(), true
	case opBinFloat:
		return m.readFloat(), true
	case opFloat:
		return m.readFloatText(), true
	case opString:
		return m.readStr2Text(), true
	case opUnicode:
		return m.readStringText(), true
	case opShortBinString:
		return m.readStr2(1), true
	case opBinString:
		return m.readStr2(4), true
	case opShortBinBytes:
		return m.readBytes(1), true
	case opBinBytes:
		return m.readBytes(4), true
	case opBinBytes8:
		return m.readBytes(8), true
	case opByteArray8:
		return m.readByteArray(), true
	case opNextBuffer:
		return m.nextBuffer(), true
	case opReadOnlyBuffer:
		return m.readOnlyBuffer(), true
	default:
		return "", false
	}
	return "", true
}

// container reads the opcodes of lists, tuples, dicts and sets.
func (m *machine) container(op byte) (problem string, known bool) {
	switch op {
	case opEmptyDict:
		m.newDict()
	case opEmptyList:
		m.newList(nil)
	case opEmptySet:
		m.newSet()
	case opEmptyTuple:
		m.push(m.emptyTuple())
	case opTuple1:
		return m.tuple(1), true
	case opTuple2:
		return m.tuple(2), true
	case opTuple3:
		return m.tuple(3), true
	case opTuple:
		return m.tupleToMark(), true
	case opList:
		return m.listToMark(), true
	case opDict:
		return m.dictToMark(), true
	case opFrozenSet:
		return m.frozenSetToMark(), true
	case opAppend:
		return m.append(), true
	case opAppends:
		return m.appends(), true
	case opSetItem:
		return m.setItem(), true
	case opSetItems:
		return m.setItems(), true
	case opAddItems:
		return m.addItems(), true
	default:
		return "", false
	}
	return "", true
}

// object reads the opcodes of classes and of objects made from them.
func (m *machine) object(op byte) (problem string, known bool) {
	switch op {
	case opGlobal:
		problem = m.readGlobal()
	case opStackGlobal:
		problem = m.stackGlobal()
	case opReduce:
		problem = m.reduce()
	case opNewObj:
		problem = m.newObj()
	case opNewObjEx:
		problem = m.newObjEx()
	case opInst:
		problem = m.inst()
	case opObj:
		problem = m.obj()
	case opBuild:
		problem = m.build()
	case opExt1:
		problem = m.withUint(1, m.extension)
	case opExt2:
		problem = m.withUint(2, m.extension)
	case opExt4:
		problem = m.withUint(4, func(n int64) string { return m.extension(int64(int32(n))) })
	case opPersID:
		problem = m.persistentText()
	case opBinPersID:
		problem = m.persistentValue()
	default:
		return "", false
	}
	return problem, true
}

// withUint calls f with the next n bytes as a number.
func (m *machine) withUint(n int, f func(int64) string) string {
	u, ok := m.uint(n)
	if !ok {
		return endsTooSoon
	}
	return f(int64(u))
}

// readProto takes the number of the protocol, on which names depend.
func (m *machine) readProto() string {
	u, ok := m.uint(1)
	if !ok {
		return endsTooSoon
	}
	if u > maxProtocol {
		return "protocol " + strconv.FormatUint(u, 10) + ", which is not known"
	}
	m.proto = byte(u)
	return ""
}

// readFrame checks that the frame is there, and goes on inside: like CPython it does not mind where the frame ends.
func (m *machine) readFrame() string {
	u, ok := m.uint(8)
	switch {
	case !ok:
		return endsTooSoon
	case u >= 1<<63:
		return badLength
	case u > uint64(len(m.src)-m.pos):
		return endsTooSoon
	}
	return ""
}

// dup pushes the topmost value once more.
func (m *machine) dup() string {
	v, ok := m.top()
	if !ok {
		return noValue
	}
	m.push(v)
	return ""
}

// popToMark drops the topmost mark and what stands above it.
func (m *machine) popToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	m.drop(len(items))
	return ""
}
