package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

func TestSizesAreLimited(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options Options
		pickle  string
		ok      bool
	}{
		{Options{MaxSize: 3}, "K\x01.", true},
		{Options{MaxSize: 3}, "K\x01. ", false},
		{Options{MaxMemo: 2}, "N\x94\x94.", true},
		{Options{MaxMemo: 2}, "N\x94\x94\x94.", false},
		{Options{MaxMemo: 2}, "Nq\x00q\x01.", true},
		{Options{MaxMemo: 2}, "Nq\x00q\x01q\x02.", false},
		{Options{MaxMemo: 2}, "Nq\x01q\x02.", true},
		{Options{MaxMemo: 2}, "Nq\x01q\x02\x94.", false},
		{Options{MaxMemo: 2}, "Nq\x05q\x09.", true},
		{Options{MaxMemo: 2}, "Nq\x05q\x09q\x01.", false},
		{Options{MaxIntDigits: 20}, "I" + strings.Repeat("9", 20) + "\n.", true},
		{Options{MaxIntDigits: 20}, "I-" + strings.Repeat("9", 20) + "\n.", true},
		{Options{MaxIntDigits: 20}, "I" + strings.Repeat("9", 21) + "\n.", false},
		{Options{MaxIntDigits: 20}, "L" + strings.Repeat("9", 21) + "L\n.", false},
	} {
		v, err := c.options.Loads([]byte(c.pickle))
		w, err2 := c.options.LoadsString(c.pickle)
		if (err == nil) != c.ok || (err2 == nil) != c.ok || canon(v) != canon(w) {
			t.Errorf("%+v: %q: %s, %v; %s, %v", c.options, c.pickle, canon(v), err, canon(w), err2)
		}
		for _, err := range []error{err, err2} {
			if _, ok := errors.AsType[*SyntaxError](err); !c.ok && !ok {
				t.Errorf("%+v: %q: %T", c.options, c.pickle, err)
			}
		}
	}
	v, err := LoadsString("\x8c\x03abc.")
	if err != nil || v != "abc" {
		t.Errorf("%v, %v", v, err)
	}
}

// A container that appears in several places counts at its deepest one, regardless of
// which comes first.
func TestSharedContainersCountWhereTheyAreDeepest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pickle string
		depth  int
	}{
		"deep place last":  {"](]]]Naaaq\x00]]]h\x00aaae.", 7},
		"deep place first": {"](]]]]]Naaaq\x00aah\x00e.", 6},
		"in tuples":        {"(]]Naaq\x00h\x00\x85\x85\x85t.", 6},
		"kwargs":           {"cm\nC\n)}\x8c\x01a]]]Naaas\x92.", 5},
		"args":             {"cm\nC\n]]]Naaa\x85R.", 5},
		"state":            {"cm\nC\n)R]]]Naaab.", 4},
		"items":            {"cm\nC\n)R]]]Naaaa.", 4},
		"keys":             {"cm\nC\n)RN\x85\x85\x85Ns.", 4},
		"values":           {"cm\nC\n)RN]]]Naaas.", 4},
		"callable":         {"cm\nC\n]]]Naaa\x85R)R.", 6},
		"setter":           {"cm\nC\n)Rq\x00cm\nC\n]]]Naaa\x85Rh\x00N\x86R0.", 6},
		"set":              {"\x8f(N\x85\x85\x85\x90.", 4},
		"frozenset":        {"(N\x85\x85\x85\x91.", 4},
		"dict":             {"}N\x85\x85\x85]]]]Naaaas.", 5},
		"dict key":         {"}N\x85\x85\x85]Nas.", 4},
	} {
		for depth := 1; depth <= c.depth+2; depth++ {
			v, err := Options{MaxDepth: depth}.Loads([]byte(c.pickle))
			problem, _ := errors.AsType[*SyntaxError](err)
			if (err == nil) != (depth >= c.depth) || err != nil && (v != nil || problem == nil || problem.Problem != tooDeep) {
				t.Errorf("%s: depth %d: %v; want it from %d on", name, depth, err, c.depth)
			}
		}
	}
}

func TestPersistentIsNotAskedWithoutAnID(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Q.", "(Q."} {
		v, err := Options{Persistent: func(id any) (any, error) {
			t.Errorf("%q: asked for %v", text, id)
			return "value", nil
		}}.Loads([]byte(text))
		if problem, ok := errors.AsType[*SyntaxError](err); !ok || problem.Problem != noValue || v != nil {
			t.Errorf("%q: %v, %v", text, v, err)
		}
	}
}

func TestErrorsOfPersistentComeBack(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for _, text := range []string{"Pa\n.", "\x8c\x01aQ.", "NPa\n0.", "N\x8c\x01aQN."} {
		ids := 0
		v, err := Options{Persistent: func(id any) (any, error) {
			if id == "a" {
				ids++
			}
			return nil, away
		}}.Loads([]byte(text))
		if !errors.Is(err, away) || v != nil || ids != 1 {
			t.Errorf("%q: %v, %v, asked %d times", text, v, err, ids)
		}
		if v, err := Loads([]byte(text)); err == nil || v != nil {
			t.Errorf("%q without Persistent: %v", text, v)
		}
	}
	deep := any(int64(1))
	for range 5 {
		deep = py.NewList(deep)
	}
	for depth := 3; depth < 9; depth++ {
		_, err := Options{MaxDepth: depth, Persistent: func(any) (any, error) { return deep, nil }}.Loads([]byte("](Pa\nPa\n\x85e."))
		if (err == nil) != (depth >= 7) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// Read-only buffers become bytes, as in CPython's pickle.loads.
func TestBuffersMayBeReadOnly(t *testing.T) {
	t.Parallel()
	o := Options{Buffers: [][]byte{[]byte("ab"), []byte("cd")}}
	for text, want := range map[string]string{
		"\x97.": "a6162", "\x97\x98.": "b6162", "\x97\x98\x98.": "b6162", "C\x01a\x98.": "b61", "\x97\x97\x86.": "(a6162,a6364,)", "\x97\x97\x98\x86.": "(a6162,b6364,)",
		"\x97\x97\x97\x87.": "", "\x98.": "", "N\x98.": "", "(\x98N.": "", "\x96\x01\x00\x00\x00\x00\x00\x00\x00a\x98.": "", "N\x980N.": "",
	} {
		v, err := o.Loads([]byte(text))
		if err == nil && canon(v) != want || err != nil && want != "" {
			t.Errorf("%q: %s, %v; want %s", text, canon(v), err, want)
		}
	}
}

// A call that represents a type without an opcode is recognized only with Python's own
// names and the right arguments.
func TestOtherCallsStayObjects(t *testing.T) {
	t.Parallel()
	for text, class := range map[string]string{
		"\x80\x02cm\nset\n](K\x01e\x85R.":                                                  "m.set",
		"\x80\x02cm\nbytes\n)R.":                                                           "m.bytes",
		"\x80\x02cm\nbytearray\n)R.":                                                       "m.bytearray",
		"\x80\x02c__builtin__\nset\n)R.":                                                   "builtins.set",
		"\x80\x02c__builtin__\nset\n]]\x86R.":                                              "builtins.set",
		"\x80\x02c__builtin__\nset\nN\x85R.":                                               "builtins.set",
		"\x80\x02c__builtin__\nset\n](K\x01K\x01e\x85R.":                                   "builtins.set",
		"\x80\x02c__builtin__\nfrozenset\nN\x85R.":                                         "builtins.frozenset",
		"\x80\x02c__builtin__\nbytes\nK\x01\x85R.":                                         "builtins.bytes",
		"\x80\x02c__builtin__\nbytearray\nK\x01\x85R.":                                     "builtins.bytearray",
		"\x80\x03cbuiltins\nbytearray\nC\x00\x85R.":                                        "builtins.bytearray",
		"\x80\x03cbuiltins\nbytearray\nC\x01aN\x86R.":                                      "builtins.bytearray",
		"\x80\x03cbuiltins\nbytes\n)R.":                                                    "builtins.bytes",
		"\x80\x04cbuiltins\nset\n](K\x01e\x85R.":                                           "builtins.set",
		"\x80\x04cbuiltins\nlist\n](K\x01e\x85R.":                                          "builtins.list",
		"\x80\x05cbuiltins\nbytearray\nC\x01a\x85R.":                                       "builtins.bytearray",
		"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aN\x86R.":                              "_codecs.encode",
		"\x80\x02c_codecs\nencode\nNX\x06\x00\x00\x00latin1\x86R.":                         "_codecs.encode",
		"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00a\x85R.":                               "_codecs.encode",
		"\x80\x02c_codecs\ndecode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86R.":        "_codecs.decode",
		"\x80\x02c_codecs\nencode\nX\x00\x00\x00\x00X\x06\x00\x00\x00latin1\x86R.":         "_codecs.encode",
		"\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc4\x80X\x06\x00\x00\x00latin1\x86R.": "_codecs.encode",
		"\x80\x03c_codecs\nencode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86R.":        "_codecs.encode",
		"\x80\x02cm\nencode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86R.":              "m.encode",
	} {
		v, err := Loads([]byte(text))
		o, ok := v.(*py.Object)
		if err != nil || !ok || o.Class() != class {
			t.Errorf("%q: %s, %v", text, canon(v), err)
			continue
		}
		if again, err := Dumps(v, int(text[1])); err != nil {
			t.Errorf("%q: %v", text, err)
		} else if w, err := Loads(again); err != nil || canon(w) != canon(v) {
			t.Errorf("%q: written %q, read %s, %v", text, again, canon(w), err)
		}
	}
	for text, want := range map[string]string{
		"\x80\x02c__builtin__\nset\n](K\x01e\x85R.": "<i1,>", "\x80\x03cbuiltins\nset\n](K\x01e\x85R.": "<i1,>", "\x80\x03cbuiltins\nfrozenset\n](K\x01e\x85R.": "|i1,|",
		"\x80\x02c__builtin__\nbytes\n)R.": "b", "\x80\x03cbuiltins\nbytearray\nC\x01a\x85R.": "a61", "\x80\x04cbuiltins\nbytearray\nC\x01a\x85R.": "a61",
		"\x80\x04cbuiltins\nbytearray\n)R.":                                                 "a",
		"\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00a\xc3\xbfX\x06\x00\x00\x00latin1\x86R.": "b61ff",
	} {
		if v, err := Loads([]byte(text)); err != nil || canon(v) != want {
			t.Errorf("%q: %s, %v; want %s", text, canon(v), err, want)
		}
	}
}

// In a pickle of Python 2, equal characters may be one object or two. They are written
// back as they were.
func TestCharactersOfPython2StayOneOrTwo(t *testing.T) {
	t.Parallel()
	for c := range rune(0x101) {
		text := string(c)
		one := fmt.Sprintf("X%c\x00\x00\x00%s", len(text), text)
		for _, data := range []string{
			"\x80\x02]q\x00(" + one + "q\x01" + one + "q\x02e.",
			"\x80\x02]q\x00(" + one + "q\x01h\x01e.",
			"\x80\x02]q\x00(" + one + "q\x01X\x02\x00\x00\x00abq\x02" + one + "q\x03h\x02h\x01h\x03e.",
		} {
			v, err := Loads([]byte(data))
			if err != nil {
				t.Errorf("%q: %v", data, err)
				continue
			}
			if got, err := Dumps(v, 2); err != nil || string(got) != data {
				t.Errorf("%q is written %q, %v", data, got, err)
			}
		}
	}
}

type resolves struct{ v any }

func (r *resolves) Resolve() any { return r.v }

func TestLazyValuesAreWrittenAsWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	d := &py.Dict{}
	d.Set("a", int64(1))
	for _, v := range []any{int64(7), "x", d, py.NewList("y"), nil} {
		for protocol := 2; protocol <= 5; protocol++ {
			want, err1 := Dumps(py.NewTuple(v, int64(1)), protocol)
			got, err2 := Dumps(py.NewTuple(&resolves{v}, int64(1)), protocol)
			if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, protocol %d: %q, %v; want %q, %v", v, protocol, got, err2, want, err1)
			}
		}
	}
	var none *resolves
	for _, v := range []any{none, py.NewList(none), py.NewSet(any(none))} {
		if data, err := Dumps(v, 4); err == nil || data != nil {
			t.Errorf("%v: %q", v, data)
		}
	}
}

func TestPathsToValuesAreReadable(t *testing.T) {
	t.Parallel()
	nested := func(keys ...any) any {
		v := any(make(chan int))
		for _, key := range slices.Backward(keys) {
			if n, ok := key.(int); ok {
				list := &py.List{Items: make([]any, n+2)}
				list.Items[n] = v
				v = list
				continue
			}
			d := &py.Dict{}
			d.Set(key, v)
			d.Set("other", int64(1))
			v = d
		}
		return v
	}
	for _, c := range []struct {
		keys []any
		want string
	}{
		{[]any{"a", "b"}, "a.b"},
		{[]any{"a", 1, "b", 0}, "a[1].b[0]"},
		{[]any{0, "Zz_-09"}, "[0].Zz_-09"},
		{[]any{0, "Zz_-.09"}, `[0]["Zz_-.09"]`},
		{[]any{" a"}, `[" a"]`},
		{[]any{"a "}, `["a "]`},
		{[]any{"", "x"}, `[""].x`},
		{[]any{"é"}, `["\u00e9"]`},
		{[]any{"/"}, `["/"]`},
		{[]any{":"}, `[":"]`},
		{[]any{"@"}, `["@"]`},
		{[]any{"["}, `["["]`},
		{[]any{"`"}, "[\"`\"]"},
		{[]any{"{"}, `["{"]`},
		{[]any{"a", int64(5), "b"}, "a[int key].b"},
		{[]any{strings.Repeat("k", 40)}, strings.Repeat("k", 40)},
		{[]any{strings.Repeat("k", 41)}, strings.Repeat("k", 40) + "..."},
		{slices.Repeat([]any{"a"}, 100), strings.Repeat("a.", 99) + "a"},
		{slices.Repeat([]any{"a"}, 101), strings.Repeat("a.", 100) + "..."},
	} {
		_, err := Dumps(nested(c.keys...), 4)
		problem, _ := errors.AsType[*UnsupportedError](err)
		if problem == nil || problem.Path != c.want {
			t.Errorf("%q: %+v", c.want, problem)
		}
	}
}
