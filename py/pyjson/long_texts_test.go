package pyjson

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// The expected values are those of json.loads in CPython 3.11.
func TestExponentsOfManyDigits(t *testing.T) {
	t.Parallel()
	zeros, many := strings.Repeat("0", 20_000), strings.Repeat("0", 200_000)
	for text, want := range map[string]float64{
		"1e0": 1, "1E-0": 1, "0e0": 0, "-0e5": math.Copysign(0, -1), "1e00000": 1, "1e000000000000": 1, "1e+000000005": 1e5, "1e-000000005": 1e-5,
		"-1e00000000001": -10, "1.5e00000000002": 150, "1" + zeros + "e-20000": 1, "0." + zeros + "1e20001": 1, "-0." + zeros + "25e+20002": -25,
		"12" + zeros[:1000] + "e-1000": 12, "12." + zeros[:1000] + "e-1": 1.2, "-" + "12" + zeros[:900] + ".5e-901": -1.2, zeros[:1] + "." + zeros[:900] + "12e901": 1.2,
		"1" + zeros[:800] + "e-800": 1, "1" + zeros[:799] + "e-799": 1,
		"1e99999": math.Inf(1), "-1e99999": math.Inf(-1), "1e-99999": 0, "0e99999": 0, "1e999999999999999999999": math.Inf(1), "1e-999999999999999999999": 0,
		"0e999999999999999999999": 0, "12" + zeros + "e-000020001": 1.2, "12" + zeros + "e-9999": math.Inf(1), "1e9999": math.Inf(1), "1e-9999": 0,
		"0." + many + "1e99999999999999999999": math.Inf(1), "-0." + many + "1e+99999999999999999999": math.Inf(-1), "1" + many + "e-99999999999999999999": 0,
		"0." + many + "1e9223372036854775807": math.Inf(1), "1" + many + "e-9223372036854775808": 0, "1" + many + "e99999999999999999999": math.Inf(1),
		"0." + many + "1e-99999999999999999999": 0, "-0." + many + "e99999999999999999999": math.Copysign(0, -1), "0." + many + "1e200001": 1,
	} {
		v, err := Loads([]byte(text))
		if f, ok := v.(float64); err != nil || !ok || math.Float64bits(f) != math.Float64bits(want) {
			t.Errorf("%.20s...%s: %v, %v; want %v", text, text[max(0, len(text)-20):], v, err, want)
		}
	}
}

// Values that appear in many places, lazy or not, must not expand the text too much.
func TestTextsInManyPlacesAreRefused(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 100_000)
	list := py.NewList()
	for i := range 1000 {
		list.Items = append(list.Items, fmt.Sprintf("%0100d", i))
	}
	for what, c := range map[string]struct {
		part    any
		times   int
		refused bool
	}{
		"a str 25 times":    {text, 25, false},
		"a str 30 times":    {text, 30, true},
		"a Raw 25 times":    {Raw(`"` + text + `"`), 25, false},
		"a Raw 30 times":    {Raw(`"` + text + `"`), 30, true},
		"a list 25 times":   {list, 25, false},
		"a list 30 times":   {list, 30, true},
		"short texts":       {"x", 200_000, false},
		"a slice 25 times":  {text[1:90_000], 25, false},
		"a slice 35 times":  {text[1:90_000], 35, true},
		"an int 1000 times": {new(big.Int).Exp(big.NewInt(10), big.NewInt(4000), nil), 1000, true},
		"another list each": {nil, 40, false},
	} {
		all := py.NewList()
		for range c.times {
			part := c.part
			if part == nil {
				part = py.NewList(strings.Repeat("z", 100_000+len(all.Items)))
			}
			all.Items = append(all.Items, part)
		}
		data, err := Dumps(all)
		unsupported, ok := errors.AsType[*UnsupportedError](err)
		if refused := ok && unsupported.Problem == TooMuchExpansion; refused != c.refused || (err == nil) == c.refused || (data == nil) != c.refused {
			t.Errorf("%s: %d bytes, %v", what, len(data), err)
		}
	}
}

// Django stores equal values that share nothing, so they do not count as one.
func TestEqualTextsAreWritten(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 100_000)
	session := []byte("{")
	values, integers := py.NewList(), py.NewList()
	for i := range 40 {
		session = fmt.Appendf(session, `"k%d":"%s",`, i, text)
		values.Items = append(values.Items, strings.Clone(text))
	}
	session = append(session, `"n":1}`...)
	for range 1000 {
		integers.Items = append(integers.Items, new(big.Int).Exp(big.NewInt(10), big.NewInt(4000), nil))
	}
	loaded, err := LoadsDict(session)
	if err != nil {
		t.Fatal(err)
	}
	loaded.Set("n", int64(2))
	for name, v := range map[string]any{"loaded": loaded, "texts": values, "integers": integers} {
		if data, err := Dumps(v); err != nil {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}

// The slices of a text are parts of their own, each of which counts once.
func TestSlicesInManyPlacesAreRefused(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 10_000)
	all := py.NewList()
	for i := range 10_000 {
		all.Items = append(all.Items, text[i%10:])
	}
	_, err := Dumps(all)
	if unsupported, ok := errors.AsType[*UnsupportedError](err); !ok || unsupported.Problem != TooMuchExpansion {
		t.Errorf("error %v", err)
	}
}

func TestReplacementCharacterIsText(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"\ufffd": `"\ufffd"`, "a\ufffd\u00e9": `"a\ufffd\u00e9"`, "\U0010ffff": `"\udbff\udfff"`, "\uffff": `"\uffff"`, "\U00010000": `"\ud800\udc00"`} {
		if data, err := Dumps(s); err != nil || string(data) != want {
			t.Errorf("%q: %s, %v", s, data, err)
		}
	}
	for _, s := range []string{"\xef\xbf", "\xff\ufffd", "\ufffd\xbd"} {
		if data, err := Dumps(s); err == nil {
			t.Errorf("%q: %s", s, data)
		}
	}
}

func TestErrorsShowKeysWithinBounds(t *testing.T) {
	t.Parallel()
	d := func(key any, value any) *py.Dict {
		d := py.NewDict(1)
		d.Set(key, value)
		return d
	}
	k40, k41 := strings.Repeat("k", 40), strings.Repeat("k", 41)
	for _, c := range []struct {
		value any
		want  string
	}{
		{d(k40, py.Bytes("")), k40},
		{d(k41, py.Bytes("")), k40 + "..."},
		{d("a b", py.Bytes("")), `["a b"]`},
		{d(strings.Repeat("a b ", 11), py.Bytes("")), `["` + strings.Repeat("a b ", 10) + `"]...`},
		{d("é", d("a", py.Bytes(""))), `["\u00e9"].a`},
		{d("", py.NewList(py.Bytes(""))), `[""][0]`},
		{d("a", d("b_-9Z", py.Bytes(""))), "a.b_-9Z"},
		{d("a.b", py.Bytes("")), `["a.b"]`},
		{d("{", py.Bytes("")), `["{"]`},
		{d("`", py.Bytes("")), "[\"`\"]"},
		{d("@", py.Bytes("")), `["@"]`},
		{d("[", py.Bytes("")), `["["]`},
		{d("/", py.Bytes("")), `["/"]`},
		{d(":", py.Bytes("")), `[":"]`},
		{d("az09AZ", py.Bytes("")), "az09AZ"},
		{py.NewList(1, py.NewList(py.Bytes(""))), "[1][0]"},
		{d(int64(5), d(true, py.Bytes(""))), "[int key][bool key]"},
	} {
		_, err := Dumps(c.value)
		unsupported, ok := errors.AsType[*UnsupportedError](err)
		if !ok || unsupported.Path != c.want {
			t.Errorf("%v; want %s", err, c.want)
		}
	}
}
