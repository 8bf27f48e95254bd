package inspect

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// flat writes nodes in one line.
func flat(entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		n := e.Value
		fmt.Fprintf(&b, "[%s|%s|%s|%s", e.Name, n.Type, n.Text, n.Note)
		b.WriteString(flat(n.Entries) + "]")
	}
	return b.String()
}

func TestValuesAreShownAsPythonWritesThem(t *testing.T) {
	t.Parallel()
	self := py.NewList("x")
	self.Items = append(self.Items, self)
	deep := py.NewList()
	for range 100 {
		deep = py.NewList(deep)
	}
	many := py.NewList()
	for i := range 5000 {
		many.Items = append(many.Items, int64(i))
	}
	for name, c := range map[string]struct {
		value any
		want  string // the beginning
	}{
		"text":           {value: "don't\n", want: `['v'|str|'don\'t\n'|]`},
		"markup":         {value: "<script>", want: `['v'|str|'<script>'|]`},
		"bidi":           {value: "a\u202eb\u2066", want: `['v'|str|'a\u202eb\u2066'|]`},
		"surrogate":      {value: "\xed\xa0\x80", want: `['v'|str|'\ud800'|]`},
		"no text":        {value: "\xff\x00", want: `['v'|str|'\xff\x00'|]`},
		"marks":          {value: "e\u0301" + strings.Repeat("\u0301", 3), want: "['v'|str|'e\u0301\u0301\\u0301\\u0301'|]"},
		"tag characters": {value: "\U000e0041", want: `['v'|str|'\U000e0041'|]`},
		"long":           {value: strings.Repeat("é", 1001), want: "['v'|str|'" + strings.Repeat("é", 1000) + "…'|cut, 1,001 characters in all]"},
		"none":           {value: nil, want: `['v'|NoneType|None|]`},
		"bool":           {value: true, want: `['v'|bool|True|]`},
		"int":            {value: int64(-5), want: `['v'|int|-5|]`},
		"float":          {value: 1.0, want: `['v'|float|1.0|]`},
		"large int":      {value: new(big.Int).Lsh(big.NewInt(1), 1<<20), want: `['v'|int||a number of 1,048,577 bits]`},
		"bytes":          {value: py.Bytes("a'\xff\n"), want: `['v'|bytes|b'a\'\xff\n'|]`},
		"itself":         {value: self, want: `['v'|list||2 items[|str|'x'|][|list||the same value as one that contains it]]`},
		"deep":           {value: deep, want: "['v'|list||1 item[|list||1 item"},
		"many":           {value: many, want: "['v'|list||5,000 items, of which 100 are shown[|int|0|]"},
		"object": {
			value: &py.Object{Callable: &py.Global{Module: "os", Name: "system"}, Args: py.NewTuple("rm -rf /")},
			want:  "['v'|object of os.system||[arguments|tuple||1 item[|str|'rm -rf /'|]]]",
		},
		"tuple as a key": {value: dict(py.NewTuple(int64(1)), "x"), want: "['v'|dict||[(tuple)|str|'x'|]]"},
		"empty dict":     {value: dict(), want: "['v'|dict||empty]"},
	} {
		got := flat((&viewer{}).session(dict("v", c.value)))
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s:\n%.300s\nwant\n%.300s", name, got, c.want)
		}
	}
	if got := flat((&viewer{}).session(dict("v", deep))); strings.Count(got, "list") != maxDepth+1 || !strings.Contains(got, "too deep") {
		t.Errorf("of a deep list:\n%s", got)
	}
}

func dict(pairs ...any) *py.Dict {
	d := py.NewDict(0)
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	return d
}

// TestViewsAreBounded shows sessions of many values, names and characters.
func TestViewsAreBounded(t *testing.T) {
	t.Parallel()
	tree := any(int64(1))
	for range 6 {
		list := py.NewList()
		for range 50 {
			list.Items = append(list.Items, tree)
		}
		tree = list
	}
	texts, names := py.NewDict(0), py.NewDict(0)
	for i := range 100 {
		inner, wide := py.NewDict(0), py.NewDict(0)
		for j := range 100 {
			inner.Set(int64(j), strings.Repeat("\u202e", 5000))
			wide.Set(strings.Repeat("\u202e", 200)+strconv.Itoa(j), int64(1))
		}
		texts.Set(int64(i), inner)
		names.Set(int64(i), wide)
	}
	for name, d := range map[string]*py.Dict{"tree": dict("v", tree), "texts": texts, "names": names} {
		v := &viewer{}
		if got := len(flat(v.session(d))); got > 1<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
}

func TestSecretValuesAreHidden(t *testing.T) {
	t.Parallel()
	for _, name := range secretNames() {
		got := flat((&viewer{}).session(dict(name, "0123456789abcdef")))
		if want := "[" + "'" + name + "'|str||hidden, 16 characters]"; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
