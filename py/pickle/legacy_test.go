package pickle

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

type legacyCase struct {
	Name   string             `json:"name"`
	Pickle string             `json:"pickle"`
	Wants  map[string]*string `json:"wants"` // by encoding; see testdata/legacy.py
}

func legacyCases(tb testing.TB) []legacyCase {
	tb.Helper()
	f, err := os.Open("testdata/legacy.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var cases []legacyCase
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c legacyCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			tb.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 80 {
		tb.Fatalf("only %d cases", len(cases))
	}
	return cases
}

// A name without a module can be read because nothing is imported.
const missing = "global in UTF-8"

func TestOldOpcodesAreReadAsPythonReadsThem(t *testing.T) {
	t.Parallel()
	for _, c := range legacyCases(t) {
		data, _ := hex.DecodeString(c.Pickle)
		for encoding, want := range c.Wants {
			t.Run(c.Name+"/"+encoding, func(t *testing.T) {
				t.Parallel()
				v, err := Options{Encoding: encoding}.Loads(data)
				_, refused := errors.AsType[*SyntaxError](err)
				switch {
				case c.Name == missing:
				case want == nil:
					if !refused || v != nil {
						t.Errorf("%q: got %s, %v; Python refuses it", data, canon(v), err)
					}
				case err != nil:
					t.Errorf("%q: %v; Python reads it", data, err)
				case *want != "" && canon(v) != *want:
					t.Errorf("%q:\n got %s\nwant %s", data, canon(v), *want)
				}
			})
		}
	}
}

func TestStateOfPython2KeepsItsBytes(t *testing.T) {
	t.Parallel()
	data := []byte("\x80\x02cdatetime\ndate\nq\x00U\x04\x07\xe8\x02\x1dq\x01\x85q\x02Rq\x03.")
	for encoding, want := range map[string]any{
		"": py.Str2("\x07\xe8\x02\x1d"), "bytes": py.Bytes("\x07\xe8\x02\x1d"), "latin1": "\x07\u00e8\x02\x1d",
	} {
		v, err := Options{Encoding: encoding}.Loads(data)
		if o, ok := v.(*py.Object); err != nil || !ok || o.Args.Items[0] != want {
			t.Errorf("encoding %q: %s, %v", encoding, canon(v), err)
		}
	}
}

func TestUnknownEncodingIsRefused(t *testing.T) {
	t.Parallel()
	v, err := Options{Encoding: "utf-16"}.Loads([]byte("N."))
	if _, ok := errors.AsType[*SyntaxError](err); err == nil || ok || v != nil {
		t.Errorf("%v, %v", v, err)
	}
}

func TestStateSettersAreWrittenAsTheyWereRead(t *testing.T) {
	t.Parallel()
	found := 0
	for _, c := range legacyCases(t) {
		data, _ := hex.DecodeString(c.Pickle)
		if !bytes.Contains(data, []byte("set_state")) || data[0] != 0x80 {
			continue
		}
		found++
		v, err := Loads(data)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if got, err := Dumps(v, int(data[1])); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v\n got %q\nwant %q", c.Name, err, got, data)
		}
	}
	if found != 8 {
		t.Errorf("%d pickles with setters", found)
	}
}

// An object in its own arguments is made twice: the second copy is dropped, and the first
// is fetched. Its arguments are a tuple in the memo, so this is never a call of a setter.
func TestDroppedObjectIsNoStateSetter(t *testing.T) {
	t.Parallel()
	v, err := Loads([]byte("cm\nf\n)Rq\x00cm\ng\nh\x00N\x86q\x01R00h\x00."))
	if o, ok := v.(*py.Object); err != nil || !ok || o.Extras().HasState || o.Extras().Setter != nil {
		t.Errorf("%s, %v", canon(v), err)
	}
}
