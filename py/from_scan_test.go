package py_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/py"
)

// dict returns a dict of alternating keys and values.
func dict(kv ...any) *py.Dict {
	d := py.NewDict(0)
	for i := 0; i < len(kv); i += 2 {
		v, err := py.From(kv[i+1])
		if err != nil {
			panic(err)
		}
		d.Set(kv[i], v)
	}
	return d
}

type base struct {
	ID int `json:"id"`
}

type item struct {
	base
	Name    string         `json:"name"`
	Price   *float64       `json:"price"`
	Tags    []string       `json:"tags,omitempty"`
	When    time.Time      `json:"when,omitzero"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Hidden  string         `json:"-"`
	private int
	Plain   uint8
}

func TestFromAndScanAgreeOnStructs(t *testing.T) {
	t.Parallel()
	price := 19.99
	in := item{
		base: base{7}, Name: "tea", Price: &price, Tags: []string{"a", "b"}, Hidden: "h", private: 1, Plain: 255,
		When: time.Date(2023, 11, 14, 22, 13, 20, 5000, time.UTC), Attrs: map[string]any{"z": int64(1), "a": []any{nil, true}},
	}
	v, err := py.From([]item{in})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := v.(*py.List)
	d, _ := l.Items[0].(*py.Dict)
	want := []any{"id", "name", "price", "tags", "when", "attrs", "Plain"}
	if got := d.Keys(); !slices.EqualFunc(want, got, func(a, b any) bool { return a == b }) {
		t.Errorf("keys %v, want %v", got, want)
	}
	attrs, _ := d.Get("attrs")
	if !py.Equal(attrs, dict("a", []any{nil, true}, "z", 1)) {
		t.Errorf("attrs %v: map keys must be sorted", attrs)
	}
	var out []item
	if err := py.Scan(v, &out, nil); err != nil {
		t.Fatal(err)
	}
	in.Hidden, in.private = "", 0
	if !reflect.DeepEqual(out, []item{in}) {
		t.Errorf("got %+v, want %+v", out, in)
	}
}

func TestFromGoValues(t *testing.T) {
	t.Parallel()
	type str string
	var nilPtr *int
	for name, c := range map[string]struct{ in, want any }{
		"uint64 beyond int64": {uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		"small big.Int":       {big.NewInt(5), int64(5)},
		"named string":        {str("x"), "x"},
		"nil pointer":         {nilPtr, nil},
		"nil slice":           {[]int(nil), nil},
		"bytes":               {[]byte("x"), py.Bytes("x")},
		"duration":            {-1500 * time.Millisecond, py.TimeDelta{Days: -1, Seconds: 86398, Microseconds: 500000}},
		"complex":             {complex64(1 + 2i), 1 + 2i},
		"json.Number int":     {json.Number("12345678901234567890"), mustBig("12345678901234567890")},
		"json.Number float":   {json.Number("1e3"), 1000.0},
		"text marshaler":      {netip.MustParseAddr("127.0.0.1"), "127.0.0.1"},
		"int keys":            {map[int]string{2: "b", 10: "c", 1: "a"}, dict(int64(1), "a", int64(2), "b", int64(10), "c")},
		"array":               {[2]bool{true, false}, py.NewList(true, false)},
	} {
		got, err := py.From(c.in)
		if err != nil || !py.Equal(got, c.want) {
			t.Errorf("%s: From gave %#v, %v", name, got, err)
		}
	}
}

func mustBig(s string) *big.Int {
	b, _ := new(big.Int).SetString(s, 10)
	return b
}

// The bits are those of pickle.dumps(float("nan")). A NaN with other bits than Go's own
// keeps them.
func TestNaNIsPythons(t *testing.T) {
	t.Parallel()
	type named float64
	const python, signaling = 0x7ff8000000000000, 0x7ff0000000000002
	for name, c := range map[string]struct {
		v    any
		want uint64
	}{
		"NaN":               {pynum.NaN(), python},
		"Go's":              {math.NaN(), python},
		"of a named type":   {named(math.NaN()), python},
		"with its own bits": {math.Float64frombits(signaling), signaling},
		"with a sign":       {math.Copysign(pynum.NaN(), -1), python | 1<<63},
	} {
		got, err := py.From(c.v)
		if f, ok := got.(float64); err != nil || !ok || math.Float64bits(f) != c.want {
			t.Errorf("%s: %v, %v; want the bits %x", name, got, err, c.want)
		}
	}
}

func TestFromRefusesWhatHasNoPythonForm(t *testing.T) {
	t.Parallel()
	type node struct {
		Next *node `json:"next"`
	}
	loop := &node{}
	loop.Next = loop
	for name, c := range map[string]struct {
		in   any
		path string
	}{
		"channel":      {make(chan int), ""},
		"nested func":  {map[string]any{"a": []any{1, struct{ F func() }{func() {}}}}, "a[1].F"},
		"cycle":        {loop, ""},
		"not a number": {json.Number("x"), ""},
	} {
		_, err := py.From(c.in)
		var te *py.TypeError
		if !errors.As(err, &te) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestScanLosesNothing(t *testing.T) {
	t.Parallel()
	big70 := new(big.Int).Lsh(big.NewInt(1), 70)
	for name, c := range map[string]struct {
		in   any
		dst  any
		want any // nil: refused
	}{
		"int":                       {int64(7), new(int), 7},
		"int8 too small":            {int64(300), new(int8), nil},
		"negative into uint":        {int64(-1), new(uint), nil},
		"uint64 beyond int64":       {mustBig("18446744073709551615"), new(uint64), uint64(math.MaxUint64)},
		"big into int64":            {big70, new(int64), nil},
		"big into big":              {big70, new(*big.Int), big70},
		"small into big":            {int64(3), new(*big.Int), big.NewInt(3)},
		"exact int into float":      {int64(1 << 53), new(float64), float64(1 << 53)},
		"inexact int into float":    {int64(1<<53 + 1), new(float64), nil},
		"float into int":            {1.0, new(int), nil},
		"float into float32":        {0.5, new(float32), float32(0.5)},
		"float rounded in float32":  {0.1, new(float32), nil},
		"bool into int":             {true, new(int), nil},
		"int into bool":             {int64(1), new(bool), nil},
		"int into string":           {int64(1), new(string), nil},
		"none into int":             {nil, new(int), nil},
		"none into slice":           {nil, &[]int{1}, []int(nil)},
		"list into slice":           {py.NewList(int64(1), int64(2)), new([]int), []int{1, 2}},
		"list into array":           {py.NewList(int64(1)), new([2]int), nil},
		"dict into map":             {dict("a", 1), new(map[string]int), map[string]int{"a": 1}},
		"dict with int keys":        {dict(int64(1), "a"), new(map[int]string), map[int]string{1: "a"}},
		"dict into any":             {dict("a", []any{1, nil}), new(any), map[string]any{"a": []any{int64(1), nil}}},
		"bytes":                     {py.Bytes("x"), new([]byte), []byte("x")},
		"text unmarshaler":          {"127.0.0.1", new(netip.Addr), netip.MustParseAddr("127.0.0.1")},
		"text unmarshaler refusing": {"localhost", new(netip.Addr), nil},
		"iso text into time":        {"2023-11-14T22:13:20+00:00", new(time.Time), time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)},
		"text into time":            {"soon", new(time.Time), nil},
		"datetime into its own":     {py.DateTime{Naive: true}, new(py.DateTime), py.DateTime{Naive: true}},
		"duration":                  {int64(1), new(time.Duration), nil},
		"not a pointer":             {int64(1), 5, nil},
	} {
		err := py.Scan(c.in, c.dst, nil)
		switch {
		case c.want == nil:
			if _, ok := errors.AsType[*py.ScanError](err); !ok {
				t.Errorf("%s: error %v, want a ScanError", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if got := reflect.ValueOf(c.dst).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %#v, want %#v", name, got, c.want)
			}
		}
	}
}

func TestScanErrorSaysWhere(t *testing.T) {
	t.Parallel()
	v := dict("items", []any{map[string]any{"qty": 1}, map[string]any{"qty": "two"}})
	var cart struct {
		Items []struct {
			Qty int `json:"qty"`
		} `json:"items"`
	}
	err := py.Scan(v, &cart, nil)
	want := "py: Python str does not fit Go int (at items[1].qty)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestScanEndsOnValuesThatContainThemselves(t *testing.T) {
	t.Parallel()
	l := py.NewList()
	l.Items = append(l.Items, l)
	var dst any
	if err := py.Scan(l, &dst, nil); err == nil {
		t.Error("no error")
	}
	if got, err := py.From(l); err != nil || !py.Equal(got, l) {
		t.Errorf("From: %v", err)
	}
}

func TestNilPointersAreNone(t *testing.T) {
	t.Parallel()
	type holder struct {
		D *py.Dict
		L *py.List
		B *big.Int
	}
	for _, v := range []any{(*py.Dict)(nil), (*py.List)(nil), (*big.Int)(nil), (*time.Time)(nil)} {
		if got, err := py.From(v); got != nil || err != nil {
			t.Errorf("From(%T(nil)) is %v, %v", v, got, err)
		}
	}
	got, err := py.From(holder{})
	if err != nil || !py.Equal(got, dict("D", nil, "L", nil, "B", nil)) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestKeysThatGoCannotCompareAreRefused(t *testing.T) {
	t.Parallel()
	d := py.NewDict(0)
	d.Set(py.Bytes("x"), int64(1))
	var m map[any]any
	if err := py.Scan(d, &m, nil); err == nil {
		t.Errorf("scanned %v", m)
	}
	var dst any
	if err := py.Scan(d, &dst, nil); err != nil || dst != any(d) {
		t.Errorf("%v, %v", dst, err)
	}
	if err := py.Scan(nil, nil, nil); err == nil || strings.Contains(err.Error(), "%!") {
		t.Errorf("error %v", err)
	}
}

type zeroable struct{ n int }

func (z zeroable) IsZero() bool { return z.n < 0 }

type outer struct {
	base

	ID int       `json:"id"`
	Z  zeroable  `json:"z,omitzero"`
	T  time.Time `json:"t,omitzero"`
}

func TestFieldsHideEachOtherAsInJSON(t *testing.T) {
	t.Parallel()
	v, err := py.From(outer{ID: 1, base: base{ID: 2}, Z: zeroable{-1}, T: time.Time{}.Local()})
	if err != nil || !py.Equal(v, dict("id", int64(1))) {
		d, _ := v.(*py.Dict)
		t.Errorf("keys %v, %v", d.Keys(), err)
	}
	var back outer
	if err := py.Scan(dict("id", 5), &back, nil); err != nil || back.ID != 5 || back.base.ID != 0 {
		t.Errorf("got %+v, %v", back, err)
	}
}

type celsius float64

func (c *celsius) PyValue() (any, error) { return map[string]float64{"c": float64(*c)}, nil }

func (c *celsius) ScanPy(v any) error {
	var m map[string]float64
	err := py.Scan(v, &m, nil)
	*c = celsius(m["c"])
	return err
}

func TestTypesThatConvertThemselves(t *testing.T) {
	t.Parallel()
	warm := celsius(21.5)
	v, err := py.From([]*celsius{&warm})
	if err != nil || !py.Equal(v, py.NewList(dict("c", 21.5))) {
		t.Fatalf("%v, %v", v, err)
	}
	var back []celsius
	if err := py.Scan(v, &back, nil); err != nil || back[0] != 21.5 {
		t.Errorf("%v, %v", back, err)
	}
}
