package py_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// destinations are the Go types that values are scanned into, by name.
func destinations() map[string]any {
	return map[string]any{
		"bool": new(bool), "int": new(int), "int8": new(int8), "uint": new(uint), "uint8": new(uint8), "uint64": new(uint64), "float64": new(float64), "float32": new(float32), "complex": new(complex128),
		"string": new(string), "bytes": new([]byte), "any": new(any), "big": new(*big.Int), "rat": new(big.Rat), "time": new(time.Time), "duration": new(time.Duration), "uuid": new([16]byte),
		"array2": new([2]int), "ints": new([]int), "anys": new([]any), "map": new(map[string]int), "intmap": new(map[int]any), "set": new(map[int]struct{}), "boolset": new(map[string]bool),
		"struct": new(struct{ A int }), "pointer": new(*int), "chan": new(chan int), "decimal": new(py.Decimal), "date": new(py.Date), "list": new(*py.List),
	}
}

// scanned lists the destinations that a value fits, and the results. It fits no other
// destination.
type scanned struct {
	value any
	fits  map[string]string
}

func scannedValues(t *testing.T) []scanned {
	t.Helper()
	decimal := func(s string) py.Decimal {
		d, err := py.ParseDecimal(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	small := func(text string) map[string]string {
		fits := map[string]string{"any": text}
		for _, name := range []string{"int", "int8", "uint", "uint8", "uint64", "float64", "float32", "big", "pointer"} {
			fits[name] = text
		}
		fits["rat"] = text + "/1"
		return fits
	}
	without := func(fits map[string]string, names ...string) map[string]string {
		for _, name := range names {
			delete(fits, name)
		}
		return fits
	}
	with := func(fits map[string]string, more ...string) map[string]string {
		for i := 0; i < len(more); i += 2 {
			fits[more[i]] = more[i+1]
		}
		return fits
	}
	huge := new(big.Int).Lsh(big.NewInt(1), 70)
	text := func(s string) map[string]string { return map[string]string{"string": s, "any": s} }
	items := map[string]string{"array2": "[1 2]", "ints": "[1 2]", "anys": "[1 2]", "any": "[1 2]"}
	moment := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	return []scanned{
		{nil, map[string]string{"bytes": "[]", "any": "<nil>", "big": "<nil>", "ints": "[]", "anys": "[]", "map": "map[]", "intmap": "map[]", "set": "map[]", "boolset": "map[]", "pointer": "<nil>", "list": "<nil>"}},
		{true, map[string]string{"bool": "true", "any": "true"}},
		{int64(7), small("7")},
		{int64(127), small("127")},
		{int64(128), without(small("128"), "int8")},
		{int64(256), without(small("256"), "int8", "uint8")},
		{int64(-1), without(small("-1"), "uint", "uint8", "uint64")},
		{int64(-129), without(small("-129"), "int8", "uint", "uint8", "uint64")},
		{int64(1<<24 + 1), with(without(small("16777217"), "int8", "uint8", "float32"), "float64", "1.6777217e+07")},
		{int64(1<<53 + 1), without(small("9007199254740993"), "int8", "uint8", "float32", "float64")},
		{new(big.Int).SetUint64(1 << 63), map[string]string{
			"uint": "9223372036854775808", "uint64": "9223372036854775808", "any": "9223372036854775808", "big": "9223372036854775808",
			"rat": "9223372036854775808/1", "float64": "9.223372036854775808e+18", "float32": "9.223372e+18",
		}},
		{huge, map[string]string{"any": "1180591620717411303424", "big": "1180591620717411303424", "rat": "1180591620717411303424/1", "float64": "1.180591620717411303424e+21", "float32": "1.1805916e+21"}},
		{new(big.Int).Add(huge, big.NewInt(1)), map[string]string{"any": "1180591620717411303425", "big": "1180591620717411303425", "rat": "1180591620717411303425/1"}},
		{big.NewInt(7), small("7")},
		{0.5, map[string]string{"any": "0.5", "float64": "0.5", "float32": "0.5", "rat": "1/2"}},
		{0.1, map[string]string{"any": "0.1", "float64": "0.1", "rat": "3602879701896397/36028797018963968"}},
		{math.Inf(-1), map[string]string{"any": "-Inf", "float64": "-Inf", "float32": "-Inf"}},
		{math.NaN(), map[string]string{"any": "NaN", "float64": "NaN", "float32": "NaN"}},
		{complex(1, 2), map[string]string{"any": "(1+2i)", "complex": "(1+2i)"}},
		{"abc", text("abc")},
		{"1/3", with(text("1/3"), "rat", "1/3")},
		{"1.5", with(text("1.5"), "rat", "3/2", "decimal", "1.5")},
		{"2024-02-29", with(text("2024-02-29"), "date", "2024-02-29", "time", "2024-02-29 00:00:00 +0000 UTC")},
		{py.Bytes("ab"), map[string]string{"string": "ab", "bytes": "[97 98]", "any": "[97 98]"}},
		{&py.ByteArray{Bytes: []byte("ab")}, map[string]string{"string": "ab", "bytes": "[97 98]", "any": "[97 98]"}},
		{py.Str2("ab"), text("ab")},
		{py.Str2("\xff"), map[string]string{"string": "\xff", "bytes": "[255]", "any": "[255]"}},
		{py.NewList(int64(1), int64(2)), with(maps.Clone(items), "bytes", "[1 2]", "list", "&{[1 2]}")},
		{py.NewTuple(int64(1), int64(2)), with(maps.Clone(items), "bytes", "[1 2]")},
		{py.NewSet(int64(1), int64(2)), with(maps.Clone(items), "bytes", "[1 2]", "set", "map[1:{} 2:{}]")},
		{py.NewFrozenSet(int64(1), int64(2)), with(maps.Clone(items), "bytes", "[1 2]", "set", "map[1:{} 2:{}]")},
		{py.NewSet("a"), map[string]string{"any": "[a]", "anys": "[a]", "boolset": "map[a:true]"}},
		{py.NewList("a"), map[string]string{"any": "[a]", "anys": "[a]", "list": "&{[a]}"}},
		{dictOf("A", int64(1)), map[string]string{"any": "map[A:1]", "map": "map[A:1]", "struct": "{1}"}},
		{dictOf("7", int64(1)), map[string]string{"any": "map[7:1]", "map": "map[7:1]", "intmap": "map[7:1]", "struct": "{0}"}},
		{dictOf("b", true), map[string]string{"any": "map[b:true]", "boolset": "map[b:true]", "struct": "{0}"}},
		{decimal("7.0"), with(small("7"), "any", "7.0", "string", "7.0", "decimal", "7.0")},
		{decimal("0.1"), map[string]string{"any": "0.1", "string": "0.1", "decimal": "0.1", "float64": "0.1", "rat": "1/10"}},
		{decimal("0.1000000000000000000001"), map[string]string{"any": "0.1000000000000000000001", "string": "0.1000000000000000000001", "decimal": "0.1000000000000000000001", "rat": "1000000000000000000001/10000000000000000000000"}},
		{decimal("0.5000000000000000000000"), map[string]string{"any": "0.5000000000000000000000", "string": "0.5000000000000000000000", "decimal": "0.5000000000000000000000", "float64": "0.5", "float32": "0.5", "rat": "1/2"}},
		{decimal("Infinity"), map[string]string{"any": "Infinity", "string": "Infinity", "decimal": "Infinity", "float64": "+Inf", "float32": "+Inf"}},
		{decimal("1E+400"), map[string]string{"any": "1E+400", "string": "1E+400", "decimal": "1E+400", "rat": "1" + strings.Repeat("0", 400) + "/1", "big": "1" + strings.Repeat("0", 400)}},
		{decimal("18446744073709551615"), with(text("18446744073709551615"), "decimal", "18446744073709551615", "rat", "18446744073709551615/1", "big", "18446744073709551615", "uint", "18446744073709551615", "uint64", "18446744073709551615")},
		{py.UUID{1, 2}, map[string]string{"any": "01020000-0000-0000-0000-000000000000", "string": "01020000-0000-0000-0000-000000000000", "uuid": "[1 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0]"}},
		{py.Date{Year: 2024, Month: 2, Day: 29}, with(text("2024-02-29"), "date", "2024-02-29", "time", "2024-02-29 00:00:00 +0000 UTC")},
		{py.Time{Hour: 1}, text("01:00:00")},
		{py.DateTime{Time: moment}, map[string]string{"any": "2024-02-29 12:00:00 +0000 UTC", "time": "2024-02-29 12:00:00 +0000 UTC"}},
		{py.TimeDelta{Seconds: 90}, map[string]string{"any": "1m30s", "duration": "1m30s"}},
		{py.TimeDelta{Days: 200_000}, map[string]string{"any": "200000 days, 0:00:00"}},
		{&py.Global{Module: "m", Name: "C"}, map[string]string{"any": "m.C"}},
	}
}

func TestValuesFitWhereNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, c := range scannedValues(t) {
		for name, destination := range destinations() {
			if _, ok := c.value.(*py.Dict); ok && slices.Contains([]string{"date", "decimal", "list", "rat"}, name) {
				continue // structs with no field for the keys of these dicts
			}
			dst := reflect.New(reflect.TypeOf(destination).Elem())
			err := py.Scan(c.value, dst.Interface(), nil)
			got := fmt.Sprint(dst.Elem().Interface())
			if p, ok := reflect.TypeAssert[*int](dst.Elem()); ok && p != nil {
				got = strconv.Itoa(*p)
			}
			if r, ok := reflect.TypeAssert[*big.Rat](dst); ok {
				got = r.String()
			}
			if f, ok := reflect.TypeAssert[*float64](dst); ok && math.Abs(*f) > 1e18 && !math.IsInf(*f, 0) {
				got = fmt.Sprintf("%.*e", len(c.fits["float64"])-len("1.e+18"), *f)
			}
			want, fits := c.fits[name]
			refused, isScanError := errors.AsType[*py.ScanError](err)
			switch {
			case fits && (err != nil || got != want):
				t.Errorf("%s %v into %s: %s, %v; want %s", py.TypeName(c.value), c.value, name, got, err, want)
			case !fits && (err == nil || !isScanError):
				t.Errorf("%s %v into %s: %s, %v; want it refused", py.TypeName(c.value), c.value, name, got, err)
			case !fits && (refused.Go == nil || refused.Python == "" || !strings.Contains(err.Error(), "Python "+refused.Python) || !strings.Contains(err.Error(), refused.Go.String())):
				t.Errorf("%s %v into %s: %v", py.TypeName(c.value), c.value, name, err)
			}
		}
	}
}

func TestScanErrorsHaveThePath(t *testing.T) {
	t.Parallel()
	type inner struct{ C int }
	for want, c := range map[string]struct{ v, into any }{
		"":            {"x", new(int)},
		"[1]":         {py.NewList(int64(1), "x"), new([]int)},
		"[key]":       {dictOf("x", int64(1)), new(map[int]int)},
		"7":           {dictOf("7", "x"), new(map[int]int)},
		"a[0]":        {dictOf("a", py.NewList("x")), new(map[string][]int)},
		"A":           {dictOf("A", "x"), new(struct{ A int })},
		"B[0].C":      {dictOf("B", py.NewList(dictOf("C", "x"))), new(struct{ B []inner })},
		"[member]":    {py.NewSet("x"), new(map[int]struct{})},
		"a.C":         {dictOf("a", dictOf("C", "x")), new(map[string]inner)},
		"[0][1].C":    {py.NewList(py.NewTuple(dictOf(), dictOf("C", "x"))), new([][]inner)},
		"Items[0]":    {dictOf("Items", py.NewSet("x")), new(struct{ Items []int })},
		"P.C":         {dictOf("P", dictOf("C", "x")), new(struct{ P *inner })},
		"[1].x":       {py.NewList(dictOf(), dictOf("x", "y")), new([]map[string]int)},
		"[member][0]": {py.NewSet(py.NewTuple("x")), new(map[[1]int]bool)},
		"[key][0]":    {dictOf(py.NewTuple("x"), int64(1)), new(map[[1]int]bool)},
		"[0][0][0]":   {py.NewList(py.NewList(py.NewList("x"))), new([][][]int)},
		"A.B.C.D[2]": {dictOf("A", dictOf("B", dictOf("C", dictOf("D", py.NewList(int64(1), int64(2), "x"))))), new(struct {
			A struct{ B struct{ C struct{ D []int } } }
		})},
		"renamed": {dictOf("renamed", "x"), new(struct {
			A int `json:"renamed"`
		})},
	} {
		err := py.Scan(c.v, c.into, time.UTC)
		refused, ok := errors.AsType[*py.ScanError](err)
		if !ok || refused.Path != want {
			t.Errorf("%q: %+v", want, err)
		} else if want != "" && !strings.HasSuffix(err.Error(), "(at "+want+")") {
			t.Errorf("%q: %v", want, err)
		}
	}
	for _, into := range []any{nil, 7, (*int)(nil), "x", struct{}{}} {
		if err := py.Scan(int64(1), into, time.UTC); err == nil || !strings.Contains(err.Error(), "must be a pointer") {
			t.Errorf("%T: %v", into, err)
		}
	}
}

func TestKeysThatBecomeOneAreRefusedByScan(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ v, into any }{
		"keys":          {dictOf("1", int64(1), "01", int64(2)), new(map[int]int)},
		"members":       {py.NewSet(py.Bytes("a"), "a"), new(map[string]bool)},
		"uncomparable":  {dictOf(py.NewTuple(int64(1)), int64(1)), new(map[any]int)},
		"as a member":   {py.NewSet(py.NewTuple(int64(1))), new(map[any]bool)},
		"too long":      {dictOf(strings.Repeat("1", 10_001), int64(1)), new(map[int]int)},
		"no integer":    {dictOf("1.0", int64(1)), new(map[int]int)},
		"of the wrong":  {py.NewSet(int64(1)), new(map[int]struct{ A int })},
		"of ints":       {py.NewSet(int64(1)), new(map[int]int)},
		"out of range":  {dictOf("300", int64(1)), new(map[uint8]int)},
		"below the end": {dictOf("-1", int64(1)), new(map[uint]int)},
	} {
		err := py.Scan(c.v, c.into, time.UTC)
		if _, ok := errors.AsType[*py.ScanError](err); !ok {
			t.Errorf("%s: %v, %v", what, reflect.ValueOf(c.into).Elem(), err)
		}
		if m := reflect.ValueOf(c.into).Elem(); m.Len() != 0 {
			t.Errorf("%s: the map has %d entries", what, m.Len())
		}
	}
	var m map[uint8]int
	if err := py.Scan(dictOf("255", int64(1), "0", int64(2)), &m, time.UTC); err != nil || len(m) != 2 || m[255] != 1 {
		t.Errorf("%v, %v", m, err)
	}
}

type (
	failingValue struct{}
	failingText  struct{}
	wrapped      struct{ v any }
)

var errAway = errors.New("away")

func (failingValue) PyValue() (any, error)       { return int64(1), errAway }
func (failingText) MarshalText() ([]byte, error) { return []byte("x"), errAway }
func (w wrapped) PyValue() (any, error)          { return w.v, nil }

func TestGoValuesOfAllKinds(t *testing.T) {
	t.Parallel()
	huge := new(big.Int).SetUint64(math.MaxUint64)
	for _, c := range []struct{ v, want any }{
		{uint8(7), int64(7)},
		{uint64(math.MaxUint64), huge},
		{uintptr(7), int64(7)},
		{int8(-7), int64(-7)},
		{float32(0.5), 0.5},
		{complex64(complex(1, 2)), complex(1, 2)},
		{json.Number("7"), int64(7)},
		{json.Number("-7.5"), -7.5},
		{json.Number("18446744073709551615"), huge},
		{*huge, huge},
		{big.NewInt(7), int64(7)},
		{[2]bool{true, false}, py.NewList(true, false)},
		{[]byte("a"), py.Bytes("a")},
		{[]byte(nil), nil},
		{[]int(nil), nil},
		{map[string]int(nil), nil},
		{(*int)(nil), nil},
		{[]any{nil}, py.NewList(nil)},
		{wrapped{wrapped{7}}, int64(7)},
		{&wrapped{"x"}, "x"},
		{[]wrapped{{1}, {"x"}}, py.NewList(int64(1), "x")},
		{time.Minute, py.TimeDelta{Seconds: 60}},
		{map[string]any{"b": 1, "a": []any{2}}, dictOf("a", py.NewList(int64(2)), "b", int64(1))},
		{map[int]string{10: "x", 9: "y"}, dictOf(int64(9), "y", int64(10), "x")},
		{map[[2]int]int{{1, 2}: 1, {1, 1}: 2}, dictOf(py.NewTuple(int64(1), int64(1)), int64(2), py.NewTuple(int64(1), int64(2)), int64(1))},
	} {
		v, err := py.From(c.v)
		if err != nil || !py.Equal(v, c.want) {
			t.Errorf("%T %v: %v, %v; want %v", c.v, c.v, v, err, c.want)
		}
	}
	for _, v := range []any{failingValue{}, failingText{}, []any{failingText{}}, map[string]any{"a": failingValue{}}, &failingText{}} {
		if got, err := py.From(v); !errors.Is(err, errAway) {
			t.Errorf("%T: %v, %v", v, got, err)
		}
	}
	for path, v := range map[string]any{
		"": make(chan int), "[1]": []any{1, make(chan int)}, "a": map[string]any{"a": make(chan int)}, "A": struct{ A any }{make(chan int)}, "A[0].B": struct{ A []any }{[]any{struct{ B func() }{func() {}}}},
		"[key]": map[any]int{[1]chan int{}: 1}, "[0][1]": [][]any{{1, make(chan int)}}, "a-b": struct {
			A any `json:"a-b"`
		}{make(chan int)},
	} {
		got, err := py.From(v)
		refused, ok := errors.AsType[*py.TypeError](err)
		if !ok || got != nil || refused.Path != path && path != "[key]" || path == "[key]" && !strings.HasPrefix(refused.Path, path) {
			t.Errorf("%q: %v, %+v", path, got, err)
		}
	}
	if v, err := py.From(json.Number("x")); err == nil {
		t.Errorf("an invalid number: %v", v)
	}
}

// A value that expands to far more parts than it has is refused. The same number of
// distinct parts is not.
func TestTextsInManyPlacesAreBounded(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	text := strings.Repeat("a", size+200)
	for name, place := range map[string]func(at int) any{
		"str":       func(at int) any { return text[at : at+size] },
		"bytes":     func(at int) any { return py.Bytes(text[at : at+size]) },
		"Python 2":  func(at int) any { return py.Str2(text[at : at+size]) },
		"in a list": func(at int) any { return py.NewList(text[at : at+size]) },
	} {
		same, different, both := &py.List{}, &py.List{}, &py.List{}
		for i := range 120 {
			same.Items = append(same.Items, place(0))
			different.Items = append(different.Items, place(i))
			both.Items = append(both.Items, place(i), place(i))
		}
		var into any = new([]string)
		if name == "in a list" {
			into = new([][]string)
		}
		if err := py.Scan(same, into, time.UTC); err == nil {
			t.Errorf("%s: one in many places is not refused", name)
		}
		if err := py.Scan(different, into, time.UTC); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := py.Scan(both, into, time.UTC); err != nil {
			t.Errorf("%s, each twice: %v", name, err)
		}
	}
	for name, v := range map[string]any{
		"bytearray": &py.ByteArray{Bytes: []byte(text)}, "integer": new(big.Int).Lsh(big.NewInt(1), 8*size), "state": object(func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, dictOf("A", text) }),
	} {
		same := &py.List{}
		for range 120 {
			same.Items = append(same.Items, v)
		}
		for _, into := range []any{new([]string), new([]*big.Int), new([]struct{ A string })} {
			if err := py.Scan(same, into, time.UTC); err == nil {
				t.Errorf("%s: is not refused", name)
			}
		}
	}
}
