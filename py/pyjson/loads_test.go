package pyjson

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

func TestUntouchedSessionIsWrittenBackByteForByte(t *testing.T) {
	// The cases have no space around values, no escapes in keys and no repeated keys,
	// because those are not kept.
	for name, text := range map[string]string{
		"login":               login,
		"odd numbers":         `{"a":1E5,"b":-0,"c":1e400,"d":0.10,"e":-0.0,"f":1e+05,"g":-7,"h":999999999999999999,"i":1000000000000000000}`,
		"large ints":          `{"a":9223372036854775808,"b":-9223372036854775809,"c":` + strings.Repeat("9", 4300) + `}`,
		"words":               `{"a":null,"b":true,"c":false,"d":NaN,"e":Infinity,"f":-Infinity}`,
		"needless escapes":    `{"a":"\u0041\/","b":"\uD83D\uDE00","c":"\ud83d"}`,
		"latin-1":             "{\"a\":\"caf\xe9\x80\xff\",\"b\":[\"\xc3\xa9\"]}",
		"space in a value":    `{"a":[ 1 , 2 ],"b":{ "c" : 1 }}`,
		"key twice, deeper":   `{"a":{"b":1,"b":2}}`,
		"more than a few":     `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":"x","k":[],"l":{},"m":0,"n":1,"o":2,"p":3,"q":4,"r":5}`,
		"empty":               `{}`,
		"empty key and value": `{"":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			d, err := LoadsDict([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Dumps(d)
			if err != nil || string(got) != text {
				t.Errorf("got  %.200q, %v\nwant %.200q", got, err, text)
			}
		})
	}
}

func TestUntouchedSessionLosesOnlyWhatADictCannotHold(t *testing.T) {
	const text = " {\"b\" : [ 1 ] , \"a\":1,\n\"\\u0062\": 2 , \"caf\xe9\":\"\xe9\"} "
	const want = "{\"b\":2,\"a\":1,\"caf\\u00e9\":\"\xe9\"}"
	d, err := LoadsDict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Dumps(d); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestLoadsDictStringSharesTheMemoryOfTheText(t *testing.T) {
	text := `{"name":"` + strings.Repeat("x", 1<<20) + "\xe9\"}"
	var d *py.Dict
	var err error
	if n := allocated(func() { d, err = LoadsDictString(text) }); n > 1<<16 || err != nil {
		t.Fatalf("allocated %d bytes, %v", n, err)
	}
	if got, _ := d.Get("name"); got != Raw(text[len(`{"name":`):len(text)-1]) {
		t.Errorf("got %.20q", got)
	}
	if s, _ := py.Resolve(d.Keys()[0]).(string); s != "name" {
		t.Errorf("the key is %q", s)
	}
}

func TestLoadsDictKeepsNothingOfTheDataItself(t *testing.T) {
	data := []byte(`{"_auth_user_id":"1","tea":["green"]}`)
	d, err := LoadsDict(data)
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	clear(data)
	if got, err := Dumps(d); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestDictsOfEachSize has dicts with room for exactly their entries, which grow later.
func TestDictsOfEachSize(t *testing.T) {
	for n := range 12 {
		text := "{" + strings.TrimPrefix(manyKeys(n), ",") + "}"
		d, err := LoadsDict([]byte(text))
		if err != nil || d.Len() != n {
			t.Fatalf("%d entries of %d, %v", d.Len(), n, err)
		}
		d.Set("more", true)
		d.Set("and more", nil)
		want := strings.TrimPrefix(strings.TrimSuffix(text, "}")+`,"more":true,"and more":null}`, "{,")
		if n == 0 {
			want = "{" + want
		}
		if got, err := Dumps(d); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

func TestSessionValuesStayAsTheyStoodUntilAskedFor(t *testing.T) {
	d, err := LoadsDict([]byte("{\"n\":null,\"t\":true,\"i\":-12,\"z\":-0,\"f\":1.50,\"s\":\"caf\xe9\",\"l\":[1,{\"a\":2}]}"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"n": nil, "t": true, "i": int64(-12), "z": Raw("-0"), "f": Raw("1.50"), "s": Raw("\"caf\xe9\""), "l": Raw(`[1,{"a":2}]`),
	} {
		if got, ok := d.Get(key); !ok || got != want {
			t.Errorf("%s: got %#v, want %#v", key, got, want)
		}
	}
	if got := Raw("\"caf\xe9\"").Resolve(); got != "café" {
		t.Errorf("latin-1 text resolves to %q", got)
	}
	raw := Raw(`[1,{"a":2}]`)
	first, second := raw.Resolve().(*py.List), raw.Resolve().(*py.List)
	first.Items[0] = "changed"
	if second.Items[0] != int64(1) {
		t.Error("two Resolve calls share a list")
	}
	if got := Raw(`[1`).Resolve(); got != nil {
		t.Errorf("text that is no JSON resolves to %v", got)
	}
}

func TestLoadsMakesPythonTypes(t *testing.T) {
	large, _ := new(big.Int).SetString("-9223372036854775809", 10)
	for text, want := range map[string]any{
		"null": nil, "true": true, "false": false, "0": int64(0), "-0": int64(0), "12": int64(12), "1.0": 1.0, "1e2": 100.0,
		"9223372036854775807": int64(1<<63 - 1), "-9223372036854775808": int64(-1 << 63), "-9223372036854775809": large,
		`""`: "", `"a\u0000\n"`: "a\x00\n", `"\ud83d\ude00"`: "😀", `"\ud83d"`: "\xed\xa0\xbd", `"\ud83dA"`: "\xed\xa0\xbdA",
		// The edges of the surrogates. When written again, they look the same whether
		// they were joined or not.
		`"\ud800\udc00"`: "\U00010000", `"\uDBFF\uDFFF"`: "\U0010FFFF", `"\ud800\udbff"`: "\xed\xa0\x80\xed\xaf\xbf",
		`"\udc00\udc00"`: "\xed\xb0\x80\xed\xb0\x80", `"\udbff\ue000"`: "\xed\xaf\xbf\ue000",
		`"\ud83d\ud83d\ude00"`: "\xed\xa0\xbd😀", `"\ud83d\\ude00"`: "\xed\xa0\xbd\\ude00",
	} {
		got, err := Loads([]byte(text))
		if b, ok := want.(*big.Int); ok {
			if g, ok := got.(*big.Int); !ok || g.Cmp(b) != 0 {
				t.Errorf("%s: got %T %v, %v", text, got, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%s: got %T %v, %v, want %T %v", text, got, got, err, want, want)
		}
	}
}

func TestNaNHasPythonsBits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"NaN", " NaN\n"} {
		v, err := Loads([]byte(text))
		if f, ok := v.(float64); err != nil || !ok || math.Float64bits(f) != 0x7ff8000000000000 { // those of pickle.dumps(json.loads("NaN"))
			t.Errorf("%q: %v, %v", text, v, err)
		}
	}
}

func TestLoadsDoesNotShareTheCallersBytes(t *testing.T) {
	data := []byte(`{"key":"value"}`)
	d, err := LoadsDict(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got, _ := d.Get("key"); got != Raw(`"value"`) {
		t.Errorf("got %q", got)
	}
}

func TestSyntaxErrorSaysWhereAndWhat(t *testing.T) {
	cases := []struct {
		name, text string
		offset     int
		expected   string
	}{
		{name: "empty", text: "", offset: 0, expected: wantValue},
		{name: "only space", text: " \n", offset: 2, expected: wantValue},
		{name: "byte order mark", text: "\xef\xbb\xbf1", offset: 0, expected: wantValue},
		{name: "trailing data", text: "1 2", offset: 2, expected: wantEnd},
		{name: "leading zero", text: "01", offset: 1, expected: wantEnd},
		{name: "digits missing after the point", text: "[1.]", offset: 2, expected: wantInList},
		{name: "digits missing after the sign", text: "-", offset: 0, expected: wantValue},
		{name: "single quotes", text: "['a']", offset: 1, expected: wantValue},
		{name: "word cut short", text: `{"a":nul}`, offset: 5, expected: wantValue},
		{name: "trailing comma in a list", text: "[1,]", offset: 3, expected: wantValue},
		{name: "trailing comma in a dict", text: `{"a":1,}`, offset: 7, expected: wantKey},
		{name: "key that is no string", text: "{1:2}", offset: 1, expected: wantKey},
		{name: "colon missing", text: `{"a" 1}`, offset: 5, expected: wantColon},
		{name: "list not closed", text: "[1", offset: 2, expected: wantInList},
		{name: "dict closed as a list", text: `{"a":1]`, offset: 6, expected: wantInDict},
		{name: "string not closed", text: `["ab`, offset: 4, expected: wantQuote},
		{name: "control character", text: "\"a\nb\"", offset: 2, expected: wantNoCtrl},
		{name: "unknown escape", text: `"a\x41"`, offset: 2, expected: wantEscape},
		{name: "escape cut short", text: `"a\`, offset: 2, expected: wantEscape},
		{name: "not hexadecimal", text: `"a\u12G4"`, offset: 2, expected: wantHex},
		{name: "int too long", text: "[-" + strings.Repeat("1", MaxIntDigits+1) + "]", offset: 1, expected: wantSmall},
		{name: "too deep", text: strings.Repeat("[", MaxDepth+1), offset: MaxDepth, expected: wantShallow},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Loads([]byte(c.text))
			checkSyntaxError(t, err, c.offset, c.expected)
			_, err = LoadsString(c.text)
			if c.name != "byte order mark" || err == nil {
				checkSyntaxError(t, err, c.offset, c.expected)
			}
			// As a value in a session with more text after it, it fails at the same
			// position.
			if c.expected != wantEnd && c.name != "too deep" && c.name != "list not closed" {
				_, err = LoadsDict([]byte(`{"k":` + c.text))
				checkSyntaxError(t, err, c.offset+len(`{"k":`), c.expected)
			}
		})
	}
}

func checkSyntaxError(t *testing.T, err error, offset int, expected string) {
	t.Helper()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("got %v, want a SyntaxError", err)
	}
	if syntax.Offset != offset || syntax.Expected != expected {
		t.Errorf("got %v, want offset %d, %s", err, offset, expected)
	}
}

func TestSessionMustBeADict(t *testing.T) {
	for _, text := range []string{"", " ", "null", "[]", `"a"`, "[{}]", "\xa0{}"} {
		_, err := LoadsDict([]byte(text))
		checkSyntaxError(t, err, len(text)-len(strings.TrimLeft(text, " ")), wantDict)
	}
	for _, text := range []string{"{}{}", "{},", `{"a":1}]`, "{}\x00"} {
		_, err := LoadsDict([]byte(text))
		checkSyntaxError(t, err, strings.Index(text, "}")+1, wantEnd)
	}
}

func TestLoadsStringRefusesWhatIsNoStr(t *testing.T) {
	for text, offset := range map[string]int{"\"\xff\"": 1, "\"ab\xc3\"": 3, "\xed\xa0": 0, "\"\xed\xa0\xbd\xf0\x9f\"": 4} {
		_, err := LoadsString(text)
		checkSyntaxError(t, err, offset, wantUnicode)
	}
}

func TestDepthLimitIsExact(t *testing.T) {
	deep := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	v, err := Loads(deep(MaxDepth))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Dumps(v); err != nil || !bytes.Equal(got, deep(MaxDepth)) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	_, err = Dumps(py.NewList(v))
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Problem != tooDeep || unsupported.Type != "list" {
		t.Errorf("one more level is written: %.300v", err)
	}
	inDict := func(n int) []byte { return []byte(`{"a":` + string(deep(n)) + `}`) }
	if _, err := LoadsDict(inDict(MaxDepth - 1)); err != nil {
		t.Error(err)
	}
	_, err = LoadsDict(inDict(MaxDepth))
	checkSyntaxError(t, err, MaxDepth+4, wantShallow)
}

// Hostile text must not need much more memory than its length.
func TestMemoryIsInProportionToTheText(t *testing.T) {
	const size = 1 << 20
	repeat := func(open, item, end string) []byte {
		return []byte(open + strings.Repeat(item+",", size/(len(item)+1)) + item + end)
	}
	level := func(open, end string) []byte {
		return []byte(strings.Repeat(open, MaxDepth) + "1" + strings.Repeat(end, MaxDepth))
	}
	for name, text := range map[string][]byte{
		"small ints":    repeat("[", "1", "]"),
		"large ints":    repeat("[", "300", "]"),
		"floats":        repeat("[", "1.5", "]"),
		"empty strings": repeat("[", `""`, "]"),
		"short strings": repeat("[", `"\n"`, "]"),
		"empty lists":   repeat("[", "[]", "]"),
		"empty dicts":   repeat("[", "{}", "]"),
		"small dicts":   repeat("[", `{"":0}`, "]"),
		"one key often": repeat("{", `"":0`, "}"),
		"nested lists":  level("[", "]"),
		"nested dicts":  level(`{"":`, "}"),
		"not closed":    bytes.Repeat([]byte("["), size),
		"many keys":     []byte(`{"0":0` + manyKeys(size/10) + "}"),
	} {
		t.Run(name, func(t *testing.T) {
			for what, load := range map[string]func(){
				"Loads":     func() { _, _ = Loads(text) },
				"LoadsDict": func() { _, _ = LoadsDict(text) },
			} {
				if ratio := float64(allocated(load)) / float64(len(text)); ratio > 128 {
					t.Errorf("%s allocates %.0f bytes for each byte of text", what, ratio)
				} else {
					t.Logf("%s: %.1f", what, ratio)
				}
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%x":0`, i+1)
	}
	return b.String()
}

func TestDumpsMemoryIsInProportionToTheText(t *testing.T) {
	items := make([]any, 100_000)
	for i := range items {
		items[i] = dict("", 0)
	}
	v := py.NewList(items...)
	size := len(items) * len(`{"":0},`)
	if ratio := float64(allocated(func() { _, _ = Dumps(v) })) / float64(size); ratio > 8 {
		t.Errorf("Dumps allocates %.1f bytes for each byte of text", ratio)
	}
}

// allocated returns how many bytes f allocates, including those freed in between.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
