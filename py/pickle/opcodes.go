package pickle

// The opcodes of pickle's protocols, named as in Python's pickletools.
const (
	// Protocol 0, which is text.
	opMark    = '('
	opStop    = '.'
	opPop     = '0'
	opDup     = '2'
	opFloat   = 'F'
	opInt     = 'I'
	opLong    = 'L'
	opNone    = 'N'
	opPersID  = 'P'
	opReduce  = 'R'
	opString  = 'S'
	opUnicode = 'V'
	opAppend  = 'a'
	opBuild   = 'b'
	opGlobal  = 'c'
	opDict    = 'd'
	opGet     = 'g'
	opInst    = 'i'
	opList    = 'l'
	opPut     = 'p'
	opSetItem = 's'
	opTuple   = 't'

	// Protocol 1.
	opPopMark        = '1'
	opBinInt         = 'J'
	opBinInt1        = 'K'
	opBinInt2        = 'M'
	opBinPersID      = 'Q'
	opBinString      = 'T'
	opShortBinString = 'U'
	opBinUnicode     = 'X'
	opAppends        = 'e'
	opBinGet         = 'h'
	opLongBinGet     = 'j'
	opEmptyList      = ']'
	opEmptyTuple     = ')'
	opEmptyDict      = '}'
	opObj            = 'o'
	opBinPut         = 'q'
	opLongBinPut     = 'r'
	opSetItems       = 'u'
	opBinFloat       = 'G'

	// Protocol 2.
	opProto    = 0x80
	opNewObj   = 0x81
	opExt1     = 0x82
	opExt2     = 0x83
	opExt4     = 0x84
	opTuple1   = 0x85
	opTuple2   = 0x86
	opTuple3   = 0x87
	opNewTrue  = 0x88
	opNewFalse = 0x89
	opLong1    = 0x8A
	opLong4    = 0x8B

	// Protocol 3.
	opBinBytes      = 'B'
	opShortBinBytes = 'C'

	// Protocol 4.
	opShortBinUnicode = 0x8C
	opBinUnicode8     = 0x8D
	opBinBytes8       = 0x8E
	opEmptySet        = 0x8F
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opNewObjEx        = 0x92
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95

	// Protocol 5.
	opByteArray8     = 0x96
	opNextBuffer     = 0x97
	opReadOnlyBuffer = 0x98
)

// maxProtocol is the newest protocol.
const maxProtocol = 5
