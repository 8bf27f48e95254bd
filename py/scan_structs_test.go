package py_test

import (
	"encoding/json"
	"maps"
	"slices"
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
	}
)

// The names of the fields are those of encoding/json.
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
		Omitting{},
		&Base{},
		struct {
			a int
			B int
		}{},
		Omitting{A: 1, B: "x", C: []int{1}, D: map[string]int{"a": 1}, E: &one, F: now, K: true, L: 0.5, M: 1, N: []int{}, O: &now, H: struct{ A int }{1}},
		Omitting{C: []int{}, D: map[string]int{}, O: &zero, M: 0, E: new(int)},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(maps.Keys(fields))
		value, err := py.From(v)
		d, ok := value.(*py.Dict)
		if err != nil || !ok {
			t.Errorf("%T: %v, %v", v, value, err)
			continue
		}
		got := make([]string, 0, d.Len())
		for _, key := range d.Keys() {
			got = append(got, key.(string))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%T: %v, encoding/json has %v", v, got, want)
		}
	}
	var both struct {
		Outer
		PointerTo
	}
	if err := py.Scan(dictOf("F", int64(3), "I", int64(4), "c", "x", "B", "y"), &both, time.UTC); err != nil || both.Named == nil || both.F != 3 || both.I != 4 || both.C != "x" || both.B != "y" {
		t.Errorf("%+v, %v", both, err)
	}
}
