// Package py represents Python values as Go values, for the serializers of Django's
// sessions.
//
// # Python types in Go
//
//	None        nil
//	bool        bool
//	int         int64, or *big.Int if it does not fit
//	float       float64, including NaN and the infinities
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
//	long of Python 2     *big.Int, even if it fits int64
//	a class or function  *Global, its name
//	other instances      *Object, how Python constructs them
//
// A pickle does not contain a datetime or a Decimal but the way to construct one, so
// reading a pickle returns an [*Object] for these types as well. [Native] replaces such
// objects by the Go types above, and longs by int64 if they fit. To look into other
// objects, use [Object.Attributes], [Object.AsDict], [Object.AsList] and [Object.AsText].
//
// A str may contain lone surrogates, which UTF-8 cannot express. The Go string contains
// each of them as the three bytes that UTF-8 would use if surrogates were allowed. This
// encoding is known as WTF-8; Python calls it surrogatepass. Every other string is plain
// UTF-8.
//
// A value may also be [Lazy]: it keeps its serialized form and is written back unchanged
// if it is not accessed.
//
// [From] converts ordinary Go values to Python values, and [Scan] converts Python values
// to ordinary Go values.
package py
