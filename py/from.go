package py

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/internal/valuepath"
)

// maxDepth limits the nesting for [From] and [Scan], because values may contain
// themselves.
const maxDepth = 10_000

// A Valuer is a Go type that converts itself to a Python value. The result goes through
// [From] again, so it must have another type.
type Valuer interface {
	PyValue() (any, error)
}

// A TypeError reports a Go value that has no Python form. Path leads to it, such as
// "items[2].price", and is empty for the value itself. It shows at most 40 bytes of a key
// and 200 in all, and keys that are not str by their type.
type TypeError struct {
	Path   string
	Type   reflect.Type
	Reason string
}

func (e *TypeError) Error() string {
	name := "nil"
	if e.Type != nil {
		name = e.Type.String()
	}
	s := "py: Go type " + name + " has no Python form"
	if e.Reason != "" {
		s = "py: Go type " + name + ": " + e.Reason
	}
	if e.Path != "" {
		s += " (at " + e.Path + ")"
	}
	return s
}

// From returns the Python form of a Go value. The result is a copy that shares no mutable
// memory with v.
//
//   - Values of this package are copied; [Lazy] ones stay lazy. The contents of a [*List]
//     or [*Dict] must be Python values too.
//   - bool, integers, floats, strings and *big.Int become what they look like. []byte
//     becomes [Bytes], time.Time an aware [DateTime], time.Duration a [TimeDelta], and
//     complex128 a complex. A nil pointer, interface, slice or map becomes None.
//   - Slices and arrays become lists. Maps become dicts sorted by key, because Go's order
//     is random; arrays as keys become tuples. Structs become dicts of their exported
//     fields, named by their json tags (name, "-", omitempty and omitzero as in
//     encoding/json).
//   - A [Valuer] converts itself. An encoding.TextMarshaler becomes a str, a json.Number
//     an int or a float. Methods of the pointer to a value count as well.
//
// For any other value, including a struct all of whose fields are unexported, the error is
// a [*TypeError].
func From(v any) (any, error) { return from(v, 0) }

func from(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, &TypeError{Type: reflect.TypeOf(v), Reason: "nested too deeply, or contains itself"}
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer && rv.IsNil() {
		return nil, nil
	}
	switch v := v.(type) {
	case float64:
		return fromFloat(v), nil
	case nil, bool, int64, complex128, string, Bytes, DateTime, Lazy:
		return v, nil
	case *List, *Dict, Cloner, Typed:
		return Clone(v), nil
	case int:
		return int64(v), nil
	case *big.Int:
		return pynum.Int(new(big.Int).Set(v)), nil
	case big.Int:
		return pynum.Int(new(big.Int).Set(&v)), nil
	case time.Time:
		return DateTime{Time: v}, nil
	case time.Duration:
		return TimeDeltaOf(v), nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return Bytes(v), nil
	}
	if valuer, ok := as[Valuer](rv); ok {
		w, err := valuer.PyValue()
		if err != nil {
			return nil, err
		}
		return from(w, depth+1)
	}
	if n, ok := v.(number); ok {
		return fromNumber(n, rv.Type())
	}
	if marshaler, ok := as[encoding.TextMarshaler](rv); ok {
		text, err := marshaler.MarshalText()
		return string(text), err
	}
	return fromReflect(rv, depth)
}

// as returns the value in rv as an interface T. If only the pointer to the value has the
// methods, it returns a pointer to a copy.
func as[T any](rv reflect.Value) (T, bool) {
	if v, ok := reflect.TypeAssert[T](rv); ok || !reflect.PointerTo(rv.Type()).Implements(reflect.TypeFor[T]()) {
		return v, ok
	}
	p := reflect.New(rv.Type())
	p.Elem().Set(rv)
	return reflect.TypeAssert[T](p)
}

// number is json.Number, recognized by its methods.
type number interface {
	Int64() (int64, error)
	Float64() (float64, error)
	String() string
}

func fromNumber(n number, t reflect.Type) (any, error) {
	if b, ok := new(big.Int).SetString(n.String(), 10); ok {
		return pynum.Int(b), nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, &TypeError{Type: t, Reason: "not a number"}
	}
	return f, nil
}

func fromFloat(f float64) float64 {
	if math.Float64bits(f) == math.Float64bits(math.NaN()) {
		return pynum.NaN()
	}
	return f
}

func fromReflect(rv reflect.Value, depth int) (any, error) {
	switch rv.Kind() {
	case reflect.Bool:
		return rv.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return pynum.Int(new(big.Int).SetUint64(rv.Uint())), nil
	case reflect.Float64:
		return fromFloat(rv.Float()), nil
	case reflect.Float32:
		return float64(float32(rv.Float())), nil
	case reflect.Complex64, reflect.Complex128:
		return rv.Complex(), nil
	case reflect.String:
		return rv.String(), nil
	case reflect.Pointer, reflect.Interface:
		if rv.IsNil() {
			return nil, nil
		}
		return from(rv.Elem().Interface(), depth+1)
	case reflect.Slice, reflect.Array:
		return fromSlice(rv, depth)
	case reflect.Map:
		return fromMap(rv, depth)
	case reflect.Struct:
		return fromStruct(rv, depth)
	}
	return nil, &TypeError{Type: rv.Type()}
}

func fromSlice(rv reflect.Value, depth int) (any, error) {
	if rv.Kind() == reflect.Slice && rv.IsNil() {
		return nil, nil
	}
	if rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() == reflect.Uint8 {
		return Bytes(rv.Bytes()), nil
	}
	l := &List{Items: make([]any, rv.Len())}
	for i := range l.Items {
		item, err := from(rv.Index(i).Interface(), depth+1)
		if err != nil {
			return nil, at(err, i)
		}
		l.Items[i] = item
	}
	return l, nil
}

func fromMap(rv reflect.Value, depth int) (any, error) {
	if rv.IsNil() {
		return nil, nil
	}
	pairs := make([]Pair, 0, rv.Len())
	for iter := rv.MapRange(); iter.Next(); {
		key, err := from(iter.Key().Interface(), depth+1)
		if err == nil {
			key, err = asKey(key, iter.Key())
		}
		if err != nil {
			return nil, at(err, valuepath.Key)
		}
		value, err := from(iter.Value().Interface(), depth+1)
		if err != nil {
			return nil, at(err, key)
		}
		pairs = append(pairs, Pair{key, value})
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return compareKeys(a.Key, b.Key) })
	d := NewDict(len(pairs))
	for _, p := range pairs {
		d.Set(p.Key, p.Value)
	}
	if d.Len() < len(pairs) {
		return nil, &TypeError{Type: rv.Type(), Reason: "two keys are equal in Python"}
	}
	return d, nil
}

// asKey makes the result of From for a map key hashable: an array becomes a tuple.
func asKey(key any, rv reflect.Value) (any, error) {
	if rv.Kind() == reflect.Interface {
		rv = rv.Elem()
	}
	if list, ok := key.(*List); ok && rv.Kind() == reflect.Array {
		for i := range list.Items {
			item, err := asKey(list.Items[i], rv.Index(i))
			if err != nil {
				return nil, at(err, i)
			}
			list.Items[i] = item
		}
		return &Tuple{Items: list.Items}, nil
	}
	if Unhashable(key) {
		return nil, &TypeError{Type: rv.Type(), Reason: TypeName(key) + " cannot be a key"}
	}
	return key, nil
}

// compareKeys orders strings as strings, numbers as numbers and tuples by their items.
// The order of other keys is arbitrary but stable.
func compareKeys(a, b any) int {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return compare(x, y)
		}
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return compare(x, y)
		}
	}
	if x, ok := a.(*Tuple); ok {
		if y, ok := b.(*Tuple); ok {
			return slices.CompareFunc(x.Items, y.Items, compareKeys)
		}
	}
	return compare(fmt.Sprintf("%T %v", a, a), fmt.Sprintf("%T %v", b, b))
}

func compare[T int64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func fromStruct(rv reflect.Value, depth int) (any, error) {
	if hidesFields(rv.Type()) {
		return nil, &TypeError{Type: rv.Type(), Reason: noExportedFields}
	}
	fields := structFields(rv.Type())
	d := NewDict(len(fields))
	for _, f := range fields {
		fv, err := rv.FieldByIndexErr(f.index)
		if err != nil || f.omit(fv) { // err: a field of an embedded nil pointer
			continue
		}
		value, err := from(fv.Interface(), depth+1)
		if err != nil {
			return nil, at(err, f.name)
		}
		d.Set(f.name, value)
	}
	return d, nil
}

// at prepends a step to the path of a [*TypeError].
func at(err error, step any) error {
	if e, ok := errors.AsType[*TypeError](err); ok {
		e.Path = joinPath(step, e.Path)
	}
	return err
}
