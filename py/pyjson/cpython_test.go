package pyjson

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// CPython wrote the data in testdata; see testdata/generate.py.

func lines(tb testing.TB, name string) []string {
	tb.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// A verdict is a text and the result of json.dumps(json.loads(text)), if json.loads
// accepts it.
type verdict struct {
	text   []byte
	valid  bool
	redump string
}

func verdicts(tb testing.TB, name string) []verdict {
	tb.Helper()
	all := make([]verdict, 0, 5000)
	for _, line := range lines(tb, name) {
		var fields [2]*string
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			tb.Fatal(err)
		}
		var v verdict
		for _, r := range *fields[0] {
			v.text = append(v.text, byte(r))
		}
		if fields[1] != nil {
			v.valid, v.redump = true, *fields[1]
		}
		all = append(all, v)
	}
	if len(all) < 500 {
		tb.Fatalf("only %d texts", len(all))
	}
	return all
}

func TestReadsAndWritesBytesAsCPython(t *testing.T) {
	for _, c := range verdicts(t, "texts.jsonl") {
		v, err := Loads(c.text)
		if (err == nil) != c.valid {
			t.Errorf("Loads(%.200q): %v, CPython takes it: %v", c.text, err, c.valid)
			continue
		}
		if c.valid {
			checkDumps(t, c, v)
		}
	}
}

func TestReadsAndWritesStrAsCPython(t *testing.T) {
	for _, c := range verdicts(t, "strings.jsonl") {
		v, err := LoadsString(string(c.text))
		if (err == nil) != c.valid {
			t.Errorf("LoadsString(%.200q): %v, CPython takes it: %v", c.text, err, c.valid)
			continue
		}
		if c.valid {
			checkDumps(t, c, v)
		}
	}
}

func checkDumps(t *testing.T, c verdict, v any) {
	t.Helper()
	got, err := Dumps(v)
	if err != nil || string(got) != c.redump {
		t.Errorf("loaded %.200q\ngot  %.200s %v\nwant %.200s", c.text, got, err, c.redump)
	}
}

func TestReadsSessionsAsCPythonReadsDicts(t *testing.T) {
	dicts := 0
	for _, c := range verdicts(t, "texts.jsonl") {
		d, err := LoadsDict(c.text)
		want := c.valid && c.redump[0] == '{'
		if (err == nil) != want {
			t.Errorf("LoadsDict(%.200q): %v, CPython reads a dict: %v", c.text, err, want)
			continue
		}
		if !want {
			continue
		}
		dicts++
		built := py.NewDict(d.Len())
		for key, value := range d.All() {
			built.Set(key, py.Resolve(value))
		}
		checkDumps(t, c, built)
	}
	if dicts < 300 {
		t.Errorf("only %d of the texts are dicts", dicts)
	}
}

func TestWritesFloatsAsCPython(t *testing.T) {
	for _, line := range lines(t, "floats.txt") {
		digits, want, _ := strings.Cut(line, " ")
		bits, err := strconv.ParseUint(digits, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		f := math.Float64frombits(bits)
		got, err := Dumps(f)
		if err != nil || string(got) != want {
			t.Errorf("float %s: got %s, %v, want %s", digits, got, err, want)
		}
		back, err := Loads(got)
		if g, ok := back.(float64); err != nil || !ok || math.Float64bits(g) != bits && f == f {
			t.Errorf("float %s is %v, %v when it is read back", want, back, err)
		}
	}
}

func TestWritesKeysAsCPython(t *testing.T) {
	for _, line := range lines(t, "dicts.jsonl") {
		var keys [][2]string
		var want string
		if err := json.Unmarshal([]byte(line), &[]any{&keys, &want}); err != nil {
			t.Fatal(err)
		}
		d := new(py.Dict)
		for place, key := range keys {
			d.Set(pyKey(t, key[0], key[1]), place)
		}
		got, err := Dumps(d)
		if err != nil || string(got) != want {
			t.Errorf("keys %.200s\ngot  %.200s, %v\nwant %.200s", keys, got, err, want)
		}
	}
}

func pyKey(t *testing.T, kind, text string) any {
	t.Helper()
	switch kind {
	case "str":
		return text
	case "bool":
		return text == "true"
	case "None":
		return nil
	case "int":
		n, _ := new(big.Int).SetString(text, 10)
		return pynum.Int(n)
	case "float":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	t.Fatal("unknown kind", kind)
	return nil
}

func TestWritesLongTextsAsCPython(t *testing.T) {
	var each []any
	var all []byte
	for r := rune(0); r <= 0x10FFFF; r++ {
		each = append(each, string(wtf8.AppendRune(nil, r)))
		all = wtf8.AppendRune(all, r)
	}
	var powers []any
	for n := -1074; n < 1024; n++ {
		powers = append(powers, math.Ldexp(1, n))
	}
	values := map[string]any{
		"each code point as a string of its own, in a list": py.NewList(each...),
		"every code point in one string":                    string(all),
		"every power of two as a float":                     py.NewList(powers...),
	}
	digests := lines(t, "digests.txt")
	if len(digests) != len(values) {
		t.Errorf("%d digests, %d values", len(digests), len(values))
	}
	for _, line := range digests {
		digest, name, _ := strings.Cut(line, "  ")
		t.Run(name, func(t *testing.T) {
			got, err := Dumps(values[name])
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != digest {
				t.Errorf("wrong digest of %d bytes", len(got))
			}
			v, err := Loads(got)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Dumps(v); err != nil || !bytes.Equal(again, got) {
				t.Errorf("%d bytes, %v after it was read back", len(again), err)
			}
		})
	}
}
