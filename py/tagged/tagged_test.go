package tagged_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/py/tagged"
)

func dictOf(keysAndValues ...any) *py.Dict {
	d := py.NewDict(len(keysAndValues) / 2)
	for i := 0; i < len(keysAndValues); i += 2 {
		d.Set(keysAndValues[i], keysAndValues[i+1])
	}
	return d
}

func TestEachTypeIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	chicago := time.Date(2023, 11, 14, 22, 13, 20, 123456000, time.FixedZone("", -6*3600))
	fall := time.Date(2024, 11, 3, 1, 30, 0, 0, time.UTC)
	tests := []struct {
		name  string
		value any
		text  string
	}{
		{"none", nil, `null`},
		{"bool", true, `true`},
		{"int", int64(-19), `-19`},
		{"int of any size", huge, `123456789012345678901234567890`},
		{"float without fraction", 1.0, `1.0`},
		{"float in exponent form", 1e16, `1e+16`},
		{"negative zero", math.Copysign(0, -1), `-0.0`},
		{"nan", math.NaN(), `{"$float":"nan"}`},
		{"infinity", math.Inf(1), `{"$float":"inf"}`},
		{"negative infinity", math.Inf(-1), `{"$float":"-inf"}`},
		{"text outside ASCII", "hé☃😀", `"h\u00e9\u2603\ud83d\ude00"`},
		{"lone surrogate", "a\xed\xa0\xbdb", `"a\ud83db"`},
		{"control characters", "\x00\x7f\n\"\\", `"\u0000\u007f\n\"\\"`},
		{"bytes", py.Bytes("\xff\x00bytes"), `{"$bytes":"/wBieXRlcw=="}`},
		{"no bytes", py.Bytes(""), `{"$bytes":""}`},
		{"naive datetime", py.DateTime{Time: fall, Naive: true}, `{"$datetime":"2024-11-03T01:30:00"}`},
		{"second reading of a clock put back", py.DateTime{Time: fall, Naive: true, Fold: true}, `{"$datetime":["2024-11-03T01:30:00",1]}`},
		{"aware datetime", py.DateTime{Time: chicago}, `{"$datetime":"2023-11-14T22:13:20.123456-06:00"}`},
		{"list", py.NewList(int64(1), py.NewList(), py.Bytes("a")), `[1,[],{"$bytes":"YQ=="}]`},
		{"dict keeps its order", dictOf("b", int64(1), "a", dictOf()), `{"b":1,"a":{}}`},
		{"dict with keys that are no text", dictOf(int64(1), "a", nil, math.NaN()), `{"$dict":[[1,"a"],[null,{"$float":"nan"}]]}`},
		{"dict with bytes as a key", dictOf(py.Bytes("k"), true), `{"$dict":[[{"$bytes":"aw=="},true]]}`},
		{"dict that looks like a tag", dictOf("$bytes", "aGk="), `{"$dict":[["$bytes","aGk="]]}`},
		{"dict whose only key begins like a tag", dictOf("$", int64(1)), `{"$dict":[["$",1]]}`},
		{"dict with a tag among other keys", dictOf("$bytes", "aGk=", "x", int64(1)), `{"$bytes":"aGk=","x":1}`},
		{"dict in the form of a dict", dictOf("$dict", py.NewList()), `{"$dict":[["$dict",[]]]}`},
		{"empty key", dictOf("", int64(1)), `{"":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := tagged.Dumps(test.value)
			if err != nil || string(text) != test.text {
				t.Errorf("Dumps = %s, %v; want %s", text, err, test.text)
			}
			value, err := tagged.Loads(test.text)
			if err != nil || !py.Equal(value, test.value) {
				t.Errorf("Loads = %#v, %v; want %#v", value, err, test.value)
			}
		})
	}
}

func TestLazyValuesAreWrittenAsWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	session, err := pyjson.LoadsDict([]byte(`{"total":[1.0,NaN],"note":{"$bytes":"no bytes"}}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := tagged.Dumps(session)
	want := `{"total":[1.0,{"$float":"nan"}],"note":{"$dict":[["$bytes","no bytes"]]}}`
	if err != nil || string(text) != want {
		t.Errorf("Dumps = %s, %v; want %s", text, err, want)
	}
}

func TestLoadsTakesWhatPythonsJSONTakes(t *testing.T) {
	t.Parallel()
	got, err := tagged.Loads(" [NaN, -Infinity, \"hé\",\t1e400] ")
	want := py.NewList(math.NaN(), math.Inf(-1), "hé", math.Inf(1))
	if err != nil || !py.Equal(got, want) {
		t.Errorf("Loads = %v, %v; want %v", got, err, want)
	}
}

func TestWrongTagsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, tag, path string }{
		{"unknown tag", `{"$tupel":[1]}`, "$tupel", ""},
		{"bare dollar", `{"$":1}`, "$", ""},
		{"bytes that are no text", `{"$bytes":1}`, "$bytes", ""},
		{"bytes without padding", `{"$bytes":"aGk"}`, "$bytes", ""},
		{"float with a finite value", `{"$float":"1.0"}`, "$float", ""},
		{"float that is no text", `{"$float":[]}`, "$float", ""},
		{"no date", `{"$datetime":"2023-02-30T00:00:00"}`, "$datetime", ""},
		{"datetime with an unknown fold", `{"$datetime":["2024-11-03T01:30:00",2]}`, "$datetime", ""},
		{"dict that is an object", `{"$dict":{"a":1}}`, "$dict", ""},
		{"dict with a triple", `{"$dict":[[1,2,3]]}`, "$dict", ""},
		{"dict with an unhashable key", `{"$dict":[[[1],2]]}`, "$dict", ""},
		{"far inside", `{"cart":[0,{"$dict":[[1,{"$bytes":"?"}]]}]}`, "$bytes", `["cart"][1]["$dict"][0][1]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v, err := tagged.Loads(test.text)
			var wrong *tagged.TagError
			if !errors.As(err, &wrong) {
				t.Fatalf("Loads = %v, %v; want a TagError", v, err)
			}
			if wrong.Tag != test.tag || wrong.Path != test.path {
				t.Errorf("tag %q at %q, want %q at %q", wrong.Tag, wrong.Path, test.tag, test.path)
			}
		})
	}
}

func TestTextThatIsNoJSONIsASyntaxError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "'a'", "{1:2}", "[1,]", "\xff", "1 2"} {
		_, err := tagged.Loads(text)
		if _, ok := errors.AsType[*pyjson.SyntaxError](err); !ok {
			t.Errorf("Loads(%q) gives %v, want a SyntaxError", text, err)
		}
	}
}

func TestWhatIsNoPythonValueIsNotWritten(t *testing.T) {
	t.Parallel()
	self := py.NewList()
	self.Items = []any{self}
	tests := []struct {
		name  string
		value any
	}{
		{"Go struct", struct{}{}},
		{"text that is not UTF-8", "a\xff"},
		{"key that is not UTF-8", dictOf("a\xff", nil)},
		{"nil list", (*py.List)(nil)},
		{"nil dict", (*py.Dict)(nil)},
		{"nil integer", (*big.Int)(nil)},
		{"year past Python's", py.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"list in itself", self},
		{"deep inside", py.NewList(dictOf("a", py.NewList(make(chan int))))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := tagged.Dumps(test.value)
			var unsupported *tagged.UnsupportedError
			if !errors.As(err, &unsupported) || text != nil {
				t.Errorf("Dumps = %s, %v; want an UnsupportedError alone", text, err)
			}
		})
	}
}

func TestDepthIsBoundedBothWays(t *testing.T) {
	t.Parallel()
	deepest := strings.Repeat("[", tagged.MaxDepth) + strings.Repeat("]", tagged.MaxDepth)
	v, err := tagged.Loads(deepest)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tagged.Dumps(v)
	if err != nil || string(text) != deepest {
		t.Errorf("the deepest value is not written as it was read: %v", err)
	}
	if _, err := tagged.Dumps(py.NewList(v)); err == nil {
		t.Error("a value one level deeper is written")
	}
	if _, err := tagged.Loads("[" + deepest + "]"); err == nil {
		t.Error("a value one level deeper is read")
	}
}

// TestWhatIsWrittenIsReadBack tries values of all types in all places, tags and what looks like tags among them.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		want := randomValue(r, 4)
		text, err := tagged.Dumps(want)
		if err != nil {
			t.Fatalf("Dumps(%#v): %v", want, err)
		}
		got, err := tagged.Loads(string(text))
		if err != nil || !py.Equal(got, want) {
			t.Fatalf("Loads(%s) = %#v, %v; want %#v", text, got, err, want)
		}
	}
}

func randomValue(r *rand.Rand, depth int) any {
	kinds := 10
	if depth == 0 {
		kinds = 8
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return py.Int(new(big.Int).Lsh(big.NewInt(r.Int64()-r.Int64()), uint(r.IntN(70))))
	case 3:
		return math.Float64frombits(r.Uint64())
	case 4:
		return []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1}[r.IntN(5)]
	case 5:
		return py.Bytes(randomText(r))
	case 6:
		d := py.DateTime{Time: time.UnixMicro(r.Int64N(4e15)).UTC(), Naive: r.IntN(2) == 0}
		if d.Naive {
			d.Fold = r.IntN(2) == 0
		} else {
			d.Time = d.Time.In(time.FixedZone("", r.IntN(2*86399)-86399))
		}
		return d
	case 7:
		return randomText(r)
	case 8:
		list := py.NewList()
		for range r.IntN(4) {
			list.Items = append(list.Items, randomValue(r, depth-1))
		}
		return list
	default:
		d := py.NewDict(0)
		for range r.IntN(4) {
			key := any(randomText(r))
			if r.IntN(4) == 0 {
				key = randomValue(r, 0)
			}
			if _, ok := key.(py.DateTime); ok {
				continue // equal to nothing as a key
			}
			d.Set(key, randomValue(r, depth-1))
		}
		return d
	}
}

func randomText(r *rand.Rand) string {
	words := []string{"$", "$dict", "$bytes", "$float", "$datetime", "$object", "", "nan", "a", "é", "☃", "😀", "\xed\xa0\xbd", "\"", "\\", "\x00"}
	text := words[r.IntN(len(words))]
	if r.IntN(3) == 0 {
		last := words[r.IntN(len(words))]
		text += "-" + last // keeps surrogates from meeting
	}
	return text
}

func FuzzLoads(f *testing.F) {
	for _, seed := range []string{
		`{"a":1}`, `{"$bytes":"aGk="}`, `{"$float":"nan"}`, `{"$datetime":["2024-11-03T01:30:00",1]}`, `{"$datetime":"0001-01-01T00:00:00+23:59"}`,
		`{"$dict":[[1,"a"],[1.0,"b"],[true,{"$dict":[]}]]}`, `{"$dict":[["$dict",1]]}`, `{"$tuple":[1]}`, `[1.0,-0.0,1e400,NaN,123456789012345678901234567890]`,
		`"\ud83d"`, `{"$dict":[[{"$datetime":"2024-11-03"},1]]}`, `[[[[[[]]]]]]`, "\xff", `{"$bytes":"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := tagged.Loads(s)
		if err != nil {
			return
		}
		text, err := tagged.Dumps(v)
		if err != nil {
			t.Fatalf("Dumps of what Loads(%q) returned: %v", s, err)
		}
		again, err := tagged.Loads(string(text))
		if err != nil || !py.Equal(v, again) {
			t.Fatalf("Loads(%q) is written as %s, which is read as another value: %v", s, text, err)
		}
	})
}
