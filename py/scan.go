package py

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/djangobridge/djangobridge/internal/expansion"
)

// A Scanner is a Go type that stores a Python value itself. v is never [Lazy].
type Scanner interface {
	ScanPy(v any) error
}

// A ScanError reports a Python value that does not fit its Go destination. Path leads to
// the value, such as "items[2].qty", and is empty for the value itself. It has the form of
// [TypeError].Path.
type ScanError struct {
	Path   string
	Python string // the Python name of the type found
	Go     reflect.Type
	Reason string // details beyond the types; may be empty
}

func (e *ScanError) Error() string {
	s := fmt.Sprintf("py: Python %s does not fit Go %v", e.Python, e.Go)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Path != "" {
		s += " (at " + e.Path + ")"
	}
	return s
}

// Scan stores the Python value v in the variable that dst points to. It never converts
// with loss:
//
//   - int fits any Go integer type that can hold it, *big.Int, and floats that hold it
//     exactly. float fits float64, and float32 if exact. bool fits only bool. str fits
//     strings. bytes fits []byte and strings.
//   - list, tuple, set and frozenset fit slices, and arrays of the same length. Sets also
//     fit maps to struct{} or bool.
//   - dict fits maps and structs. A str that is an integer also fits an integer map key,
//     because JSON turns all keys into text. Struct fields are named as for [From]; keys
//     without a field are ignored, and fields without a key keep their value. Structs
//     without exported fields, and those of this package, are refused.
//   - None sets pointers, interfaces, slices and maps to nil, and fits nothing else.
//   - datetime and str in ISO format fit time.Time. Naive ones are read in loc (nil means
//     UTC). A date is the beginning of that day in loc. timedelta fits time.Duration.
//   - Decimal fits *big.Rat, strings, integers if it is one, and floats if it has at most
//     15 digits or is exact. UUID fits [16]byte and strings. date and time fit strings.
//   - An [*Object] fits what its native form fits (see [Native]), what [Object.AsDict],
//     [Object.AsList] and [Object.AsText] return, and a struct or map as its attributes.
//     A str of Python 2 fits as a str if it is ASCII, and otherwise as bytes.
//   - A [Scanner] stores the value itself. A value with a text form fits an
//     encoding.TextUnmarshaler.
//   - An empty interface receives nil, bool, int64 (*big.Int if larger), float64, string,
//     []byte, time.Time, time.Duration, []any or map[string]any. It receives a *[Dict] if
//     some key is not a str, and any other value as it is in this package.
//
// The error is a [*ScanError]; dst may be partly filled. Scan refuses values nested in
// more than 10,000 levels and values that expand to more than 16 times their size.
func Scan(v, dst any, loc *time.Location) error {
	rv := reflect.ValueOf(dst)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return &ScanError{Python: TypeName(v), Go: reflect.TypeOf(dst), Reason: "the destination must be a pointer"}
	}
	if loc == nil {
		loc = time.UTC
	}
	return scanner{loc: loc, budget: newBudget(v)}.scan(v, rv.Elem())
}

type scanner struct {
	loc    *time.Location
	depth  int
	budget *expansion.Budget
}

const tooDeepOrLarge = "nested too deeply, contains itself, or " + expansion.Problem

func misfit(v any, rv reflect.Value, reason string) error {
	return &ScanError{Python: TypeName(v), Go: rv.Type(), Reason: reason}
}

// within prepends a step to the path of a [*ScanError].
func within(err error, step any) error {
	if e, ok := errors.AsType[*ScanError](err); ok {
		e.Path = joinPath(step, e.Path)
	}
	return err
}

func (s scanner) scan(v any, rv reflect.Value) error {
	v = Resolve(v)
	if s.depth++; s.depth > maxDepth || !s.budget.Spend(partsOf(v)) {
		return misfit(v, rv, tooDeepOrLarge)
	}
	if rv.Kind() == reflect.Pointer && rv.Type() != reflect.TypeFor[*big.Int]() {
		if v == nil {
			rv.SetZero()
			return nil
		}
		if direct(v, rv) {
			return nil
		}
		if rv.IsNil() {
			rv.Set(reflect.New(rv.Type().Elem()))
		}
		return s.scan(v, rv.Elem())
	}
	if direct(v, rv) {
		return nil
	}
	v = native(v)
	if direct(v, rv) {
		return nil
	}
	if str2, ok := v.(Str2); ok {
		v = Bytes(str2)
		if text, ok := textOf(str2); ok {
			v = text
		}
	}
	if done, err := s.special(v, rv); done {
		return err
	}
	return s.scanValue(v, rv)
}

func (s scanner) scanValue(v any, rv reflect.Value) error {
	if v != nil && isNil(v) {
		return misfit(v, rv, "a nil pointer is not a Python value")
	}
	switch v := v.(type) {
	case nil:
		return scanNone(rv)
	case bool:
		if rv.Kind() == reflect.Bool {
			rv.SetBool(v)
			return nil
		}
	case int64:
		return scanInt(v, rv)
	case *big.Int:
		return scanBig(v, rv)
	case float64:
		return scanFloat(v, rv)
	case string:
		if rv.Kind() == reflect.String {
			rv.SetString(v)
			return nil
		}
	case Bytes:
		return scanBytes(v, rv)
	case *List:
		return s.scanList(v, rv)
	case *Dict:
		return s.scanDict(v, rv)
	case *Tuple:
		return s.scanItems(v, v.Items, rv)
	case *Set:
		return s.scanSet(v, v, rv)
	case *FrozenSet:
		return s.scanSet(v, &v.Set, rv)
	case *ByteArray:
		return scanBytes(Bytes(v.Bytes), rv)
	case *Object:
		return s.scanObject(v, rv)
	case complex128:
		if rv.Kind() == reflect.Complex128 {
			rv.SetComplex(v)
			return nil
		}
	case Decimal, UUID, Date, Time, TimeDelta:
		return scanNative(v, rv)
	}
	return misfit(v, rv, "")
}

// direct stores a value of this package in a variable of its own type, if possible.
func direct(v any, rv reflect.Value) bool {
	if v == nil || reflect.TypeOf(v) != rv.Type() || rv.Kind() != reflect.Pointer && rv.Kind() != reflect.Struct {
		return false
	}
	rv.Set(reflect.ValueOf(v))
	return true
}

// special handles destinations that are recognized by their type.
func (s scanner) special(v any, rv reflect.Value) (bool, error) {
	if rv.Kind() == reflect.Interface && rv.NumMethod() == 0 {
		plain, ok := s.plain(v)
		switch {
		case !ok:
			return true, misfit(v, rv, tooDeepOrLarge)
		case plain == nil:
			rv.SetZero()
		default:
			rv.Set(reflect.ValueOf(plain))
		}
		return true, nil
	}
	if !rv.CanAddr() {
		return false, nil
	}
	switch dst := rv.Addr().Interface().(type) {
	case Scanner:
		return true, dst.ScanPy(v)
	case *time.Time:
		t, err := s.time(v, rv)
		if err == nil {
			*dst = t
		}
		return true, err
	case **big.Int:
		return s.bigInt(v, dst)
	case *big.Rat:
		return bigRat(v, dst, rv)
	case encoding.TextUnmarshaler:
		text, ok := scanText(v)
		if !ok {
			return false, nil
		}
		if err := dst.UnmarshalText([]byte(text)); err != nil {
			return true, misfit(v, rv, "the text does not have the format of the type")
		}
		return true, nil
	}
	return false, nil
}

func (s scanner) bigInt(v any, dst **big.Int) (bool, error) {
	switch v := v.(type) {
	case nil:
		*dst = nil
	case int64:
		*dst = big.NewInt(v)
	case *big.Int:
		*dst = new(big.Int).Set(v)
	case Decimal:
		n, ok := v.Int()
		if ok {
			*dst = n
		}
		return ok, nil
	default:
		return false, nil
	}
	return true, nil
}

func (s scanner) time(v any, rv reflect.Value) (time.Time, error) {
	switch v := v.(type) {
	case DateTime:
		return v.In(s.loc), nil
	case Date:
		return v.In(s.loc), nil
	case string:
		d, err := ParseISOFormat(v)
		if err != nil {
			return time.Time{}, misfit(v, rv, "the text is not a date and time in ISO format")
		}
		return d.In(s.loc), nil
	}
	return time.Time{}, misfit(v, rv, "")
}

func scanNone(rv reflect.Value) error {
	switch rv.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		rv.SetZero()
		return nil
	}
	return misfit(nil, rv, "use a pointer to distinguish None from a value")
}

func scanInt(v int64, rv reflect.Value) error {
	switch {
	case rv.CanInt():
		if rv.Type() == reflect.TypeFor[time.Duration]() {
			return misfit(v, rv, "a number has no unit: scan it into an integer and convert that")
		}
		if rv.OverflowInt(v) {
			return misfit(v, rv, "the value is out of range")
		}
		rv.SetInt(v)
	case rv.CanUint():
		if v < 0 || rv.OverflowUint(uint64(v)) {
			return misfit(v, rv, "the value is out of range")
		}
		rv.SetUint(uint64(v))
	case rv.CanFloat():
		return scanExact(new(big.Float).SetInt64(v), v, rv)
	default:
		return misfit(v, rv, "")
	}
	return nil
}

func scanBig(v *big.Int, rv reflect.Value) error {
	switch {
	case v.IsInt64(): // a Python 2 long
		return scanInt(v.Int64(), rv)
	case rv.CanUint():
		if !v.IsUint64() || rv.OverflowUint(v.Uint64()) {
			return misfit(v, rv, "the value is out of range")
		}
		rv.SetUint(v.Uint64())
	case rv.CanInt():
		return misfit(v, rv, "the value is out of range")
	case rv.CanFloat():
		return scanExact(new(big.Float).SetInt(v), v, rv)
	default:
		return misfit(v, rv, "")
	}
	return nil
}

// scanExact stores f, the value of the integer v, if the Go float holds it exactly.
func scanExact(f *big.Float, v any, rv reflect.Value) error {
	g, accuracy := f.Float64()
	if accuracy != big.Exact || rv.Kind() == reflect.Float32 && float64(float32(g)) != g {
		return misfit(v, rv, "the value would be rounded")
	}
	rv.SetFloat(g)
	return nil
}

func scanFloat(v float64, rv reflect.Value) error {
	if !rv.CanFloat() {
		return misfit(v, rv, "")
	}
	if rv.Kind() == reflect.Float32 && !math.IsNaN(v) && float64(float32(v)) != v {
		return misfit(v, rv, "the value would be rounded")
	}
	rv.SetFloat(v)
	return nil
}

func scanBytes(v Bytes, rv reflect.Value) error {
	switch {
	case rv.Kind() == reflect.String:
		rv.SetString(string(v))
	case rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() == reflect.Uint8:
		rv.SetBytes([]byte(v))
	default:
		return misfit(v, rv, "")
	}
	return nil
}
