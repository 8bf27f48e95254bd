package py_test

import (
	"errors"
	"math/big"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

type (
	shout string
	price struct{ cents int }
	since struct{ Days int }
)

func (s *shout) MarshalText() ([]byte, error) { return []byte(*s + "!"), nil }
func (p *price) PyValue() (any, error)        { return p.cents, nil }
func (s *since) IsZero() bool                 { return s.Days < 0 }

// The methods of a pointer count wherever its value is, as those of the value do.
func TestMethodsOfPointersConvertValues(t *testing.T) {
	t.Parallel()
	half := big.NewRat(1, 2)
	for name, c := range map[string]struct{ v, want any }{
		"value":            {shout("a"), "a!"},
		"pointer":          {new(shout), "!"},
		"struct":           {price{5}, int64(5)},
		"list":             {[]price{{5}, {6}}, py.NewList(int64(5), int64(6))},
		"array":            {[1]shout{"a"}, py.NewList("a!")},
		"any":              {[]any{price{5}}, py.NewList(int64(5))},
		"key":              {map[shout]int{"a": 1}, dict("a!", 1)},
		"value of a map":   {map[string]price{"a": {5}}, dict("a", 5)},
		"field":            {struct{ P price }{price{5}}, dict("P", 5)},
		"rational number":  {struct{ Price big.Rat }{*half}, dict("Price", "1/2")},
		"floating point":   {*big.NewFloat(0.5), "0.5"},
		"embedded":         {struct{ price }{price{5}}, int64(5)},
		"nil pointer":      {(*price)(nil), nil},
		"pointer to a nil": {new(*price), nil},
		"field that says that it is zero": {struct {
			S since `json:",omitzero"`
		}{since{-1}}, dict()},
		"field that says that it is not zero": {struct {
			S since `json:",omitzero"`
		}{}, dict("S", map[string]int{"Days": 0})},
	} {
		if v, err := py.From(c.v); err != nil || !py.Equal(v, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, v, err, c.want)
		}
	}
	warm := []celsius{21.5}
	v, err := py.From(warm)
	var back []celsius
	if err == nil {
		err = py.Scan(v, &back, nil)
	}
	if err != nil || !reflect.DeepEqual(back, warm) {
		t.Errorf("%v, %v", back, err)
	}
}

// A struct none of whose fields are exported would become an empty dict.
func TestStructsOfHiddenFieldsAreRefused(t *testing.T) {
	t.Parallel()
	type hidden struct{ n int }
	for name, v := range map[string]any{
		"struct": hidden{1}, "pointer": &hidden{1}, "item": []hidden{{1}}, "field": struct{ H hidden }{}, "location": time.UTC,
		"atomic": new(atomic.Int64), "map of the standard library": &sync.Map{}, "dict by value": reflect.ValueOf(py.NewDict(0)).Elem().Interface(),
	} {
		_, err := py.From(v)
		if _, ok := errors.AsType[*py.TypeError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, v := range map[string]any{
		"empty struct": struct{}{}, "omitted field": struct {
			N int `json:"-"`
		}{1}, "nil pointer": (*hidden)(nil),
	} {
		if _, err := py.From(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
