package pickle

import "strconv"

// step reads one opcode that load does not handle itself. Its arguments begin at m.pos. A
// single switch over all opcodes compiles to a jump table.
func (m *machine) step(op byte) string {
	switch op {
	case opMemoize:
		return m.memoize(int64(m.memo.count()))
	case opBinPut:
		return m.memoizeAt(1)
	case opLongBinPut:
		return m.memoizeAt(4)
	case opPut:
		return m.memoizeLine()
	case opGet:
		return m.pushLine()

	case opPop:
		return m.popValues()
	case opPopMark:
		return m.popToMark()
	case opDup:
		return m.dup()
	case opProto:
		return m.readProto()
	case opFrame:
		return m.readFrame()

	case opNone:
		return m.push(nil)
	case opNewTrue:
		return m.push(true)
	case opNewFalse:
		return m.push(false)
	case opBinInt2:
		return m.pushUint(2)
	case opLong1:
		return m.readLong(1)
	case opLong4:
		return m.readLong(4)
	case opInt:
		return m.readIntText()
	case opLong:
		return m.readLongText()
	case opBinFloat:
		return m.readFloat()
	case opFloat:
		return m.readFloatText()

	case opBinUnicode:
		return m.readString(4)
	case opBinUnicode8:
		return m.readString(8)
	case opUnicode:
		return m.readStringText()
	case opShortBinString:
		return m.readStr2(1)
	case opBinString:
		return m.readStr2(4)
	case opString:
		return m.readStr2Text()
	case opShortBinBytes:
		return m.readBytes(1)
	case opBinBytes:
		return m.readBytes(4)
	case opBinBytes8:
		return m.readBytes(8)
	case opByteArray8:
		return m.readByteArray()
	case opNextBuffer:
		return m.nextBuffer()
	case opReadOnlyBuffer:
		return m.readOnlyBuffer()

	case opEmptyList:
		return m.newList(nil)
	case opEmptySet:
		return m.newSet()
	case opEmptyTuple:
		return m.pushTuple(0)
	case opTuple2:
		return m.tuple(2)
	case opTuple3:
		return m.tuple(3)
	case opTuple:
		return m.tupleToMark()
	case opList:
		return m.listToMark()
	case opDict:
		return m.dictToMark()
	case opFrozenSet:
		return m.frozenSetToMark()
	case opAppend:
		return m.append()
	case opAppends:
		return m.appends()
	case opSetItem:
		return m.setItem()
	case opSetItems:
		return m.setItems()
	case opAddItems:
		return m.addItems()

	case opGlobal:
		return m.readGlobal()
	case opStackGlobal:
		return m.stackGlobal()
	case opExt1:
		return m.extension(1)
	case opExt2:
		return m.extension(2)
	case opExt4:
		return m.extension(4)
	case opNewObj:
		return m.newObj()
	case opNewObjEx:
		return m.newObjEx()
	case opInst:
		return m.inst()
	case opObj:
		return m.obj()
	case opBuild:
		return m.build()
	case opPersID:
		return m.persistentText()
	case opBinPersID:
		return m.persistentValue()
	}
	return "unknown opcode 0x" + strconv.FormatUint(uint64(op), 16)
}

// readProto reads the number of the protocol, which affects names.
func (m *machine) readProto() string {
	u, ok := m.uint(1)
	if !ok {
		return endsTooSoon
	}
	if u > maxProtocol {
		return "unknown protocol " + strconv.FormatUint(u, 10)
	}
	m.proto = byte(u)
	return ""
}

// readFrame checks that the frame is complete and continues inside. Like CPython, it does
// not check that the frame ends between opcodes.
func (m *machine) readFrame() string {
	u, ok := m.uint(8)
	switch {
	case !ok:
		return endsTooSoon
	case u >= 1<<63:
		return badLength
	case u > uint64(m.left()):
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
	m.noteShared(v)
	return m.push(v)
}
