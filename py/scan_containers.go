package py

import (
	"fmt"
	"math/big"
	"reflect"
)

func (s scanner) scanList(v *List, rv reflect.Value) error {
	switch rv.Kind() {
	case reflect.Slice:
		rv.Set(reflect.MakeSlice(rv.Type(), len(v.Items), len(v.Items)))
	case reflect.Array:
		if rv.Len() != len(v.Items) {
			return misfit(v, rv, fmt.Sprintf("the list has %d items", len(v.Items)))
		}
	default:
		return misfit(v, rv, "")
	}
	for i, item := range v.Items {
		if err := s.scan(item, rv.Index(i)); err != nil {
			return within(err, fmt.Sprintf("[%d]", i))
		}
	}
	return nil
}

func (s scanner) scanDict(v *Dict, rv reflect.Value) error {
	switch rv.Kind() {
	case reflect.Map:
		return s.scanMap(v, rv)
	case reflect.Struct:
		for _, f := range structFields(rv.Type()) {
			value, ok := v.Get(f.name)
			if !ok {
				continue
			}
			if err := s.scan(value, settable(rv, f.index)); err != nil {
				return within(err, "."+f.name)
			}
		}
		return nil
	}
	return misfit(v, rv, "")
}

// settable returns a field, with the embedded pointers on the way to it filled in.
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
			return within(err, "[key]")
		}
		if err := s.scan(item, value); err != nil {
			return within(err, fmt.Sprintf("[%v]", k))
		}
		m.SetMapIndex(key, value)
	}
	rv.Set(m)
	return nil
}

// scanKey also reads integers from text, which is what JSON makes of an integer key.
func (s scanner) scanKey(k any, rv reflect.Value) error {
	if text, ok := k.(string); ok && (rv.CanInt() || rv.CanUint()) {
		b, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return misfit(k, rv, "the text is no integer")
		}
		k = Int(b)
	}
	if err := s.scan(k, rv); err != nil {
		return err
	}
	if !rv.Comparable() {
		return misfit(k, rv, "Go cannot compare it")
	}
	return nil
}

// plain returns v in the types that Go programs use for data without a schema; not if it is nested too deeply.
func (s scanner) plain(v any) (any, bool) {
	if s.depth++; s.depth > maxDepth {
		return nil, false
	}
	switch v := Resolve(v).(type) {
	case *big.Int:
		return new(big.Int).Set(v), true
	case Bytes:
		return []byte(v), true
	case DateTime:
		return v.In(s.loc), true
	case *List:
		items := make([]any, len(v.Items))
		for i, item := range v.Items {
			p, ok := s.plain(item)
			if !ok {
				return nil, false
			}
			items[i] = p
		}
		return items, true
	case *Dict:
		m := make(map[string]any, v.Len())
		for k, item := range v.All() {
			name, isStr := k.(string)
			if !isStr {
				return v, true
			}
			p, ok := s.plain(item)
			if !ok {
				return nil, false
			}
			m[name] = p
		}
		return m, true
	default:
		return v, true
	}
}
