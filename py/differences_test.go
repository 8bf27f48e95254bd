package py_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// object returns an object of class m.C after a change.
func object(change func(o *py.Object)) *py.Object {
	o := &py.Object{Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple(), Extra: &py.Extra{}}
	change(o)
	return o
}

func dictOf(pairs ...any) *py.Dict {
	d := &py.Dict{}
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	return d
}

// allDifferent returns values of which no two are equal with all their types.
func allDifferent() []any {
	moment := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	huge := new(big.Int).Lsh(big.NewInt(1), 80)
	zone := &py.Object{Callable: &py.Global{Module: "pytz", Name: "_UTC"}, Args: py.NewTuple()}
	withZone, _ := py.DateTime{Time: moment, Naive: true}.WithTZInfo(zone)
	decimal := func(s string) py.Decimal {
		d, err := py.ParseDecimal(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	return []any{
		nil, true, false, int64(0), int64(1), int64(-1), 0.0, math.Copysign(0, -1), 1.0, 1.5, math.Inf(1), math.NaN(), "", "1", "a", py.Bytes(""), py.Bytes("a"),
		py.Str2(""), py.Str2("a"), huge, new(big.Int).Neg(huge), complex(1, 2), complex(1, -2), complex(2, 1), complex(1, 0), decimal("1"), decimal("1.0"), decimal("NaN"), decimal("-0"),
		py.Date{Year: 2024, Month: 2, Day: 29},
		py.Date{Year: 2024, Month: 2, Day: 28},
		py.TimeDelta{Days: 1},
		py.TimeDelta{Seconds: 1},
		py.TimeDelta{Microseconds: 1},
		py.UUID{},
		py.UUID{1},
		py.Time{},
		py.Time{Hour: 1},
		py.Time{Minute: 1},
		py.Time{Second: 1},
		py.Time{Microsecond: 1},
		py.Time{Fold: true},
		py.Time{TZInfo: py.TimeZone(0)},
		py.Time{TZInfo: py.TimeZone(60)},
		py.DateTime{Time: moment},
		py.DateTime{Time: moment, Naive: true},
		py.DateTime{Time: moment, Fold: true},
		py.DateTime{Time: moment.Add(time.Microsecond)},
		withZone,
		py.DateTime{Time: moment.In(time.FixedZone("", 60))},
		&py.ByteArray{}, &py.ByteArray{Bytes: []byte("a")}, &py.Global{Module: "m", Name: "C"}, &py.Global{Module: "m", Name: "D"},
		&py.Global{Module: "n", Name: "C"}, py.NewList(), py.NewList(int64(1)), py.NewList(1.0), py.NewList(int64(1), int64(2)), py.NewList(int64(2), int64(1)), py.NewTuple(), py.NewTuple(int64(1)),
		py.NewTuple(int64(1), int64(2)), py.NewTuple(int64(2), int64(1)), dictOf(), dictOf("a", int64(1)), dictOf("a", 1.0), dictOf("b", int64(1)), dictOf("a", int64(1), "b", int64(2)),
		dictOf("b", int64(2), "a", int64(1)), dictOf(int64(1), int64(1)), dictOf(1.0, int64(1)), py.NewSet(), py.NewSet(int64(1)), py.NewSet(1.0), py.NewSet(int64(1), int64(2)), py.NewSet(py.NewTuple(int64(1))),
		py.NewSet(py.NewTuple(1.0)), py.NewFrozenSet(), py.NewFrozenSet(int64(1)), py.NewFrozenSet(true), py.NewFrozenSet(py.NewFrozenSet(int64(1))), py.NewFrozenSet(py.NewFrozenSet(1.0)),
		(*py.List)(nil), (*py.Dict)(nil), (*py.Tuple)(nil), (*py.Object)(nil),
		object(func(*py.Object) {}),
		object(func(o *py.Object) { o.Construction = py.ConstructNew }),
		object(func(o *py.Object) { o.Construction = py.ConstructNewEx }),
		object(func(o *py.Object) { o.Callable = &py.Global{Module: "m", Name: "D"} }),
		object(func(o *py.Object) { o.Args = py.NewTuple(int64(1)) }),
		object(func(o *py.Object) { o.Extra.HasState = true }),
		object(func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, int64(1) }),
		object(func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, int64(2) }),
		object(func(o *py.Object) { o.Extra.HasState, o.Extra.Setter = true, &py.Global{Module: "m", Name: "f"} }),
		object(func(o *py.Object) { o.Extra.HasState, o.Extra.Setter = true, &py.Global{Module: "m", Name: "g"} }),
		object(func(o *py.Object) { o.Extra.Items = []any{int64(1)} }),
		object(func(o *py.Object) { o.Extra.Items = []any{int64(2)} }),
		object(func(o *py.Object) { o.Extra.Items = []any{int64(1), int64(2)} }),
		object(func(o *py.Object) { o.Extra.Pairs = []py.Pair{{Key: int64(1), Value: int64(1)}} }),
		object(func(o *py.Object) { o.Extra.Pairs = []py.Pair{{Key: int64(1), Value: int64(2)}} }),
		object(func(o *py.Object) { o.Extra.Pairs = []py.Pair{{Key: int64(2), Value: int64(1)}} }),
		object(func(o *py.Object) { o.Extra.Pairs = []py.Pair{{Key: "a"}, {Key: "b"}} }),
		object(func(o *py.Object) { o.Construction, o.Extra.Kwargs = py.ConstructNewEx, dictOf() }),
		object(func(o *py.Object) { o.Construction, o.Extra.Kwargs = py.ConstructNewEx, dictOf("a", int64(1)) }),
		object(func(o *py.Object) { o.Construction, o.Extra.Kwargs = py.ConstructNewEx, dictOf("a", int64(2)) }),
	}
}

func TestValuesAreEqualToTheirCopiesAlone(t *testing.T) {
	t.Parallel()
	values, copies := allDifferent(), allDifferent()
	places := map[string]func(v any) any{
		"itself": func(v any) any { return v }, "list": func(v any) any { return py.NewList("x", v) }, "tuple": func(v any) any { return py.NewTuple(v) },
		"dict": func(v any) any { return dictOf("k", v) }, "items": func(v any) any { return object(func(o *py.Object) { o.Extra.Items = []any{v} }) },
		"state": func(v any) any { return object(func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, v }) },
		"args":  func(v any) any { return object(func(o *py.Object) { o.Args = py.NewTuple(v) }) },
	}
	for name, place := range places {
		for i, v := range values {
			if !py.Equal(place(py.Clone(v)), place(v)) {
				t.Errorf("%s: %s %v is not equal to its copy", name, py.TypeName(v), v)
			}
			for j, w := range copies {
				if py.Equal(place(v), place(w)) != (i == j) {
					t.Errorf("%s: %s %v and %s %v: %v", name, py.TypeName(v), v, py.TypeName(w), w, i != j)
				}
			}
		}
	}
	if without := (&py.Object{Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple()}); !py.Equal(without, object(func(*py.Object) {})) {
		t.Error("an empty Extra makes an object another one")
	}
	if !py.Equal(big.NewInt(7), int64(7)) || !py.Equal(7, int64(7)) {
		t.Error("ints of different Go types are not equal")
	}
}

// Groups of numbers that Python's == considers equal, in rising order.
func TestNumbersAreOrderedAndHashedAsInPython(t *testing.T) {
	t.Parallel()
	groups := [][]string{
		{"-Infinity", "-inf"},
		{"-1E+1000"},
		{"-1e30", "-1000000000000000000000000000000"},
		{"-10", "-1E+1", "-10.0"},
		{"-9.99"},
		{"-1"},
		{"-0.5"},
		{"-1E-400"},
		{"0", "-0", "0.00", "0E+5", "0E-9"},
		{"1E-400"},
		{"1E-10"},
		{"0.1"},
		{"0.125", "0.1250", "125E-3"},
		{"0.5", "5E-1"},
		{"1", "1.0", "10E-1"},
		{"9.99"},
		{"10", "1E+1"},
		{"11"},
		{"100", "1E2"},
		{"123"},
		{"123.4"},
		{"1e30"},
		{"1E+399"},
		{"1E+400"},
		{"1E+1000"},
		{"inf", "Infinity"},
	}
	parse := func(s string) py.Decimal {
		d, err := py.ParseDecimal(s)
		if err != nil {
			t.Fatal(s, err)
		}
		return d
	}
	sign := func(n int) int { return max(-1, min(1, n)) }
	for i, a := range groups {
		for j, b := range groups {
			for _, x := range a {
				for _, y := range b {
					if c, ok := parse(x).Cmp(parse(y)); !ok || c != sign(i-j) {
						t.Errorf("%s and %s: %d, %v", x, y, c, ok)
					}
					if has := py.NewSet(parse(x)).Has(parse(y)); has != (i == j) {
						t.Errorf("%s and %s as keys: %v", x, y, has)
					}
				}
			}
		}
	}
	for _, text := range []string{"0", "1", "10", "-10", "0.5", "0.125", "-0.5", "inf", "-inf", "123"} {
		f := parse(text).Float64()
		if !py.NewSet(f).Has(parse(text)) || !py.NewSet(parse(text)).Has(f) {
			t.Errorf("%s is not the key %v", text, f)
		}
		if i, ok := parse(text).Int(); ok && (!py.NewSet(i.Int64()).Has(parse(text)) || i.Int64() != int64(f)) {
			t.Errorf("%s is not the key %v", text, i)
		}
	}
	if py.NewSet(parse("0.1")).Has(0.1) || !py.NewSet(parse("0.1000000000000000055511151231257827021181583404541015625")).Has(0.1) {
		t.Error("0.1 as a float is another number than as a Decimal")
	}
	for _, nan := range []string{"NaN", "sNaN", "-NaN12"} {
		if c, ok := parse(nan).Cmp(parse("1")); ok || c != 0 {
			t.Errorf("%s: %d, %v", nan, c, ok)
		}
		if c, ok := parse("1").Cmp(parse(nan)); ok || c != 0 || !math.IsNaN(parse(nan).Float64()) || py.NewSet(parse(nan)).Has(parse(nan)) {
			t.Errorf("%s: %d, %v", nan, c, ok)
		}
	}
	huge := new(big.Int).Exp(big.NewInt(10), big.NewInt(399), nil)
	if !py.NewSet(huge).Has(parse("1E+399")) {
		t.Error("1E+399 is not the int of its value")
	}
}

func TestDecimalsOfUnscaledValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unscaled int64
		exponent int64
		want     string
	}{
		{1990, -2, "19.90"},
		{-1990, -2, "-19.90"},
		{0, -2, "0.00"},
		{0, 0, "0"},
		{5, 3, "5E+3"},
		{1, -7, "1E-7"},
		{1, -6, "0.000001"},
		{12, -7, "0.0000012"},
		{12, -8, "1.2E-7"},
		{12, 1, "1.2E+2"},
		{1, 999_999_999_999_999_999, "1E+999999999999999999"},
		{10, 999_999_999_999_999_999, "NaN"},
		{1, 1_000_000_000_000_000_000, "NaN"},
		{1, -1_999_999_999_999_999_997, "1E-1999999999999999997"},
		{1, -1_999_999_999_999_999_998, "NaN"},
	} {
		d := py.NewDecimal(big.NewInt(c.unscaled), c.exponent)
		if d.String() != c.want {
			t.Errorf("%d, %d: %s, want %s", c.unscaled, c.exponent, d, c.want)
		}
		if c.want != "NaN" && (d.Unscaled().Int64() != c.unscaled || d.Exponent() != c.exponent || !d.IsFinite() || d.IsNaN()) {
			t.Errorf("%s has %d and %d", d, d.Unscaled(), d.Exponent())
		}
	}
}

// A type writes the same text that it reads.
func TestTextsOfValuesComeBack(t *testing.T) {
	t.Parallel()
	check := func(text string, v interface {
		MarshalText() ([]byte, error)
	}, into interface {
		UnmarshalText(text []byte) error
	},
	) {
		got, err := v.MarshalText()
		if err != nil || string(got) != text {
			t.Errorf("%T: %q, %v; want %q", v, got, err, text)
		}
		before := fmt.Sprint(into)
		if err := into.UnmarshalText([]byte("no such text")); err == nil || fmt.Sprint(into) != before {
			t.Errorf("%T: %v, %v", into, into, err)
		}
		if err := into.UnmarshalText([]byte(text)); err != nil || fmt.Sprint(into) != text && fmt.Sprintf("%v", into) != "&"+fmt.Sprintf("%+v", v) {
			t.Errorf("%T: %v, %v; want %s", into, into, err, text)
		}
	}
	date, decimal, uuid := new(py.Date), new(py.Decimal), new(py.UUID)
	check("2024-02-29", py.Date{Year: 2024, Month: 2, Day: 29}, date)
	check("12.50", py.NewDecimal(big.NewInt(1250), -2), decimal)
	check("01000000-0000-0000-0000-000000000002", py.UUID{0: 1, 15: 2}, uuid)
	if *date != (py.Date{Year: 2024, Month: 2, Day: 29}) || decimal.String() != "12.50" || *uuid != (py.UUID{0: 1, 15: 2}) {
		t.Errorf("%v, %v, %v", date, decimal, uuid)
	}
	for _, c := range []struct {
		time py.Time
		want string
	}{
		{py.Time{Hour: 1, Minute: 2, Second: 3}, "01:02:03"}, {py.Time{Hour: 23, Microsecond: 4}, "23:00:00.000004"},
	} {
		if text, err := c.time.MarshalText(); err != nil || string(text) != c.want {
			t.Errorf("%s, %v; want %s", text, err, c.want)
		}
	}
}

// Times with an offset are one key if they are the same time of day in UTC, as in Python.
func TestTimesAreKeysByTheirTimeInUTC(t *testing.T) {
	t.Parallel()
	at := func(hour, minute, offset int) py.Time {
		return py.Time{Hour: hour, Minute: minute, TZInfo: py.TimeZone(offset)}
	}
	set := py.NewSet(at(12, 30, 3600), py.Time{Hour: 12})
	for _, c := range []struct {
		time py.Time
		has  bool
	}{
		{at(12, 30, 3600), true},
		{at(11, 30, 0), true},
		{at(10, 30, -3600), true},
		{at(13, 30, 3600), false},
		{at(12, 30, 0), false},
		{py.Time{Hour: 12}, true},
		{py.Time{Hour: 11, Minute: 30}, false},
		{py.Time{Hour: 12, Microsecond: 1}, false},
		{py.Time{Hour: 12, Fold: true}, true},
		{at(12, 0, 0), false},
	} {
		if set.Has(c.time) != c.has {
			t.Errorf("%v: %v", c.time, !c.has)
		}
	}
}
