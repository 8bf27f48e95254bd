package pickle

import (
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// CPython 3.11 wrote these for dicts whose keys contain the dict, and for two clock
// readings at the same instant, which Python distinguishes if both have the same zone.
func TestCopiesKeepAllKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pickle string
		length func(v any) int
	}{
		"o = O(); t = (o,); o.d = {t: 1, (None,): 2}": {
			"\x80\x04\x95(\x00\x00\x00\x00\x00\x00\x00\x8c\x01m\x94\x8c\x01O\x94\x93\x94)\x81\x94}\x94\x8c\x01d\x94}\x94(h\x03\x85\x94K\x01N\x85\x94K\x02usb0h\x07.",
			func(v any) int { return attribute(v.(*py.Tuple).Items[0], "d").(*py.Dict).Len() },
		},
		"o = O(); t = (o,); o.s = {t, (None,)}": {
			"\x80\x04\x95$\x00\x00\x00\x00\x00\x00\x00\x8c\x01m\x94\x8c\x01O\x94\x93\x94)\x81\x94}\x94\x8c\x01s\x94\x8f\x94(h\x03\x85\x94N\x85\x94\x90sb0h\x07.",
			func(v any) int { return attribute(v.(*py.Tuple).Items[0], "s").(*py.Set).Len() },
		},
		"o = O(); f = frozenset([o]); o.d = {f: 1, frozenset(): 2}": {
			"\x80\x04\x95*\x00\x00\x00\x00\x00\x00\x00(\x8c\x01m\x94\x8c\x01O\x94\x93\x94)\x81\x94}\x94\x8c\x01d\x94}\x94((h\x03\x91\x94K\x01(\x91\x94K\x02usb1h\x07.",
			func(v any) int { return attribute(members(&v.(*py.FrozenSet).Set)[0], "d").(*py.Dict).Len() },
		},
		"{datetime(2024, 3, 10, 2, 30, tzinfo=NY): 'a', datetime(2024, 3, 10, 3, 30, tzinfo=NY): 'b'}": {
			"\x80\x04\x95\xa3\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\x0a\x07\xe8\x03\x0a\x02\x1e\x00\x00\x00\x00\x94\x8c\x08builtins\x94\x8c\x07getattr\x94\x93\x94\x8c\x08zoneinfo\x94\x8c\x08ZoneInfo\x94\x93\x94\x8c\x09_unpickle\x94\x86\x94R\x94\x8c\x10America/New_York\x94K\x01\x86\x94R\x94\x86\x94R\x94\x8c\x01a\x94h\x03C\x0a\x07\xe8\x03\x0a\x03\x1e\x00\x00\x00\x00\x94h\x10\x86\x94R\x94\x8c\x01b\x94u.",
			func(v any) int { return v.(*py.Dict).Len() },
		},
	} {
		v, err := Loads([]byte(c.pickle))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for what, copied := range map[string]any{"read": v, "Clone": py.Clone(v), "Native": py.Native(v)} {
			if n := c.length(copied); n != 2 {
				t.Errorf("%s: %s has %d", name, what, n)
			}
			if !py.Equal(v, copied) {
				t.Errorf("%s: %s is not equal", name, what)
			}
			again, err := Dumps(copied, 4)
			if err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			} else if v, err := Loads(again); err != nil || c.length(v) != 2 {
				t.Errorf("%s: %s written: %q, %v", name, what, again, err)
			}
		}
	}
}

func attribute(v any, name string) any {
	state, _ := v.(*py.Object).Extras().State.(*py.Dict)
	value, _ := state.Get(name)
	return value
}

// A copy of a large dict finds its keys.
func TestCopiesFindTheirKeys(t *testing.T) {
	t.Parallel()
	d, s := &py.Dict{}, &py.Set{}
	for i := range int64(100) {
		d.Set(py.NewTuple(i), i)
		s.Add(i)
	}
	c, _ := py.Clone(d).(*py.Dict)
	m, _ := py.Clone(s).(*py.Set)
	for i := range int64(100) {
		if v, _ := c.Get(py.NewTuple(i)); v != i || !m.Has(float64(i)) {
			t.Errorf("%d: %v, %v", i, v, m.Has(i))
		}
	}
	c.Set(py.NewTuple(int64(7)), "new")
	if v, _ := d.Get(py.NewTuple(int64(7))); v != int64(7) || c.Len() != 100 {
		t.Errorf("the original has %v, the copy %d entries", v, c.Len())
	}
}

// MyInt(5), and a list of a user's class with an attribute, contain more than data
// without a schema can express in Go.
func TestObjectsThatAreMoreStayObjects(t *testing.T) {
	t.Parallel()
	v, err := Loads([]byte("\x80\x04\x959\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x01m\x94\x8c\x05MyInt\x94\x93\x94K\x05\x85\x94\x81\x94h\x01\x8c\x06MyList\x94\x93\x94)\x81\x94(K\x01K\x02e}\x94\x8c\x01y\x94K\x05sbe."))
	if err != nil {
		t.Fatal(err)
	}
	var items []any
	if err := py.Scan(v, &items, time.UTC); err != nil || len(items) != 2 {
		t.Fatalf("%v, %v", items, err)
	}
	for i, item := range items {
		if _, ok := item.(*py.Object); !ok {
			t.Errorf("%d: %T %v", i, item, item)
		}
	}
	list, _ := v.(*py.List).Items[1].(*py.Object)
	var numbers []int
	if err := py.Scan(list, &numbers, time.UTC); err != nil || len(numbers) != 2 {
		t.Errorf("%v, %v", numbers, err)
	}
	if d, ok := list.Attributes(); ok {
		t.Errorf("the attributes of what has items: %v", d)
	}
}

// The result of a view does not share memory with the object.
func TestViewsAreCopies(t *testing.T) {
	t.Parallel()
	v, err := Loads([]byte("\x80\x04\x95/\x00\x00\x00\x00\x00\x00\x00\x8c\x0bcollections\x94\x8c\x07Counter\x94\x93\x94}\x94(\x8c\x01a\x94K\x02\x8c\x01b\x94K\x01u\x85\x94R\x94."))
	if err != nil {
		t.Fatal(err)
	}
	counter, _ := v.(*py.Object)
	d, ok := counter.AsDict()
	if !ok {
		t.Fatal("no dict")
	}
	d.Set("a", "changed")
	if again, _ := counter.AsDict(); py.Equal(again, d) {
		t.Error("the Counter has changed")
	}
	point := &py.Object{Construction: py.ConstructNew, Callable: &py.Global{Module: "m", Name: "Point"}, Args: py.NewTuple(int64(1), int64(2))}
	list, _ := point.AsList()
	list.Items[0] = "changed"
	if point.Args.Items[0] != int64(1) {
		t.Error("the namedtuple has changed")
	}
}

func TestTimesOfWhatIsNoTZInfoAreNotWritten(t *testing.T) {
	t.Parallel()
	for _, tzinfo := range []any{"x", int64(1), py.NewList()} {
		data, err := Dumps(py.Time{Hour: 1, TZInfo: tzinfo}, 4)
		if _, ok := errors.AsType[*UnsupportedError](err); !ok || data != nil {
			t.Errorf("%v: %q, %v", tzinfo, data, err)
		}
	}
}
