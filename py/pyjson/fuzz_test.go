package pyjson

import (
	"bytes"
	"testing"

	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// FuzzLoads reads any bytes in both ways and compares the results.
func FuzzLoads(f *testing.F) {
	for i, c := range verdicts(f, "texts.jsonl") {
		if i%16 == 0 && len(c.text) < 1000 {
			f.Add(c.text)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Loads(data)
		d, dictErr := LoadsDict(data)
		if _, isDict := v.(*py.Dict); (dictErr == nil) != (err == nil && isDict) {
			t.Fatalf("Loads: %v, LoadsDict: %v", err, dictErr)
		}
		if err != nil {
			return
		}
		text := mustDumps(t, v)
		if bytes.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r >= 0x7F }) {
			t.Fatalf("not all printable ASCII: %q", text)
		}
		again, err := Loads(text)
		if err != nil {
			t.Fatalf("cannot read back %q: %v", text, err)
		}
		if got := mustDumps(t, again); !bytes.Equal(got, text) {
			t.Fatalf("%q became %q", text, got)
		}
		if dictErr == nil {
			checkUntouched(t, d, text)
		}
	})
}

// checkUntouched writes d as it was read and reads it again. The raw values must be the
// same, and the values that they resolve to must be text again.
func checkUntouched(t *testing.T, d *py.Dict, text []byte) {
	t.Helper()
	kept, err := LoadsDict(mustDumps(t, d))
	if err != nil || kept.Len() != d.Len() {
		t.Fatalf("%d entries of %d, %v", kept.Len(), d.Len(), err)
	}
	built := py.NewDict(d.Len())
	for key, value := range d.All() {
		if again, _ := kept.Get(key); again != value {
			t.Fatalf("%q: %q became %q", key, value, again)
		}
		built.Set(key, py.Resolve(value))
	}
	if got := mustDumps(t, built); !bytes.Equal(got, text) {
		t.Fatalf("resolved %q, loaded %q", got, text)
	}
}

func mustDumps(t *testing.T, v any) []byte {
	t.Helper()
	text, err := Dumps(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// FuzzDumpsString writes any Go string and reads it back.
func FuzzDumpsString(f *testing.F) {
	for _, s := range []string{"", "a", "caf\u00e9 \U0001F600", "\"\\/\b\f\n\r\t\x00\x7f", "\xed\xa0\xbd", "\xed\xb8\x80", "\xff", "12345678\x7f\xc2", "\xed\xa0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := Dumps(s)
		if (err == nil) != wtf8.Valid(s) {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		fromBytes, err1 := Loads(text)
		fromString, err2 := LoadsString(string(text))
		if err1 != nil || err2 != nil || fromBytes != fromString {
			t.Fatalf("%s: %q, %v and %q, %v", text, fromBytes, err1, fromString, err2)
		}
		// Two adjacent halves of a pair are now one character, as in Python. The text is
		// the same.
		if again, err := Dumps(fromBytes); err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%s became %s, %v", text, again, err)
		}
	})
}
