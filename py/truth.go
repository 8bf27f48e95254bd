package py

import "math/big"

// Truth reports whether Python considers v true: whether v is not None, False, zero or
// empty. An [*Object] without a native form is true, regardless of its class. A Go value
// that is not a Python value is true unless it is a nil pointer. Matches bool(v).
func Truth(v any) bool {
	v = native(Resolve(v))
	if v == nil || isNil(v) {
		return false
	}
	switch v := v.(type) {
	case bool:
		return v
	case int64:
		return v != 0
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	case complex128:
		return v != 0
	case Decimal:
		return v.Sign() != 0 || v.IsNaN()
	case string:
		return v != ""
	case Str2:
		return v != ""
	case Bytes:
		return v != ""
	case TimeDelta:
		return v != TimeDelta{}
	case *List:
		return len(v.Items) > 0
	case *Tuple:
		return len(v.Items) > 0
	case *ByteArray:
		return len(v.Bytes) > 0
	case *Dict:
		return v.Len() > 0
	case *Set:
		return v.Len() > 0
	case *FrozenSet:
		return v.Len() > 0
	}
	return true
}
