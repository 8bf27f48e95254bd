package py

import (
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/valuepath"
)

// scanText returns the text form of a value, if it has one.
func scanText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Decimal:
		return v.String(), true
	case UUID:
		return v.String(), true
	case Date:
		return v.String(), true
	case Time:
		return v.ISOFormat(), true
	case DateTime:
		return v.ISOFormat(), true
	case *Object:
		return v.AsText()
	}
	return "", false
}

func scanNative(v any, rv reflect.Value) error {
	if delta, ok := v.(TimeDelta); ok {
		return scanTimeDelta(delta, rv)
	}
	if rv.Kind() == reflect.String {
		text, _ := scanText(v)
		rv.SetString(text)
		return nil
	}
	switch v := v.(type) {
	case Decimal:
		return scanDecimal(v, rv)
	case UUID:
		if rv.Kind() == reflect.Array && rv.Type().Elem().Kind() == reflect.Uint8 && rv.Len() == len(v) {
			for i, b := range v {
				rv.Index(i).SetUint(uint64(b))
			}
			return nil
		}
	}
	return misfit(v, rv, "")
}

func scanTimeDelta(v TimeDelta, rv reflect.Value) error {
	if rv.Type() != reflect.TypeFor[time.Duration]() {
		return misfit(v, rv, "")
	}
	d, ok := v.Duration()
	if !ok {
		return misfit(v, rv, "the value is out of range")
	}
	rv.SetInt(int64(d))
	return nil
}

// floatDigits is the number of decimal digits that a float64 always preserves.
const floatDigits = 15

func scanDecimal(v Decimal, rv reflect.Value) error {
	if rv.CanFloat() {
		f := v.Float64()
		if v.IsFinite() && !holds(f, v) {
			return misfit(v, rv, "the value would be rounded")
		}
		return scanFloat(f, rv)
	}
	if !rv.CanInt() && !rv.CanUint() || rv.Type() == reflect.TypeFor[time.Duration]() {
		return misfit(v, rv, "")
	}
	n, ok := v.Int()
	if !ok {
		return misfit(v, rv, "the value is not an integer")
	}
	if n.IsInt64() {
		return scanInt(n.Int64(), rv)
	}
	return scanBig(n, rv)
}

// holds reports whether f equals v exactly, or to as many digits as v has and a float
// preserves.
func holds(f float64, v Decimal) bool {
	if len(v.normal().digits) <= floatDigits {
		back, err := ParseDecimal(strconv.FormatFloat(f, 'e', floatDigits-1, 64))
		return err == nil && back.normal() == v.normal()
	}
	exact, ok := v.Rat()
	return ok && new(big.Rat).SetFloat64(f) != nil && new(big.Rat).SetFloat64(f).Cmp(exact) == 0
}

// bigRat stores rational numbers.
func bigRat(v any, dst *big.Rat, rv reflect.Value) (bool, error) {
	switch v := v.(type) {
	case int64:
		dst.SetInt64(v)
	case *big.Int:
		dst.SetInt(v)
	case float64:
		if dst.SetFloat64(v) == nil {
			return true, misfit(v, rv, "the value is not finite")
		}
	case string:
		if len(v) > maxExpanded {
			return true, misfit(v, rv, "the text has too many digits")
		}
		if strings.Contains(v, "/") && dst.UnmarshalText([]byte(v)) == nil {
			return true, nil
		}
		d, err := ParseDecimal(v) // limits the effect of exponents
		if err != nil {
			return true, misfit(v, rv, "the text does not have the format of the type")
		}
		return bigRat(d, dst, rv)
	case Decimal:
		r, ok := v.Rat()
		if !ok {
			return true, misfit(v, rv, "the value is not finite or has too many digits")
		}
		dst.Set(r)
	default:
		return false, nil
	}
	return true, nil
}

// scanObject stores an object of an unknown class by the data that it contains.
func (s scanner) scanObject(o *Object, rv reflect.Value) error {
	switch rv.Kind() {
	case reflect.String:
		if text, ok := o.AsText(); ok {
			rv.SetString(text)
			return nil
		}
	case reflect.Slice, reflect.Array:
		if list, ok := o.AsList(); ok {
			return s.scanItems(o, list.Items, rv)
		}
	case reflect.Map, reflect.Struct:
		if d, ok := o.AsDict(); ok {
			return s.scanDict(d, rv)
		}
		if d, ok := o.Attributes(); ok {
			return s.scanDict(d, rv)
		}
	}
	return misfit(o, rv, "")
}

// scanSet stores a set. v is the value that it belongs to.
func (s scanner) scanSet(v any, set *Set, rv reflect.Value) error {
	if rv.Kind() != reflect.Map {
		items, _ := itemsOf(set)
		return s.scanItems(v, items, rv)
	}
	t := rv.Type()
	member := reflect.New(t.Elem()).Elem()
	switch {
	case t.Elem().Kind() == reflect.Bool:
		member.SetBool(true)
	case t.Elem().Kind() != reflect.Struct || t.Elem().NumField() > 0:
		return misfit(v, rv, "")
	}
	m := reflect.MakeMapWithSize(t, set.Len())
	for item := range set.All() {
		key := reflect.New(t.Key()).Elem()
		if err := s.scan(item, key); err != nil {
			return within(err, valuepath.Member)
		}
		if !key.Comparable() {
			return misfit(item, key, "Go cannot use it as a map key")
		}
		m.SetMapIndex(key, member)
	}
	if m.Len() < set.Len() {
		return misfit(v, rv, "two members become one")
	}
	rv.Set(m)
	return nil
}
