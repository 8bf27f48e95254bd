package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

func (w *writer) int(v int64) {
	switch {
	case 0 <= v && v <= math.MaxUint8:
		w.buf = append(w.buf, opBinInt1, byte(v))
	case 0 <= v && v <= math.MaxUint16:
		w.buf = append(w.buf, opBinInt2, byte(v), byte(v>>8))
	case math.MinInt32 <= v && v <= math.MaxInt32:
		w.buf = append(w.buf, opBinInt, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	case w.protocol < 3: // as Python 2 does, which would otherwise read a long
		w.buf = append(w.buf, opInt)
		w.buf = append(strconv.AppendInt(w.buf, v, 10), '\n')
	default:
		w.long(v)
	}
}

// long writes a number in the fewest bytes that hold it and its sign.
func (w *writer) long(v int64) {
	size := 0
	for v != 0 && (size == 0 || size < 8 && v>>(8*size-1) != v>>63) {
		size++
	}
	w.buf = append(w.buf, opLong1, byte(size))
	for i := range size {
		w.buf = append(w.buf, byte(v>>(8*i)))
	}
}

// bigInt writes a number of any size, in protocol 2 as a long.
func (w *writer) bigInt(v *big.Int) *UnsupportedError {
	if v.IsInt64() {
		if w.protocol < 3 {
			w.long(v.Int64())
		} else {
			w.int(v.Int64())
		}
		return nil
	}
	magnitude := v
	var flip byte
	if v.Sign() < 0 { // two's complement
		magnitude, flip = new(big.Int).Not(v), 0xFF
	}
	size := magnitude.BitLen()/8 + 1
	switch {
	case size > math.MaxInt32:
		return unsupported(v, intTooLarge)
	case size <= math.MaxUint8:
		w.buf = append(w.buf, opLong1, byte(size))
	default:
		w.buf = binary.LittleEndian.AppendUint32(append(w.buf, opLong4), uint32(size))
	}
	digits := magnitude.FillBytes(make([]byte, size))
	for i := size - 1; i >= 0; i-- {
		w.buf = append(w.buf, digits[i]^flip)
	}
	return nil
}

func (w *writer) float(v float64) {
	w.buf = binary.BigEndian.AppendUint64(append(w.buf, opBinFloat), math.Float64bits(v))
}

func (w *writer) str(s string) *UnsupportedError {
	id := textIdentity(s, kindStr)
	if w.again(id) {
		return nil
	}
	if !validString(s) {
		return unsupported(s, notStr)
	}
	if w.protocol >= 4 && len(s) <= math.MaxUint8 { // strPayload and memoize in one step
		w.buf = append(w.buf, opShortBinUnicode, byte(len(s)))
		w.buf = append(append(w.buf, s...), opMemoize)
		w.memo.add(id, w.memo.count)
		w.memo.count++
		return nil
	}
	w.strPayload(s)
	w.memoize(id)
	return nil
}

func (w *writer) strPayload(s string) {
	switch {
	case w.protocol >= 4 && len(s) <= math.MaxUint8:
		w.buf = append(w.buf, opShortBinUnicode, byte(len(s)))
		w.buf = append(w.buf, s...)
	case w.protocol >= 4 && uint64(len(s)) > math.MaxUint32:
		w.payload(opBinUnicode8, 8, s)
	default:
		w.payload(opBinUnicode, 4, s)
	}
}

// str2 writes a str of Python 2 as Python 2 does. Every protocol may contain it.
func (w *writer) str2(v py.Str2) {
	s := string(v)
	id := textIdentity(s, kindStr2)
	if w.again(id) {
		return
	}
	if len(s) <= math.MaxUint8 {
		w.payload(opShortBinString, 1, s)
	} else {
		w.payload(opBinString, 4, s)
	}
	w.memoize(id)
}

// bytes writes bytes with the given identity. It is zero for bytes that cannot recur.
func (w *writer) bytes(s string, id identity) *UnsupportedError {
	if id != (identity{}) && w.again(id) {
		return nil
	}
	switch {
	case w.protocol < 3:
		if err := w.bytes2(s); err != nil {
			return err
		}
	case len(s) <= math.MaxUint8:
		w.payload(opShortBinBytes, 1, s)
	case w.protocol >= 4 && uint64(len(s)) > math.MaxUint32:
		w.payload(opBinBytes8, 8, s)
	default:
		w.payload(opBinBytes, 4, s)
	}
	if id == (identity{}) {
		w.memoizeNew()
	} else {
		w.memoize(id)
	}
	return nil
}

// bytes2 writes bytes in protocol 2, which has no opcode for them: bytes(), or
// _codecs.encode(text, "latin1").
func (w *writer) bytes2(s string) *UnsupportedError {
	if s == "" {
		if err := w.builtin("bytes"); err != nil {
			return err
		}
		w.buf = append(w.buf, opEmptyTuple, opReduce)
		return nil
	}
	if err := w.global(&py.Global{Module: "_codecs", Name: "encode"}); err != nil {
		return err
	}
	text := oneLatin1(s[0])
	if len(s) > 1 {
		b := make([]byte, 0, len(s)+len(s)/2)
		for i := range len(s) {
			b = wtf8.AppendRune(b, rune(s[i]))
		}
		text = string(b)
	}
	if err := w.str(text); err != nil {
		return err
	}
	if err := w.str("latin1"); err != nil {
		return err
	}
	w.reduce(opTuple2)
	return nil
}

// latin1Chars are the characters U+0000 to U+00FF, in two bytes each.
var latin1Chars = func() string { //nolint:gochecknoglobals // a constant
	var b strings.Builder
	for c := range 0x80 {
		b.WriteByte(byte(c))
		b.WriteByte(byte(c))
	}
	for c := rune(0x80); c <= 0xFF; c++ {
		b.WriteRune(c)
	}
	return b.String()
}()

// oneLatin1 returns the str of one character that CPython makes of a byte, the same
// object each time.
func oneLatin1(c byte) string {
	if c < 0x80 {
		return latin1Chars[2*int(c) : 2*int(c)+1]
	}
	return latin1Chars[2*int(c) : 2*int(c)+2]
}

// byteArray writes a bytearray, before protocol 5 as bytearray(bytes).
func (w *writer) byteArray(v *py.ByteArray) *UnsupportedError {
	id := pointerIdentity(v, kindOther)
	if w.again(id) {
		return nil
	}
	if w.protocol >= 5 {
		w.payload(opByteArray8, 8, string(v.Bytes))
		w.memoize(id)
		return nil
	}
	if err := w.builtin("bytearray"); err != nil {
		return err
	}
	w.boundary()
	if len(v.Bytes) == 0 {
		w.buf = append(w.buf, opEmptyTuple, opReduce)
	} else {
		if err := w.bytes(string(v.Bytes), identity{}); err != nil {
			return err
		}
		w.reduce(opTuple1)
	}
	w.memoize(id)
	return nil
}

// complex writes complex(real, imag).
func (w *writer) complex(v complex128) *UnsupportedError {
	if err := w.builtin("complex"); err != nil {
		return err
	}
	w.boundary()
	w.float(real(v))
	w.boundary()
	w.float(imag(v))
	w.reduce(opTuple2)
	w.memoizeNew()
	return nil
}

// decimal writes decimal.Decimal(text).
func (w *writer) decimal(v py.Decimal) *UnsupportedError {
	if err := w.global(&py.Global{Module: "decimal", Name: "Decimal"}); err != nil {
		return err
	}
	w.boundary()
	w.strPayload(v.String())
	w.memoizeNew()
	w.reduce(opTuple1)
	w.memoizeNew()
	return nil
}

// uuid writes uuid.UUID.__new__(uuid.UUID) with the state {"int": number}.
func (w *writer) uuid(v py.UUID) *UnsupportedError {
	if err := w.global(&py.Global{Module: "uuid", Name: "UUID"}); err != nil {
		return err
	}
	w.boundary()
	w.buf = append(w.buf, opEmptyTuple, opNewObj)
	w.memoizeNew()
	w.boundary()
	w.buf = append(w.buf, opEmptyDict)
	w.memoizeNew()
	w.boundary()
	if err := w.str("int"); err != nil {
		return err
	}
	w.boundary()
	if err := w.save(pynum.Int(v.Int())); err != nil {
		return err
	}
	w.buf = append(w.buf, opSetItem, opBuild)
	return nil
}

// reduce ends a call: it makes a tuple of the arguments just written and writes the call
// itself.
func (w *writer) reduce(tuple byte) {
	w.buf = append(w.buf, tuple)
	w.memoizeNew()
	w.buf = append(w.buf, opReduce)
}

func (w *writer) builtin(name string) *UnsupportedError {
	return w.global(&py.Global{Module: builtins, Name: name})
}
