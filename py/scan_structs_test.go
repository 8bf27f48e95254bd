package py_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

type (
	Base struct {
		A, B int
		C    string `json:"c"`
	}
	Other struct {
		B int
		D *int
	}
	hidden struct{ E int }
	Named  struct{ F int }
	Deep   struct{ Base }
	Both   struct {
		Base
		Other
	}
	Outer struct {
		Base
		B string
	}
	Tagged struct {
		Base  `json:"base"`
		Other `json:"-"`
		G     int
	}
	WithHidden struct {
		hidden
		H int
	}
	PointerTo struct {
		*Named
		I int
	}
	TagWins struct {
		Named
		Other2
	}
	Other2 struct {
		G int `json:"F"`
	}
	Record struct {
		ID   int `json:"id"`
		Name string
	}
	Audit struct {
		ID string `json:"audit_id"`
	}
	Order struct {
		Record
		ID string `json:"order_id"`
	}
	Audited struct {
		Record
		Audit
	}
	Inline struct {
		Record `json:",omitzero"`
		N      int
	}
	MaybeInline struct {
		*Record `json:",omitempty"`
		N       int
	}
	Level     int
	WithLevel struct {
		Level
		N int
	}
	Left struct {
		X int `json:"x"`
		Y int
	}
	Right struct {
		Z int `json:"x"`
	}
	TwiceDeep struct {
		Deep
		Base
	}
	Ring struct {
		*Ring
		Named
		N int
	}
	Omitting struct {
		A int             `json:"a,omitempty"`
		B string          `json:",omitempty"`
		C []int           `json:"c,omitempty"`
		D map[string]int  `json:"d,omitempty"`
		E *int            `json:"e,omitempty"`
		F time.Time       `json:"f,omitzero"`
		H struct{ A int } `json:"h,omitzero"`
		I [0]int          `json:"i,omitempty"`
		J [1]int          `json:"j,omitempty"`
		K bool            `json:"k,omitempty"`
		L float64         `json:"l,omitempty"`
		M any             `json:"m,omitempty"`
		N []int           `json:"n,omitzero"`
		O *time.Time      `json:"o,omitzero"`
		P any             `json:"p,omitzero"`
		Q zeroer          `json:"q,omitzero"`
		R since           `json:"r,omitzero"`
	}
	zeroer interface{ IsZero() bool }
)

// embedding returns a struct that embeds others. It makes structs that go vet
// refuses, because several fields have one name in their tags.
func embedding(types ...reflect.Type) any {
	fields := make([]reflect.StructField, len(types))
	for i, t := range types {
		fields[i] = reflect.StructField{Name: t.Name(), Type: t, Anonymous: true}
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

// The fields and their values are those of encoding/json.
func TestStructsHaveTheFieldsOfEncodingJSON(t *testing.T) {
	t.Parallel()
	one, now, zero := 1, time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC), time.Time{}
	for _, v := range []any{
		Base{A: 1},
		Deep{},
		Both{},
		Outer{B: "x"},
		Tagged{G: 1},
		WithHidden{},
		PointerTo{},
		PointerTo{Named: &Named{F: 7}},
		TagWins{},
		Order{Record: Record{ID: 1, Name: "a"}, ID: "x"},
		Audited{Record: Record{ID: 1, Name: "a"}, Audit: Audit{ID: "x"}},
		Inline{Record: Record{ID: 1, Name: "a"}, N: 2},
		MaybeInline{Record: &Record{ID: 1, Name: "a"}, N: 2},
		MaybeInline{N: 2},
		WithLevel{Level: 1, N: 2},
		embedding(reflect.TypeFor[Left](), reflect.TypeFor[Right]()),
		embedding(reflect.TypeFor[Left](), reflect.TypeFor[Right](), reflect.TypeFor[Base]()),
		TwiceDeep{Deep: Deep{Base{A: 1}}, Base: Base{A: 2}},
		Ring{Ring: &Ring{N: 1}, Named: Named{F: 2}, N: 3},
		Omitting{},
		&Base{},
		struct {
			a int
			B int
		}{},
		Omitting{A: 1, B: "x", C: []int{1}, D: map[string]int{"a": 1}, E: &one, F: now, K: true, L: 0.5, M: 1, N: []int{}, O: &now, H: struct{ A int }{1}},
		Omitting{C: []int{}, D: map[string]int{}, O: &zero, M: 0, E: new(int)},
		Omitting{P: zero, Q: zero, R: since{-1}},
		Omitting{P: &zero, Q: &now, R: since{1}},
		Omitting{P: (*time.Time)(nil), Q: (*time.Time)(nil)},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		value, err := py.From(v)
		if err == nil {
			err = py.Scan(value, &got, time.UTC)
		}
		if err != nil {
			t.Errorf("%T: %v, %v", v, value, err)
			continue
		}
		text, err = json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%T: %v, encoding/json has %v, %v", v, got, want, err)
		}
	}
	var both struct {
		Outer
		PointerTo
	}
	if err := py.Scan(dictOf("F", int64(3), "I", int64(4), "c", "x", "B", "y"), &both, time.UTC); err != nil || both.Named == nil || both.F != 3 || both.I != 4 || both.C != "x" || both.B != "y" {
		t.Errorf("%+v, %v", both, err)
	}
	var order Order
	if err := py.Scan(dictOf("id", int64(1), "Name", "a", "order_id", "x"), &order, time.UTC); err != nil || order != (Order{Record{1, "a"}, "x"}) {
		t.Errorf("%+v, %v", order, err)
	}
	var inline MaybeInline
	if err := py.Scan(dictOf("id", int64(1), "N", int64(2)), &inline, time.UTC); err != nil || inline.Record == nil || inline.ID != 1 || inline.N != 2 {
		t.Errorf("%+v, %v", inline, err)
	}
}
