package valuepath_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/valuepath"
	"github.com/djangobridge/djangobridge/py"
)

func TestPathsNameThePart(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", valuepath.MaxKey)
	for want, steps := range map[string][]any{
		"":                         nil,
		"[2]":                      {2},
		"cart.items[2]":            {"cart", "items", 2},
		"a-b._c9":                  {"a-b", "_c9"},
		`[""]`:                     {""},
		`a["b.c"]`:                 {"a", "b.c"},
		`a["b c"].d`:               {"a", "b c", "d"},
		`["\u00e9"]`:               {"é"},
		`["\xed\xa0\x80"]`:         {"\xed\xa0\x80"},
		"a[int key]":               {"a", int64(1)},
		"[tuple key][0]":           {py.NewTuple(), 0},
		"[key][0][member].a":       {valuepath.Key, 0, valuepath.Member, "a"},
		"a." + long:                {"a", long},
		"a." + long + "....b":      {"a", long + "k", "b"},
		`["` + long[1:] + ` "]...`: {long[1:] + "  "},
	} {
		p := valuepath.Path{TypeName: py.TypeName}
		for _, step := range steps {
			p.Add(step)
		}
		if got := p.String(); got != want {
			t.Errorf("%q is written as %q, want %q", steps, got, want)
		}
	}
}

func TestPathsAreCutAt200Bytes(t *testing.T) {
	t.Parallel()
	var p valuepath.Path
	for range 66 {
		p.Add(0)
	}
	if got := p.String(); p.Full() || got != strings.Repeat("[0]", 66) {
		t.Errorf("198 bytes: %q", got)
	}
	for range 1000 {
		p.Add(0)
	}
	if got := p.String(); !p.Full() || got != strings.Repeat("[0]", 67)[:200]+"..." {
		t.Errorf("more: %q", got)
	}
}

// Paths are the same whichever end they are built from.
func TestPathsAreJoinedFromTheEnd(t *testing.T) {
	t.Parallel()
	many := make([]any, 100)
	for i := range many {
		many[i] = i
	}
	for _, steps := range [][]any{nil, {2}, {"cart", "items", 2}, {"a.b", "c", "d e", "f"}, {int64(1), "a", valuepath.Key}, many} {
		whole, joined := valuepath.Path{TypeName: py.TypeName}, ""
		for _, step := range steps {
			whole.Add(step)
		}
		for _, step := range slices.Backward(steps) {
			p := valuepath.Path{TypeName: py.TypeName}
			p.Add(step)
			joined = p.Join(joined)
		}
		if joined != whole.String() {
			t.Errorf("%q: joined to %q, want %q", steps, joined, whole.String())
		}
	}
}
