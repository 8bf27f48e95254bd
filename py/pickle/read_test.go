package pickle

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// canon writes v as testdata/generate.py does.
func canon(v any) string {
	switch v := v.(type) {
	case nil:
		return "N"
	case bool:
		return map[bool]string{true: "T", false: "F"}[v]
	case int64:
		return fmt.Sprintf("i%d", v)
	case *big.Int:
		return "i" + v.String()
	case float64:
		return fmt.Sprintf("f%016x", math.Float64bits(v))
	case string:
		return "s" + hex.EncodeToString([]byte(v))
	case py.Bytes:
		return "b" + hex.EncodeToString([]byte(v))
	case *py.ByteArray:
		return "a" + hex.EncodeToString(v.Bytes)
	case *py.List:
		return "[" + strings.Join(canons(v.Items), "") + "]"
	case *py.Tuple:
		return "(" + strings.Join(canons(v.Items), "") + ")"
	case *py.Dict:
		var b strings.Builder
		for k, x := range v.All() {
			b.WriteString(canon(k) + ":" + canon(x) + ",")
		}
		return "{" + b.String() + "}"
	case *py.Set:
		return "<" + strings.Join(slices.Sorted(slices.Values(canons(members(v)))), "") + ">"
	case *py.FrozenSet:
		return "|" + strings.Join(slices.Sorted(slices.Values(canons(members(&v.Set)))), "") + "|"
	case *py.Global:
		return "g" + v.String()
	case *py.Object:
		construction := v.Construction
		if construction == py.ConstructInstance { // Python 3 constructs these by a call or by __new__
			construction = py.ConstructCall
			if len(v.Args.Items) == 0 {
				construction = py.ConstructNew
			}
		}
		text := fmt.Sprintf("o%d%s%s", construction, canon(v.Callable), canon(v.Args))
		extra := v.Extras()
		if extra.HasState {
			text += "!" + canon(extra.State)
			if extra.Setter != nil {
				text += canon(extra.Setter)
			}
		}
		var pairs []any
		for _, p := range extra.Pairs {
			pairs = append(pairs, p.Key, p.Value)
		}
		return text + canon(py.NewList(extra.Items...)) + canon(py.NewList(pairs...))
	}
	return fmt.Sprintf("?%T", v)
}

func canons(items []any) []string {
	texts := make([]string, 0, len(items))
	for _, item := range items {
		texts = append(texts, canon(item)+",")
	}
	return texts
}

type readCase struct {
	Protocol int    `json:"protocol"`
	Pickle   string `json:"pickle"`
	Want     string `json:"want"`
}

func readCases(tb testing.TB) []readCase {
	tb.Helper()
	f, err := os.Open("testdata/read.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var cases []readCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c readCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			tb.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 500 {
		tb.Fatalf("only %d cases", len(cases))
	}
	return cases
}

func TestReadsWhatCPythonPickles(t *testing.T) {
	t.Parallel()
	for i, c := range readCases(t) {
		data, _ := hex.DecodeString(c.Pickle)
		v, err := Loads(data)
		if err != nil || canon(v) != c.Want {
			t.Errorf("case %d, protocol %d: %v\n got %s\nwant %s", i, c.Protocol, err, canon(v), c.Want)
		}
	}
}

func TestRefusesWhatIsNoPickle(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":                   "",
		"unknown opcode":          "\x80\x04\xff.",
		"no STOP":                 "N",
		"nothing at STOP":         ".",
		"unknown protocol":        "\x80\x06N.",
		"missing memo number":     "h\x00.",
		"huge bytes":              "\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
		"negative bytes length":   "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
		"negative LONG4":          "\x8b\xff\xff\xff\xff.",
		"negative BINSTRING":      "T\xff\xff\xff\xffabc.",
		"arguments no tuple":      "cos\nsystem\nNR.",
		"call of no class":        "N)R.",
		"extension code":          "\x82\x05.",
		"persistent id":           "Pid\n.",
		"buffer not given":        "\x80\x05\x97.",
		"list as key":             "}]Ns.",
		"list in a tuple as key":  "}]\x85Ns.",
		"bytearray in a set":      "\x8f(\x96\x00\x00\x00\x00\x00\x00\x00\x00\x90.",
		"state of a list":         "]Nb.",
		"append to a dict":        "}Na.",
		"item of a list":          "]NNs.",
		"key without value":       "}(Nu.",
		"taking below a mark":     "N(\x85.",
		"text that is not UTF-8":  "X\x01\x00\x00\x00\xff.",
		"frame that is too short": "\x95\xff\x00\x00\x00\x00\x00\x00\x00N.",
		"call for what it does":   "cm\nf\n)R0N.",
		"memoized call dropped":   "cm\nf\n)Rq\x000N.",
		"call dropped last":       "Ncm\nf\n)R0.",
		"call dropped, with more": "cm\nf\n)RN00N.",
		"call below others":       "(cm\nf\n)RN1N.",
		"call in a list dropped":  "]cm\nf\n)Ra0N.",
		"new object dropped":      "cm\nf\n)\x810N.",
		"instance dropped":        "(im\nf\n0N.",
		"call left at STOP":       "cm\nf\n)RN.",
		"call left below a mark":  "cm\nf\n)R(N.",
		"second state":            "cm\nf\n)R}b}b.",
		"items after the state":   "cm\nf\n)R}bK\x01a.",
		"pairs after the state":   "cm\nf\n)R}bK\x01K\x02s.",
		"items after the pairs":   "cm\nf\n)RK\x01K\x02sK\x01a.",
		"below a mark by a call":  "cm\nf\n(N\x85R0.",
		"instance not ASCII":      "(im\n\xc3\xa9\n.",
		"space after a float":     "F1.0 \n.",
		"carriage return":         "F1.0\r\n.",
		"two signs":               "F--1\n.",
		"other two signs":         "F-+1\n.",
		"two signs of infinity":   "F--inf\n.",
		"only a sign":             "F-\n.",
		"octal int":               "I010\n.",
		"persistent id not ASCII": "P\xc3\xa9\n.",
		"module without a name":   "c\nf\n.",
		"class without a name":    "(im\n\n.",
		"surrogate in a name":     "cm\n\xed\xa0\x80\n.",
	} {
		v, err := Loads([]byte(text))
		if _, ok := errors.AsType[*SyntaxError](err); !ok || v != nil {
			t.Errorf("%s: %v, %v; want a SyntaxError", name, v, err)
		}
	}
}

func TestSmallFormsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"I01\n.": "T", "I00\n.": "F", "I 1\n.": "T", "I+1\n.": "T", "I-0\n.": "F", "I-1\n.": "i-1", "I\t0\n.": "F", "I\r0\n.": "F", "I 2\n.": "i2", "I+7\n.": "i7", "I-7\n.": "i-7", "L9223372036854775808L\n.": "i9223372036854775808", "F1.5\n.": "f3ff8000000000000",
		"Fnan\n.": "f7ff8000000000000", "F-nan\n.": "ffff8000000000000", "F-inf\n.": "ffff0000000000000",
		"\x8a\x00.": "i0", "\x8f(C\x01a\x90.": "<b61,>", "cos\nsystem\n)R.": "o0gos.system()[][]", "c__builtin__\nxrange\n.": "gbuiltins.range",
		"(im\nC\n.": "o1gm.C()[][]", "(cm\nC\nNo.": "o0gm.C(N,)[][]", "V\\u00e9\\\n.": "sc3a95c",
	} {
		if v, err := Loads([]byte(text)); err != nil || canon(v) != want {
			t.Errorf("%q: %s, %v; want %s", text, canon(v), err, want)
		}
	}
	v, err := Loads([]byte("]\x94h\x00a."))
	if list, ok := v.(*py.List); err != nil || !ok || len(list.Items) != 1 || list.Items[0] != v {
		t.Errorf("a list in itself: %v, %v", v, err)
	}
	if v, err := Loads([]byte("S'a\\n\\x41\\101\\q'\n.")); err != nil || v != py.Str2("a\nAA\\q") {
		t.Errorf("escapes: %q, %v", v, err)
	}
}
