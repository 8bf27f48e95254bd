package py

import (
	"fmt"
	"math/big"
)

// A List is a Python list. It is used as a pointer (*List) because two places of one
// value may share it.
type List struct {
	Items []any
}

// NewList returns a list of the given values.
func NewList(items ...any) *List { return &List{Items: items} }

// Bytes is a Python bytes object. It is a string type because bytes are immutable and may
// be dict keys.
type Bytes string

// A Lazy is a value that is still in its serialized form. Resolve returns the Python
// value: a new one on each call, which the caller may change. The result is never Lazy
// itself, but the items of a container may be.
type Lazy interface {
	Resolve() any
}

// Resolve returns v, or the value of v if v is [Lazy].
func Resolve(v any) any {
	if l, ok := v.(Lazy); ok && !isNil(v) {
		return l.Resolve()
	}
	return v
}

// A Typed value knows the name of its Python type. [TypeName] uses it.
type Typed interface {
	PyType() string
}

// TypeName returns the name that Python's type(v).__name__ returns, such as "str" or
// "NoneType", for use in errors. A Go value that is not a Python value, such as a nil
// pointer, is named by its Go type.
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
