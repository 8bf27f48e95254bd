package py

import (
	"fmt"
	"math/big"
)

// A List is a Python list. It is a pointer type in use (*List) because two places of one value may share it.
type List struct {
	Items []any
}

// NewList returns a list of the given values.
func NewList(items ...any) *List { return &List{Items: items} }

// Bytes is a Python bytes object. It is a string type because Python's is immutable and may be a dict key.
type Bytes string

// A Lazy is a value still in the form in which it was read. Resolve returns the Python value it stands for: a new one at
// each call, which the caller may change. Resolve never returns another Lazy at the top; the items of a container may be.
type Lazy interface {
	Resolve() any
}

// Resolve returns v, or what v stands for if it is [Lazy].
func Resolve(v any) any {
	if l, ok := v.(Lazy); ok && !isNil(v) {
		return l.Resolve()
	}
	return v
}

// A Typed value names its Python type itself; [TypeName] asks it.
type Typed interface {
	PyType() string
}

// TypeName is the name that Python's type(v).__name__ gives, such as "str" or "NoneType", for use in errors. A Go value
// that is no Python value, as no nil pointer is, is named by its Go type.
func TypeName(v any) string {
	v = Resolve(v)
	if v != nil && isNil(v) {
		return fmt.Sprintf("Go nil %T", v)
	}
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Bytes:
		return "bytes"
	case *List:
		return "list"
	case *Dict:
		return "dict"
	case complex128:
		return "complex"
	case DateTime:
		return "datetime"
	case Typed:
		return v.PyType()
	default:
		return fmt.Sprintf("Go %T", v)
	}
}
