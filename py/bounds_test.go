package py_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// inTime fails the test if do takes more than a few seconds. Each of these once took
// hours.
func inTime(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s takes too long", what)
	}
}

// ring returns a list that contains itself through n lists.
func ring(n int) *py.List {
	first := &py.List{}
	last := first
	for range n - 1 {
		next := &py.List{}
		last.Items = []any{next}
		last = next
	}
	last.Items = []any{first}
	return first
}

// TestEqualOfRings compares rings that differ only after as many steps as the product of
// their lengths.
func TestEqualOfRings(t *testing.T) {
	t.Parallel()
	if !py.Equal(ring(3001), ring(3000)) {
		t.Error("rings without an end differ")
	}
	odd := ring(3000)
	odd.Items = append(odd.Items, int64(1))
	if py.Equal(ring(3001), odd) {
		t.Error("a ring with an item more is equal")
	}
}

// TestEqualForgetsWhatAnAttemptSupposed has a first candidate that shares parts with the
// second.
func TestEqualForgetsWhatAnAttemptSupposed(t *testing.T) {
	t.Parallel()
	object := func(state ...any) *py.Object {
		return &py.Object{
			Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple(),
			Extra: &py.Extra{HasState: true, State: py.NewList(state...)},
		}
	}
	one, two := py.NewList("one"), py.NewList("two")
	a := py.NewSet(object(one, int64(1)), object(one, int64(2)))
	same := py.NewSet(object(one, int64(2)), object(py.NewList("one"), int64(1)))
	other := py.NewSet(object(two, int64(2)), object(one, int64(1)))
	if !py.Equal(a, same) || py.Equal(a, other) {
		t.Error("sets of objects are compared wrongly")
	}
	left, right := object(one, int64(1)), object(two, int64(1))
	if py.Equal(py.NewList(py.NewSet(left), one), py.NewList(py.NewSet(right), two)) {
		t.Error("what differs is equal")
	}
}

func TestTimeDeltaAtTheEndsOfADuration(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{math.MaxInt64, math.MinInt64 + 1000} {
		d = d.Truncate(time.Microsecond)
		if got, ok := py.TimeDeltaOf(d).Duration(); !ok || got != d {
			t.Errorf("%v comes back as %v, %v", d, got, ok)
		}
	}
	for _, delta := range []py.TimeDelta{{Days: 106751, Seconds: 86399}, {Days: -106752}, {Days: 999_999_999}, {Days: -999_999_999}} {
		if got, ok := delta.Duration(); ok {
			t.Errorf("%v is %v", delta, got)
		}
	}
}

// TestScanOfALongTextInManyPlaces has a million references to one long value in a pickle,
// which would become a million copies.
func TestScanOfALongTextInManyPlaces(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, v := range map[string]any{
		"bytes": py.Bytes(long), "str": py.Str2("\xff" + long), "bytearray": &py.ByteArray{Bytes: []byte(long)},
		"int": new(big.Int).Lsh(big.NewInt(1), 8<<20),
	} {
		list := &py.List{}
		for range 10_000 {
			list.Items = append(list.Items, v)
		}
		var dst any
		inTime(t, name, func() {
			if _, ok := errors.AsType[*py.ScanError](py.Scan(list, &dst, nil)); !ok {
				t.Errorf("%s: copied 10,000 times", name)
			}
		})
	}
	apart := &py.List{} // as much text, but distinct
	for range 100 {
		apart.Items = append(apart.Items, py.Bytes(strings.Clone(long)))
	}
	var dst [][]byte
	if err := py.Scan(apart, &dst, nil); err != nil || len(dst) != 100 {
		t.Errorf("100 MiB of bytes: %v", err)
	}
}

// TestScanOfNumbersWithManyDigits has numbers that take Go quadratic time.
func TestScanOfNumbersWithManyDigits(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("7", 20_000_000)
	inTime(t, "a number of 20 million digits", func() {
		var rat big.Rat
		var byInt map[int]string
		d := py.NewDict(1)
		d.Set(digits, "a")
		for _, err := range []error{py.Scan(digits+"/"+digits[1:], &rat, nil), py.Scan(d, &byInt, nil)} {
			if _, ok := errors.AsType[*py.ScanError](err); !ok {
				t.Errorf("error %v", err)
			}
		}
	})
	object := &py.Object{Callable: &py.Global{Module: "decimal", Name: "Decimal"}, Args: py.NewTuple(digits)}
	if _, ok := py.Native(object).(*py.Object); !ok {
		t.Error("a Decimal of 20 million digits, which as a key in many places would take hours, has a form in Go")
	}
}

// TestKeysOfObjectsThatTakeHoursToHash checks that the pairs of an object are not hashed
// before they are needed as a dict.
func TestKeysOfObjectsThatTakeHoursToHash(t *testing.T) {
	t.Parallel()
	key := py.NewTuple()
	for range 60 {
		key = py.NewTuple(key, key)
	}
	class := &py.Global{Module: "collections", Name: "OrderedDict"}
	for name, o := range map[string]*py.Object{
		"pairs":    {Callable: class, Args: py.NewTuple(), Extra: &py.Extra{Pairs: []py.Pair{{Key: key}}}},
		"Python 2": {Callable: class, Args: py.NewTuple(py.NewList(py.NewList(key, nil)))},
	} {
		inTime(t, name, func() {
			if d, ok := o.AsDict(); ok {
				t.Errorf("%s: a dict of %d", name, d.Len())
			}
		})
	}
	pairs := []py.Pair{{Key: py.NewTuple(int64(1), "a"), Value: int64(2)}}
	usual := &py.Object{Callable: class, Args: py.NewTuple(), Extra: &py.Extra{Pairs: pairs}}
	if d, ok := usual.AsDict(); !ok || d.Len() != 1 {
		t.Error("a tuple is no key")
	}
}

func TestClassNamesInErrorsAreNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Money": "Money", "Outer.Größe": "Größe", "\x1b[2J": "object", "a\nb": "object", strings.Repeat("a", 1000): "object", "": "object",
	} {
		o := &py.Object{Callable: &py.Global{Module: "m", Name: name}}
		if got := py.TypeName(o); got != want {
			t.Errorf("%q is called %q", name, got)
		}
	}
}
