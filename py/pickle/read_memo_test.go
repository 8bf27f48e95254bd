package pickle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// The stack, the memo and the marks outgrow the memory inside the machine.
func TestLargePicklesOutgrowTheMachine(t *testing.T) {
	t.Parallel()
	for n := range 400 {
		list, deep := &py.List{}, any(int64(n))
		for i := range n {
			list.Items = append(list.Items, fmt.Sprint("item ", i), int64(i))
			deep = &py.List{Items: []any{deep, int64(1000 + i)}}
		}
		list.Items = append(list.Items, list.Items...) // the texts then come from the memo
		want := py.NewTuple(list, deep)
		data, err := Dumps(want, maxProtocol)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Loads(data)
		if err != nil || !py.Equal(got, want) {
			t.Fatalf("%d: %v", n, err)
		}
	}
}

// The result of a call with one argument and the tuple of that argument have their
// numbers anywhere in the memo. Near its 128th value, the memo moves to other memory.
func TestCallsAreMemoizedAnywhere(t *testing.T) {
	t.Parallel()
	for n := range 140 {
		var p strings.Builder
		p.WriteString("\x80\x05](")
		for i := range n {
			fmt.Fprintf(&p, "\x8c\x03%03d\x94", i)
		}
		p.WriteString("\x8c\x07decimal\x8c\x07Decimal\x93\x8c\x031.5\x85\x94R\x94")
		p.WriteString("j" + string([]byte{byte(n), 0, 0, 0}) + "j" + string([]byte{byte(n + 1), 0, 0, 0}) + "e.")
		v, err := Loads([]byte(p.String()))
		if err != nil {
			t.Fatalf("after %d: %v", n, err)
		}
		items := v.(*py.List).Items
		if len(items) != n+3 {
			t.Fatalf("after %d: %d items", n, len(items))
		}
		o, _ := items[n].(*py.Object)
		if o == nil || o.Class() != "decimal.Decimal" || items[n+1] != any(o.Args) || items[n+2] != items[n] {
			t.Errorf("after %d: %v, %v, %v", n, items[n], items[n+1], items[n+2])
		}
	}
}

// each returns the format with each of the letters in turn.
func each(format, letters string) string {
	var b strings.Builder
	for _, letter := range letters {
		fmt.Fprintf(&b, format, letter)
	}
	return b.String()
}

// In a memo with skipped or distant numbers, MEMOIZE assigns the number of values, as in
// CPython.
func TestMemoCountsItsValues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ pickle, want string }{
		"number 0 left out":         {"](\x8c\x01aq\x01\x8c\x01b\x94h\x01e.", "['a', 'b', 'b']"},
		"filled in later":           {"](\x8c\x01aq\x01\x8c\x01bq\x00\x8c\x01c\x94h\x02h\x00e.", "['a', 'b', 'c', 'c', 'b']"},
		"a number far off":          {"](\x8c\x01ar\xff\x00\x00\x00\x8c\x01b\x94h\x01e.", "['a', 'b', 'b']"},
		"reached by those before":   {"](\x8c\x01aq\x05" + each("\x8c\x01%c\x94", "bcdefghij") + "h\x05e.", "['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'j']"},
		"one left out that was set": {"](\x8c\x01aq\x02\x8c\x01bq\x00\x8c\x01cq\x01\x8c\x01dq\x03h\x02h\x01h\x00e.", "['a', 'b', 'c', 'd', 'a', 'c', 'b']"},
		"far off, and one left out": {"](\x8c\x01ar\xff\x00\x00\x00\x8c\x01bq\x01\x8c\x01c\x94h\x02h\xffe.", "['a', 'b', 'c', 'c', 'a']"},
	} {
		v, err := Loads([]byte(c.pickle))
		if got := repr(v); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, c.want)
		}
	}
}
