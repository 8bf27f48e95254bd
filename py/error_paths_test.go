package py_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// Paths in errors are short, on one line, and contain nothing but keys that are str.
func TestPathsInErrorsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 1<<20)
	for name, c := range map[string]struct {
		key  any // of a Go map
		dst  any // for such maps in a list; nil for one with keys of any type
		want string
	}{
		"identifier":   {key: "items", want: "items"},
		"40 bytes":     {key: long[:40], want: long[:40]},
		"long":         {key: long, want: long[:40] + "..."},
		"lines":        {key: "a\nb", want: `["a\nb"]`},
		"many lines":   {key: strings.Repeat("a\n", 1<<20), want: `["` + strings.Repeat(`a\n`, 20) + `"]...`},
		"beyond ASCII": {key: "é", want: `["\u00e9"]`},
		"quotes":       {key: `a"]`, want: `["a\"]"]`},
		"empty":        {key: "", want: `[""]`},
		"int":          {key: 5, want: "[int key]"},
		"tuple":        {key: [2]string{"secret", "value"}, dst: new([]map[[2]string]string), want: "[tuple key]"},
	} {
		want := strings.Replace("[0]."+c.want, ".[", "[", 1)
		_, err := py.From([]any{map[any]any{c.key: make(chan int)}})
		if refused, ok := errors.AsType[*py.TypeError](err); !ok || refused.Path != want {
			t.Errorf("From, %s: %.100v; want %s", name, err, want)
		}
		v, err := py.From([]any{map[any]int{c.key: 1}})
		if err != nil {
			t.Fatal(err)
		}
		dst := c.dst
		if dst == nil {
			dst = new([]map[any]string)
		}
		err = py.Scan(v, dst, nil)
		if misfit, ok := errors.AsType[*py.ScanError](err); !ok || misfit.Path != want {
			t.Errorf("Scan, %s: %.100v; want %s", name, err, want)
		}
	}
}

func TestPathsInErrorsAreCutAt200Bytes(t *testing.T) {
	t.Parallel()
	var deep any = make(chan int)
	for range 1000 {
		deep = []any{map[string]any{"key": deep}}
	}
	_, err := py.From(deep)
	want := strings.Repeat("[0].key", 30)[:200] + "..."
	if refused, ok := errors.AsType[*py.TypeError](err); !ok || refused.Path != want {
		t.Errorf("From: %.100v", err)
	}
	type node struct {
		Items []*node `json:"items"`
	}
	var v any = "leaf"
	for range 1000 {
		v = dictOf("items", py.NewList(v))
	}
	want = strings.Repeat("items[0].", 30)[:200] + "..."
	err = py.Scan(v, &node{}, nil)
	if misfit, ok := errors.AsType[*py.ScanError](err); !ok || misfit.Path != want {
		t.Errorf("Scan: %.100v", err)
	}
}

// The name of a field may be any text in its tag.
func TestNamesOfFieldsAreQuotedInPaths(t *testing.T) {
	t.Parallel()
	type order struct {
		Qty chan int `json:"the qty"`
	}
	_, err := py.From(order{make(chan int)})
	if refused, ok := errors.AsType[*py.TypeError](err); !ok || refused.Path != `["the qty"]` {
		t.Errorf("From: %v", err)
	}
	err = py.Scan(dictOf("the qty", int64(1)), &order{}, nil)
	if misfit, ok := errors.AsType[*py.ScanError](err); !ok || misfit.Path != `["the qty"]` {
		t.Errorf("Scan: %v", err)
	}
}
