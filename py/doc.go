// Package py holds Python values as Go values: what the serializers of a Django session read and write.
//
// # How each Python type stands in Go
//
//	None        nil
//	bool        bool
//	int         int64, or *big.Int when it does not fit
//	float       float64, NaN and the infinities included
//	str         string
//	bytes       Bytes
//	list        *List
//	dict        *Dict, in order of insertion
//	datetime    DateTime, naive or aware
//	tuple       *Tuple
//	set         *Set
//	frozenset   *FrozenSet
//	bytearray   *ByteArray
//	complex     complex128
//	a class or function  *Global, its name
//	other instances      *Object, what makes them
//
// A str may hold lone surrogates, which UTF-8 cannot: such a code point stands in the Go string as the three bytes that
// UTF-8 would use if it were allowed (the encoding known as WTF-8; Python's surrogatepass). [AppendRune] and
// [DecodeRune] write and read it; every other string is plain UTF-8.
//
// A value may also be [Lazy]: still in its serialized form, to be written back unchanged if nobody asks for it.
//
// [From] turns ordinary Go values into these, [Scan] turns these into ordinary Go values.
package py
