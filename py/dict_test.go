package py_test

import (
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/py"
)

func TestDictKeepsPythonsOrderAndKeyEquality(t *testing.T) {
	t.Parallel()
	var d py.Dict
	d.Set("b", 1)
	d.Set("a", 2)
	d.Set("b", 3)
	d.Set(true, "true")
	d.Set(1, "one")
	d.Set(1.0, "float")
	d.Set(new(big.Int).Lsh(big.NewInt(1), 70), "big")
	d.Set(math.Pow(2, 70), "same")
	d.Set(nil, "none")
	d.Set(1.5, "half")
	d.Set(py.Bytes("a"), "bytes")
	want := []any{"b", "a", true, new(big.Int).Lsh(big.NewInt(1), 70), nil, 1.5, py.Bytes("a")}
	if got := d.Keys(); !reflect.DeepEqual(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	if v, _ := d.Get(int64(1)); v != "float" {
		t.Errorf("d[1] = %v", v)
	}
	if v, _ := d.Get(math.Pow(2, 70)); v != "same" {
		t.Errorf("d[2**70] = %v", v)
	}
	if _, ok := d.Get("1"); ok {
		t.Error(`"1" found though only 1 is there`)
	}
}

func TestDictDeletesAndGrows(t *testing.T) {
	t.Parallel()
	var d py.Dict
	var want []any
	for i := range 1000 {
		d.Set(int64(i), i)
	}
	for i := range 1000 {
		if i%7 != 0 {
			if !d.Delete(int64(i)) {
				t.Fatalf("%d not deleted", i)
			}
		} else {
			want = append(want, int64(i))
		}
	}
	if d.Delete(int64(1)) {
		t.Error("deleted twice")
	}
	if got := d.Keys(); !reflect.DeepEqual(got, want) || d.Len() != len(want) {
		t.Errorf("keys %v, len %d", got, d.Len())
	}
	d.Set(int64(1), "back")
	if got := d.Keys(); got[len(got)-1] != int64(1) {
		t.Error("a key set again after its deletion must come last")
	}
	dup := d.Copy()
	dup.Set("x", 1)
	if _, ok := d.Get("x"); ok || dup.Len() != d.Len()+1 {
		t.Error("Copy shares its entries")
	}
	d.Clear()
	if d.Len() != 0 || len(d.Keys()) != 0 {
		t.Error("Clear left entries")
	}
}

// In Python no two NaNs are equal, so a dict may contain several. Each of these is
// another key here too.
func TestNaNIsAKeyThatEqualsNone(t *testing.T) {
	t.Parallel()
	nan := pynum.NaN()
	decimalNaN, err := py.ParseDecimal("NaN")
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]func() any{
		"float":                 func() any { return nan },
		"complex":               func() any { return complex(1, nan) },
		"Decimal":               func() any { return decimalNaN },
		"in a tuple":            func() any { return py.NewTuple(int64(1), nan) },
		"in a tuple in a tuple": func() any { return py.NewTuple(py.NewTuple(nan)) },
		"in a frozenset":        func() any { return py.NewFrozenSet(nan) },
	} {
		d, set := py.NewDict(0), py.NewSet()
		for i := range 20 { // few keys are not hashed
			d.Set(key(), int64(i))
			d.Set("a", int64(i))
			set.Add(key())
		}
		if d.Len() != 21 || set.Len() != 20 {
			t.Errorf("%s: %d entries and %d members", name, d.Len(), set.Len())
		}
		if _, ok := d.Get(key()); ok || d.Delete(key()) || set.Has(key()) {
			t.Errorf("%s: one is found", name)
		}
		d.Delete("a")
		if c := py.Clone(d); !py.Equal(c, d) || !py.Equal(d.Copy(), d) {
			t.Errorf("%s: the copy is %v", name, c)
		}
		if !py.Equal(py.Clone(set), set) {
			t.Errorf("%s: the copy of the set differs", name)
		}
	}
	v, err := py.From(map[float64]string{nan: "first", math.NaN(): "second", 1: "third"})
	if d, ok := v.(*py.Dict); err != nil || !ok || d.Len() != 3 {
		t.Errorf("a Go map: %v, %v", v, err)
	} else if got, _ := d.Get(int64(1)); got != "third" {
		t.Errorf("a Go map: 1 is %v", got)
	}
}

func TestDatesAreKeys(t *testing.T) {
	t.Parallel()
	var d py.Dict
	at := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	d.Set(py.DateTime{Time: at}, "aware")
	d.Set(py.DateTime{Time: at, Naive: true}, "naive")
	d.Set(py.DateTime{Time: at.In(time.FixedZone("", 3600))}, "the same instant")
	if v, _ := d.Get(py.DateTime{Time: at}); v != "the same instant" || d.Len() != 2 {
		t.Errorf("%v, %d entries", v, d.Len())
	}
}

func TestTuplesAndSetsAreKeysByTheirContents(t *testing.T) {
	t.Parallel()
	huge := new(big.Int).Lsh(big.NewInt(1), 70)
	keys := []any{
		py.NewTuple(), py.NewTuple("a"), py.NewTuple(py.Bytes("a")), py.NewTuple("a", "b"), py.NewTuple("ab"), py.NewTuple(nil),
		py.NewTuple(py.NewTuple("a")), py.NewTuple(int64(1)), py.NewTuple("1"), py.NewTuple(huge), py.NewTuple(1.5),
		py.NewFrozenSet(), py.NewFrozenSet("a"), py.NewFrozenSet("a", "b"), py.NewTuple(py.NewFrozenSet("a")),
		&py.Global{Module: "m", Name: "c"}, py.NewTuple(&py.Global{Module: "m", Name: "c"}), py.Str2("a"),
	}
	var d py.Dict
	for i, k := range keys {
		d.Set(k, i)
	}
	if d.Len() != len(keys) {
		t.Errorf("%d keys of %d", d.Len(), len(keys))
	}
	for i, k := range keys {
		if v, ok := d.Get(py.Clone(k)); !ok || v != i {
			t.Errorf("key %d is found as %v", i, v)
		}
	}
	for a, b := range map[any]any{ // equal in Python
		py.NewTuple(true, 2.0): py.NewTuple(int64(1), int64(2)), py.NewFrozenSet("b", "a"): py.NewFrozenSet("a", "b"),
		py.NewTuple(math.Pow(2, 70)): py.NewTuple(huge),
	} {
		var d py.Dict
		d.Set(a, 1)
		if _, ok := d.Get(b); !ok {
			t.Errorf("%v is not %v", a, b)
		}
	}
	loop := py.NewList()
	loop.Items = append(loop.Items, loop)
	object := &py.Object{Args: py.NewTuple()}
	for _, k := range []any{py.NewTuple(loop), py.NewTuple(object), object, math.MaxFloat64} {
		var d py.Dict
		d.Set(k, 1)
		if _, ok := d.Get(k); !ok {
			t.Errorf("%T is not found again", k)
		}
	}
}

func TestSetsKeepTheirOrderAndCompareWithoutIt(t *testing.T) {
	t.Parallel()
	s := py.NewSet("b", "a", "b", 1.0, true)
	var order []any
	for item := range s.All() {
		order = append(order, item)
	}
	if !reflect.DeepEqual(order, []any{"b", "a", 1.0}) || s.Len() != 3 || !s.Has(int64(1)) {
		t.Errorf("members %v", order)
	}
	c, ok := py.Clone(s).(*py.Set)
	if !ok || !s.Remove("a") || s.Remove("a") || !c.Has("a") {
		t.Error("the clone is not its own")
	}
	if !py.Equal(c, py.NewSet(1.0, "a", "b")) || py.Equal(c, s) || py.Equal(c, py.NewFrozenSet(1.0, "a", "b")) {
		t.Error("Equal is wrong")
	}
	b := &py.ByteArray{Bytes: []byte("x")}
	if d, ok := py.Clone(b).(*py.ByteArray); !ok || !py.Equal(b, d) || &d.Bytes[0] == &b.Bytes[0] {
		t.Error("a bytearray's clone shares its bytes")
	}
}

// Entries that are deleted during an iteration are skipped or seen once more. Nothing
// else happens.
func TestDeletingWhileIterating(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 5, 8, 9, 40} {
		d := &py.Dict{}
		for i := range n {
			d.Set(i, i)
		}
		seen := map[any]int{}
		for k, v := range d.All() {
			if k != v {
				t.Errorf("of %d: %v is %v", n, k, v)
			}
			seen[k]++
			d.Delete(k)
		}
		for k, times := range seen {
			if times != 1 {
				t.Errorf("of %d: %v seen %d times", n, k, times)
			}
		}
		if len(seen) != int(n) || d.Len() != 0 {
			t.Errorf("of %d: %d seen, %d left", n, len(seen), d.Len())
		}
		d.Set("new", n)
		if v, ok := d.Get("new"); !ok || v != n || d.Len() != 1 {
			t.Errorf("of %d: %v, %d", n, v, d.Len())
		}
	}
}
