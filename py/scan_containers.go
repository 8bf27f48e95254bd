package py

import (
	"fmt"
	"math/big"
	"reflect"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/internal/valuepath"
)

func (s scanner) scanList(v *List, rv reflect.Value) error { return s.scanItems(v, v.Items, rv) }

// scanItems stores the items of v.
func (s scanner) scanItems(v any, items []any, rv reflect.Value) error {
	switch rv.Kind() {
	case reflect.Slice:
		rv.Set(reflect.MakeSlice(rv.Type(), len(items), len(items)))
	case reflect.Array:
		if rv.Len() != len(items) {
			return misfit(v, rv, fmt.Sprintf("the %s has %d items", TypeName(v), len(items)))
		}
	default:
		return misfit(v, rv, "")
	}
	for i, item := range items {
		if err := s.scan(item, rv.Index(i)); err != nil {
			return within(err, i)
		}
	}
	return nil
}

func (s scanner) scanDict(v *Dict, rv reflect.Value) error {
	switch rv.Kind() {
	case reflect.Map:
		return s.scanMap(v, rv)
	case reflect.Struct:
		if reason := opaque(rv.Type()); reason != "" {
			return misfit(v, rv, reason)
		}
		for _, f := range structFields(rv.Type()) {
			value, ok := v.Get(f.name)
			if !ok {
				continue
			}
			if err := s.scan(value, settable(rv, f.index)); err != nil {
				return within(err, f.name)
			}
		}
		return nil
	}
	return misfit(v, rv, "")
}

// opaque says why no key of a dict can reach a struct, or returns "". The structs of this
// package are values of their own, although some have exported fields.
func opaque(t reflect.Type) string {
	switch {
	case t.PkgPath() == reflect.TypeFor[Dict]().PkgPath():
		return "a dict is another Python type"
	case hidesFields(t):
		return noExportedFields
	}
	return ""
}

// settable returns a field and allocates the embedded pointers on the way to it.
func settable(rv reflect.Value, index []int) reflect.Value {
	for _, i := range index[:len(index)-1] {
		rv = rv.Field(i)
		if rv.Kind() == reflect.Pointer {
			if rv.IsNil() {
				rv.Set(reflect.New(rv.Type().Elem()))
			}
			rv = rv.Elem()
		}
	}
	return rv.Field(index[len(index)-1])
}

func (s scanner) scanMap(v *Dict, rv reflect.Value) error {
	t := rv.Type()
	m := reflect.MakeMapWithSize(t, v.Len())
	for k, item := range v.All() {
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := s.scanKey(k, key); err != nil {
			return within(err, valuepath.Key)
		}
		if err := s.scan(item, value); err != nil {
			return within(err, k)
		}
		m.SetMapIndex(key, value)
	}
	if m.Len() < v.Len() {
		return misfit(v, rv, "two keys become one")
	}
	rv.Set(m)
	return nil
}

// scanKey also reads integers from text, because JSON turns integer keys into text.
func (s scanner) scanKey(k any, rv reflect.Value) error {
	if text, ok := k.(string); ok && (rv.CanInt() || rv.CanUint()) {
		if len(text) > maxExpanded {
			return misfit(k, rv, "the text has too many digits")
		}
		b, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return misfit(k, rv, "the text is not an integer")
		}
		k = pynum.Int(b)
	}
	if err := s.scan(k, rv); err != nil {
		return err
	}
	if !rv.Comparable() {
		return misfit(k, rv, "Go cannot use it as a map key")
	}
	return nil
}
