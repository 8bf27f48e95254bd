package pickle

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

func TestNamesOfPython2AreThoseOfFixImports(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/names.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var names [3][2]string // the name, the name Python 3 looks up, the name it writes
		if err := json.Unmarshal(lines.Bytes(), &names); err != nil {
			t.Fatal(err)
		}
		name, read, written := names[0], names[1], names[2]
		data := "c" + name[0] + "\n" + name[1] + "\n."
		v, err := Options{Encoding: "ASCII"}.Loads([]byte("\x80\x02" + data))
		if g, ok := v.(*py.Global); !ok || err != nil || *g != (py.Global{Module: read[0], Name: read[1]}) {
			t.Errorf("%s is read as %v, %v; want %s", name, v, err, read)
		}
		v, err = Options{Encoding: "ASCII"}.Loads([]byte("\x80\x03" + data))
		if g, ok := v.(*py.Global); !ok || err != nil || *g != (py.Global{Module: name[0], Name: name[1]}) {
			t.Errorf("%s is read in protocol 3 as %v, %v", name, v, err)
		}
		got, err := Dumps(&py.Global{Module: name[0], Name: name[1]}, 2)
		if want := "\x80\x02c" + written[0] + "\n" + written[1] + "\nq\x00."; err != nil || string(got) != want {
			t.Errorf("%s is written as %q, %v; want %q", name, got, err, want)
		}
		if read == name && written != name { // a name of Python 3
			continue
		}
		// Without an encoding, a name is written as it was read.
		v, err = Loads([]byte("\x80\x02" + data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := Dumps(v, 2); err != nil || string(got) != "\x80\x02c"+name[0]+"\n"+name[1]+"\nq\x00." {
			t.Errorf("%s is written again as %q, %v", name, got, err)
		}
	}
	if n < 300 {
		t.Errorf("only %d names", n)
	}
}
