package pyjson_test

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// doubled returns a value that contains v twice at each of sixty levels.
func doubled(v any, twice func(v any) any) any {
	for range 60 {
		v = twice(v)
	}
	return v
}

func many(v any, n int) *py.List {
	l := &py.List{Items: make([]any, n)}
	for i := range l.Items {
		l.Items[i] = v
	}
	return l
}

func pair(v any) any { return py.NewList(v, v) }

func dictOf(keys string, v any) *py.Dict {
	d := py.NewDict(len(keys))
	for k := range strings.SplitSeq(keys, " ") {
		d.Set(k, v)
	}
	return d
}

func TestDumpsRefusesTooMuchExpansion(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<17)
	flat := py.NewDict(1000)
	for i := range 1000 {
		flat.Set(strconv.Itoa(i), long)
	}
	for name, v := range map[string]any{
		"lists":         doubled(py.NewList(), pair),
		"tuples":        doubled(py.NewTuple(), func(v any) any { return py.NewTuple(v, v) }),
		"dicts":         doubled(py.NewDict(0), func(v any) any { return dictOf("a b", v) }),
		"empty dicts":   doubled(py.NewDict(0), pair),
		"strings":       many(long, 50_000),
		"one flat dict": flat,
		"raw values":    many(pyjson.Raw(`"`+long+`"`), 50_000),
		"keys":          many(dictOf(long, nil), 50_000),
		"big integers":  many(new(big.Int).Lsh(big.NewInt(1), 14_000), 50_000),
	} {
		_, err := pyjson.Dumps(dictOf("a", v))
		wrong, ok := errors.AsType[*pyjson.UnsupportedError](err)
		if !ok || wrong.Problem != pyjson.TooMuchExpansion {
			t.Errorf("%s: error %v", name, err)
		}
		dst, err := pyjson.AppendDumps([]byte("before"), v)
		if string(dst) != "before" || err == nil {
			t.Errorf("%s: appended %d bytes, %v", name, len(dst), err)
		}
	}
}

// TestDumpsOfLongTexts checks that texts that are long by themselves, or share a
// reasonable amount, are written.
func TestDumpsOfLongTexts(t *testing.T) {
	t.Parallel()
	numbers := &py.List{}
	for i := range 150_000 {
		numbers.Items = append(numbers.Items, int64(i))
	}
	long := many(dictOf(strings.Repeat("k", 200), strings.Repeat("é", 100)), 1000)
	for name, v := range map[string]any{
		"numbers": numbers,
		"shared":  py.NewList(numbers, dictOf("a b c d e f", numbers), numbers),
		"texts":   long,
	} {
		data, err := pyjson.Dumps(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back, err := pyjson.Loads(data)
		if err != nil || !py.Equal(back, v) {
			t.Errorf("%s: another value is read, %v", name, err)
		}
		prefixed, err := pyjson.AppendDumps([]byte("before"), v)
		if err != nil || string(prefixed) != "before"+string(data) {
			t.Errorf("%s: appended %d bytes, want %d, %v", name, len(prefixed), len(data), err)
		}
	}
}
