package pyjson

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/valuepath"
	"github.com/djangobridge/djangobridge/py"
)

// late is a Lazy as other packages might define it.
type late struct{ value any }

func (l late) Resolve() any { return l.value }

// endless resolves to a list that contains it.
type endless struct{}

func (endless) Resolve() any { return py.NewList(endless{}) }

func dict(keysAndValues ...any) *py.Dict {
	d := new(py.Dict)
	for i := 0; i < len(keysAndValues); i += 2 {
		d.Set(keysAndValues[i], keysAndValues[i+1])
	}
	return d
}

func power(digits int) *big.Int { // the smallest number with one more digit
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

func TestDumpsWrites(t *testing.T) {
	twice := py.NewList(int64(1))
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"Go's int":                 {py.NewList(-7, dict(3, 4)), `[-7,{"3":4}]`},
		"a Lazy":                   {py.NewList(late{dict(late{"k"}, late{nil})}), `[{"k":null}]`},
		"raw values":               {dict("a", Raw("1E5"), Raw(`"b"`), Raw("[ ]")), `{"a":1E5,"b":[ ]}`},
		"a big int that is small":  {big.NewInt(-5), "-5"},
		"a list of no items":       {py.NewList(py.NewList(), dict()), "[[],{}]"},
		"one list in two places":   {py.NewList(twice, twice, dict("a", twice)), `[[1],[1],{"a":[1]}]`},
		"a dict after a deletion":  {withoutKey(dict("a", 1, "b", 2, "c", 3), "b"), `{"a":1,"c":3}`},
		"the largest int, negated": {new(big.Int).Neg(new(big.Int).Sub(power(MaxIntDigits), big.NewInt(1))), "-" + strings.Repeat("9", MaxIntDigits)},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Dumps(c.value); err != nil || string(got) != c.want {
				t.Errorf("got %.200s, %v, want %.200s", got, err, c.want)
			}
		})
	}
}

func withoutKey(d *py.Dict, key any) *py.Dict {
	d.Delete(key)
	return d
}

func TestDumpsRefuses(t *testing.T) {
	inItself := py.NewList(int64(1))
	inItself.Items = append(inItself.Items, dict("again", inItself))
	deepInItself := py.NewList(nil)
	inner := deepInItself
	for range 40 {
		inner.Items[0] = py.NewList(nil)
		inner = inner.Items[0].(*py.List)
	}
	inner.Items[0] = py.NewList(nil, deepInItself.Items[0])

	innermost := py.NewList(nil)
	innermost.Items[0] = innermost
	deepLoop := any(innermost)
	for range 40 {
		deepLoop = py.NewList(deepLoop)
	}

	for name, c := range map[string]struct {
		value               any
		path, kind, problem string
	}{
		"a type that JSON lacks":      {value: py.Bytes("x"), path: "", kind: "bytes", problem: notSerializable},
		"deep in a value":             {value: dict("cart", dict("items", py.NewList(1, 2, py.DateTime{}))), path: "cart.items[2]", kind: "datetime", problem: notSerializable},
		"in a Lazy":                   {value: py.NewList(late{py.Bytes("x")}), path: "[0]", kind: "bytes", problem: notSerializable},
		"a Go value":                  {value: dict("a-b_1", dict("a b", py.NewList(struct{}{}))), path: `a-b_1["a b"][0]`, kind: "Go struct {}", problem: notSerializable},
		"no list":                     {value: py.NewList((*py.List)(nil)), path: "[0]", kind: "Go nil *py.List", problem: notSerializable},
		"no dict":                     {value: (*py.Dict)(nil), path: "", kind: "Go nil *py.Dict", problem: notSerializable},
		"no int":                      {value: (*big.Int)(nil), path: "", kind: "Go nil *big.Int", problem: notSerializable},
		"a key that JSON lacks":       {value: dict("a", dict("b", 1, py.Bytes("x"), 2)), path: "a", kind: "bytes", problem: notKey},
		"a list as a key":             {value: dict(py.NewList(), 1), path: "", kind: "list", problem: notKey},
		"behind keys of other types":  {value: dict(5, dict(nil, py.Bytes(""))), path: "[int key][NoneType key]", kind: "bytes", problem: notSerializable},
		"a string that is not UTF-8":  {value: dict("a", "\xff"), path: "a", kind: "str", problem: notStr},
		"a key that is not UTF-8":     {value: dict("a", dict("\xed\xa0", 1)), path: "a", kind: "str", problem: notStr},
		"an int too large":            {value: py.NewList(power(MaxIntDigits)), path: "[0]", kind: "int", problem: tooLarge},
		"an int far too large":        {value: py.NewList(power(100 * MaxIntDigits)), path: "[0]", kind: "int", problem: tooLarge},
		"a negative int too large":    {value: new(big.Int).Neg(power(MaxIntDigits)), path: "", kind: "int", problem: tooLarge},
		"an int as a key too large":   {value: dict(power(MaxIntDigits), 1), path: "", kind: "int", problem: tooLarge},
		"a list in itself":            {value: inItself, path: "[1].again", kind: "list", problem: containsItself},
		"a list in itself, deep down": {value: deepInItself, path: strings.Repeat("[0]", 41) + "[1]", kind: "list", problem: containsItself},
		"a list deep down in itself":  {value: deepLoop, path: strings.Repeat("[0]", 41), kind: "list", problem: containsItself},
		"a Lazy without end":          {value: endless{}, path: strings.Repeat("[0]", valuepath.MaxLength)[:valuepath.MaxLength] + "...", kind: "list", problem: tooDeep},
		"a long key":                  {value: dict(strings.Repeat("k", 1000), py.Bytes("")), path: strings.Repeat("k", valuepath.MaxKey) + "...", kind: "bytes", problem: notSerializable},
	} {
		t.Run(name, func(t *testing.T) {
			dst := []byte("before")
			got, err := AppendDumps(dst, c.value)
			if string(got) != "before" {
				t.Errorf("got %.100q back", got)
			}
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) {
				t.Fatalf("got %v, want an UnsupportedError", err)
			}
			if want := (UnsupportedError{c.path, c.kind, c.problem}); *unsupported != want {
				t.Errorf("got  %+v\nwant %+v", *unsupported, want)
			}
			if data, err := Dumps(c.value); data != nil || err == nil {
				t.Errorf("Dumps returns %d bytes, %v", len(data), err)
			}
		})
	}
}

func TestUnsupportedErrorReadsAsASentence(t *testing.T) {
	for want, value := range map[string]any{
		"pyjson: cart.items[2]: datetime is not JSON serializable": dict("cart", dict("items", py.NewList(1, 2, py.DateTime{}))),
		"pyjson: bytes is not JSON serializable":                   py.Bytes("secret"),
		"pyjson: a: bytes cannot be a key":                         dict("a", dict(py.Bytes("secret"), 1)),
		"pyjson: int has more than 4300 digits":                    power(MaxIntDigits),
	} {
		if _, err := Dumps(value); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestErrorsNameTheLimits(t *testing.T) {
	for text, limit := range map[string]int{
		tooDeep: MaxDepth, wantShallow: MaxDepth, tooLarge: MaxIntDigits, wantSmall: MaxIntDigits,
	} {
		if !strings.Contains(text, " "+strconv.Itoa(limit)+" ") {
			t.Errorf("%q does not say %d", text, limit)
		}
	}
}

func TestAppendDumpsAppends(t *testing.T) {
	got, err := AppendDumps([]byte("x="), dict("a", py.NewList(1.0, "é")))
	if want := `x={"a":[1.0,"\u00e9"]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// A closed container has no effect on later ones, at any depth.
func TestDumpsTakesAListAgainAtEveryDepth(t *testing.T) {
	shared := py.NewList(nil)
	v := any(shared)
	for range 3 * manyOpen {
		v = py.NewList(shared, v, shared)
	}
	got, err := Dumps(v)
	if n := bytes.Count(got, []byte("[null]")); err != nil || n != 6*manyOpen+1 {
		t.Errorf("the list is written %d times, %v", n, err)
	}
}

// Strings are searched in words: a special character must be found at any position in a
// word.
func TestDumpsEscapesAtEveryPlace(t *testing.T) {
	escaped := map[string]string{
		"\"": `\"`, "\\": `\\`, "\n": `\n`, "\x00": `\u0000`, "\x1f": `\u001f`, "\x7f": `\u007f`, "é": `\u00e9`, "€": `\u20ac`,
		"😀": `\ud83d\ude00`, "\xed\xa0\xbd": `\ud83d`, "\xed\xb8\x80": `\ude00`, " ": " ", "!": "!", "~": "~", "/": "/", "<": "<",
	}
	for s, want := range escaped {
		for before := range 20 {
			for after := range 10 {
				text := strings.Repeat("a", before) + s + strings.Repeat("~", after)
				wanted := `"` + strings.Repeat("a", before) + want + strings.Repeat("~", after) + `"`
				got, err := Dumps(text)
				if err != nil || string(got) != wanted {
					t.Fatalf("%q: got %s, %v", text, got, err)
				}
				if back, err := Loads(got); err != nil || back != text {
					t.Fatalf("%s: read back as %q, %v", got, back, err)
				}
			}
		}
	}
}

func TestDumpedTextIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	first, err := Dumps("first")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Dumps("second"); err != nil {
		t.Fatal(err)
	}
	if string(first) != `"first"` {
		t.Errorf("has become %s", first)
	}
}

func TestTuplesAreWrittenAsLists(t *testing.T) {
	t.Parallel()
	// json.dumps({"t": (1, ("a", []), ())}, separators=(",", ":"))
	d := py.NewDict(1)
	d.Set("t", py.NewTuple(int64(1), py.NewTuple("a", py.NewList()), py.NewTuple()))
	if got, err := Dumps(d); err != nil || string(got) != `{"t":[1,["a",[]],[]]}` {
		t.Errorf("got %s, %v", got, err)
	}
	loop := py.NewList()
	loop.Items = append(loop.Items, py.NewTuple(loop))
	if _, err := Dumps(loop); err == nil {
		t.Error("a list that contains itself by way of a tuple is written")
	}
	if _, err := Dumps((*py.Tuple)(nil)); err == nil {
		t.Error("a nil pointer is written")
	}
}

// TestPrices compares floats with few decimal places, and their neighbours, with the
// shortest text that strconv finds.
func TestPrices(t *testing.T) {
	check := func(f float64) {
		t.Helper()
		want := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(want, ".") {
			want += ".0"
		}
		if got := string(appendFloat(nil, f)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	for n := range 20_000 {
		for _, scale := range []float64{1, 10, 100, 1000} {
			f := float64(n) / scale
			check(f)
			check(-f)
			if f >= 0.001 {
				check(math.Nextafter(f, 0))
				check(math.Nextafter(f, 1e9))
			}
		}
	}
	for _, f := range []float64{math.Copysign(0, -1), 1e13 - 0.01, 1e13, 9.99999999999999e12, 999999999999999, 1e15, 12345678901234.56, 9999999999999998} {
		check(f)
		check(-f)
	}
}
