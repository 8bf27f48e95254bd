package pickle

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// canon2 writes v as testdata/python2/generate.py does. path contains the containers
// around v.
func canon2(v any, path []any) string {
	switch v := v.(type) {
	case nil:
		return "N"
	case bool:
		return map[bool]string{true: "T", false: "F"}[v]
	case int64:
		return fmt.Sprintf("i%d", v)
	case *big.Int:
		return "l" + v.String()
	case float64:
		return fmt.Sprintf("f%016x", math.Float64bits(v))
	case py.Str2:
		return "s" + hex.EncodeToString([]byte(v))
	case string:
		return "u" + hex.EncodeToString([]byte(v))
	case *py.Global:
		module, name := python2Name(v.Module, v.Name)
		return "g" + module + "." + name
	}
	if i := slices.Index(path, v); i >= 0 {
		return fmt.Sprintf("^%d", len(path)-i)
	}
	path = append(slices.Clip(path), v)
	inner := func(items []any) []string {
		texts := make([]string, 0, len(items))
		for _, item := range items {
			texts = append(texts, canon2(item, path)+",")
		}
		return texts
	}
	sorted := func(texts []string) string {
		slices.Sort(texts)
		return strings.Join(texts, "")
	}
	entries := func(d *py.Dict) string {
		var texts []string
		for k, x := range d.All() {
			texts = append(texts, canon2(k, path)+":"+canon2(x, path)+",")
		}
		return "{" + sorted(texts) + "}"
	}
	switch v := v.(type) {
	case *py.List:
		return "[" + strings.Join(inner(v.Items), "") + "]"
	case *py.Tuple:
		return "(" + strings.Join(inner(v.Items), "") + ")"
	case *py.Dict:
		return entries(v)
	case *py.Set:
		return "<" + sorted(inner(members(v))) + ">"
	case *py.FrozenSet:
		return "|" + sorted(inner(members(&v.Set))) + "|"
	case *py.Object:
		if v.Construction == py.ConstructInstance {
			state := v.Extras().State
			text := canon2(state, path)
			if attributes, ok := state.(*py.Dict); ok {
				text = entries(attributes)
			}
			return "o" + canon2(v.Callable, nil) + "(" + strings.Join(inner(v.Args.Items), "") + ")" + text
		}
	}
	return "?"
}

type python2Case struct {
	Pickle   string `json:"pickle"`
	Protocol int    `json:"protocol"`
	By       string `json:"by"` // pickle or cPickle
	Canon    string `json:"canon"`
}

func python2Cases(tb testing.TB) []python2Case {
	tb.Helper()
	file, err := os.Open("testdata/python2/vectors.jsonl.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	z, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	var cases []python2Case
	for lines := bufio.NewScanner(z); lines.Scan(); {
		var c python2Case
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			tb.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 5000 {
		tb.Fatalf("only %d cases", len(cases))
	}
	return cases
}

// An int, long, str, unicode or instance of an old-style class in Python 2 is the same
// again, from each protocol.
func TestPython2GetsItsTypesBack(t *testing.T) {
	t.Parallel()
	same := 0
	for _, c := range python2Cases(t) {
		data, _ := hex.DecodeString(c.Pickle)
		v, err := Loads(data)
		if err != nil {
			t.Errorf("%q: %v", data, err)
			continue
		}
		if got := canon2(v, nil); got != c.Canon {
			t.Errorf("%q:\n read %s\n want %s", data, got, c.Canon)
		}
		written, err := Dumps(v, 2)
		if err != nil {
			t.Errorf("%q: %v", data, err)
			continue
		}
		// For two of the classes, Python skips a number of the memo, which it assigns to
		// a list of its own. It writes the state of a Set in itself twice, unlike
		// cPickle.
		plain := !slices.ContainsFunc([]string{"WithArgs", "WithState", "shop.models\nSet"}, func(class string) bool {
			return bytes.Contains(data, []byte(class))
		})
		if c.By == "pickle" && c.Protocol == 2 && plain {
			if same++; !bytes.Equal(written, data) {
				t.Errorf("not written as it was:\n got %q\nwant %q", written, data)
			}
		}
		again, err := Loads(written)
		if got := canon2(again, nil); err != nil || got != c.Canon {
			t.Errorf("%q:\nwrote %q, %v\n that is %s\n not     %s", data, written, err, got, c.Canon)
		}
	}
	if same < 500 {
		t.Errorf("only %d compared byte for byte", same)
	}
}

// Python 3 reads OBJ in each protocol, has other names for the classes of Python 2, and
// has only one type of integer.
func TestPython2ValuesAreWrittenForPython3(t *testing.T) {
	t.Parallel()
	v, err := Loads([]byte("\x80\x02](c__builtin__\nint\nc__builtin__\nlong\nc__builtin__\nbasestring\ncexceptions\nStandardError\n\x8a\x01\x07(cshop\nItem\nK\x01oe."))
	if err != nil {
		t.Fatal(err)
	}
	// pickle.dumps([int, int, str, Exception, 7], protocol) of CPython 3.11, followed by
	// an OBJ.
	for protocol, want := range map[int]string{
		2: "\x80\x02]q\x00(c__builtin__\nint\nq\x01c__builtin__\nlong\nq\x02c__builtin__\nbasestring\nq\x03cexceptions\nStandardError\nq\x04\x8a\x01\x07(cshop\nItem\nq\x05K\x01oq\x06e.",
		3: "\x80\x03]q\x00(cbuiltins\nint\nq\x01h\x01cbuiltins\nstr\nq\x02cbuiltins\nException\nq\x03K\x07(cshop\nItem\nq\x04K\x01oq\x05e.",
		4: "\x80\x04\x95K\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x08builtins\x94\x8c\x03int\x94\x93\x94h\x03h\x01\x8c\x03str\x94\x93\x94h\x01\x8c\x09Exception\x94\x93\x94K\x07(\x8c\x04shop\x94\x8c\x04Item\x94\x93\x94K\x01o\x94e.",
	} {
		if got, err := Dumps(v, protocol); err != nil || string(got) != want {
			t.Errorf("protocol %d: %v\n got %q\nwant %q", protocol, err, got, want)
		}
	}
}

// With an encoding, reading matches Python 3.
func TestEncodingMakesPython3OfPython2(t *testing.T) {
	t.Parallel()
	const data = "\x80\x02](\x8a\x01\x07L8L\nU\x01ac__builtin__\nint\ne."
	v, err := Options{Encoding: "ASCII"}.Loads([]byte(data))
	want := py.NewList(int64(7), int64(8), "a", &py.Global{Module: "builtins", Name: "int"})
	if err != nil || !py.Equal(v, want) {
		t.Errorf("%s, %v", canon(v), err)
	}
	v, err = Loads([]byte(data))
	want = py.NewList(big.NewInt(7), big.NewInt(8), py.Str2("a"), &py.Global{Module: "__builtin__", Name: "int"})
	if err != nil || !py.Equal(v, want) {
		t.Errorf("%s, %v", canon(v), err)
	}
	if !py.Equal(py.Native(v), py.NewList(int64(7), int64(8), py.Str2("a"), &py.Global{Module: "__builtin__", Name: "int"})) {
		t.Errorf("native: %s", canon(py.Native(v)))
	}
	if o, err := Loads([]byte("(cm\nC\no.")); err != nil || func() bool { _, ok := o.(*py.Object).Attributes(); return !ok }() {
		t.Errorf("an instance has no attributes: %s, %v", canon(o), err)
	}
}
