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
//	date        Date
//	time        Time
//	timedelta   TimeDelta
//	Decimal     Decimal, with its digits and its exponent
//	uuid.UUID   UUID
//	tuple       *Tuple
//	set         *Set
//	frozenset   *FrozenSet
//	bytearray   *ByteArray
//	complex     complex128
//	str of Python 2      Str2
//	long of Python 2     *big.Int, also one that fits int64
//	a class or function  *Global, its name
//	other instances      *Object, what makes them
//
// A pickle does not say datetime or Decimal but how Python is to make one, so that its
// reader gives an [*Object] for these too; [Native] puts the forms above in their place,
// and int64 in the place of a long that fits it. An Object of a class that has none can
// be looked into: see [Object.Attributes], [Object.AsDict], [Object.AsList] and
// [Object.AsText].
//
// A str may contain lone surrogates, which UTF-8 cannot express: such a code point is held in the Go string as the three bytes
// that UTF-8 would use if it were allowed (the encoding known as WTF-8; Python's surrogatepass). Every other string is plain UTF-8.
//
// A value may also be [Lazy]: still in its serialized form, to be written back unchanged if nobody asks for it.
//
// [From] turns ordinary Go values into these, [Scan] turns these into ordinary Go values.
package py
