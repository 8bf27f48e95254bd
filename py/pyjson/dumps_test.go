package pyjson

import (
	"bytes"
	"errors"
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
		"a type that JSON lacks":      {py.Bytes("x"), "", "bytes", notSerializable},
		"deep in a value":             {dict("cart", dict("items", py.NewList(1, 2, py.DateTime{}))), "cart.items[2]", "datetime", notSerializable},
		"in a Lazy":                   {py.NewList(late{py.Bytes("x")}), "[0]", "bytes", notSerializable},
		"a Go value":                  {dict("a-b_1", dict("a b", py.NewList(struct{}{}))), `a-b_1["a b"][0]`, "Go struct {}", notSerializable},
		"no list":                     {py.NewList((*py.List)(nil)), "[0]", "Go nil *py.List", notSerializable},
		"no dict":                     {(*py.Dict)(nil), "", "Go nil *py.Dict", notSerializable},
		"no int":                      {(*big.Int)(nil), "", "Go nil *big.Int", notSerializable},
		"a key that JSON lacks":       {dict("a", dict("b", 1, py.Bytes("x"), 2)), "a", "bytes", notKey},
		"a list as a key":             {dict(py.NewList(), 1), "", "list", notKey},
		"behind keys of other types":  {dict(5, dict(nil, py.Bytes(""))), "[int key][NoneType key]", "bytes", notSerializable},
		"a string that is not UTF-8":  {dict("a", "\xff"), "a", "str", notStr},
		"a key that is not UTF-8":     {dict("a", dict("\xed\xa0", 1)), "a", "str", notStr},
		"an int too large":            {py.NewList(power(MaxIntDigits)), "[0]", "int", tooLarge},
		"an int far too large":        {py.NewList(power(100 * MaxIntDigits)), "[0]", "int", tooLarge},
		"a negative int too large":    {new(big.Int).Neg(power(MaxIntDigits)), "", "int", tooLarge},
		"an int as a key too large":   {dict(power(MaxIntDigits), 1), "", "int", tooLarge},
		"a list in itself":            {inItself, "[1].again", "list", containsItself},
		"a list in itself, deep down": {deepInItself, strings.Repeat("[0]", 41) + "[1]", "list", containsItself},
		"a list deep down in itself":  {deepLoop, strings.Repeat("[0]", 41), "list", containsItself},
		"a Lazy without end":          {endless{}, strings.Repeat("[0]", valuepath.MaxLength)[:valuepath.MaxLength] + "...", "list", tooDeep},
		"a long key":                  {dict(strings.Repeat("k", 1000), py.Bytes("")), strings.Repeat("k", valuepath.MaxKey) + "...", "bytes", notSerializable},
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
