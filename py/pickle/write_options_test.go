package pickle

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Python 2 has neither datetime.timezone nor offsets with a fraction of a minute.
func TestTimeZonesOfTheCallerAreWritten(t *testing.T) {
	t.Parallel()
	asked := map[int]int{}
	o := WriteOptions{Protocol: 2, TimeZone: func(seconds int) *py.Object {
		asked[seconds]++
		return &py.Object{Callable: &py.Global{Module: "shop", Name: "Zone"}, Args: py.NewTuple(int64(seconds))}
	}}
	moment := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	at := func(t time.Time, seconds int) py.DateTime {
		return py.DateTime{Time: t.In(time.FixedZone("", seconds))}
	}
	known := py.TimeZone(7200)
	withZone, _ := py.DateTime{Time: moment, Naive: true}.WithTZInfo(&py.Object{Callable: &py.Global{Module: "pytz", Name: "_UTC"}, Args: py.NewTuple()})
	data, err := o.Dumps(py.NewList(at(moment, 3600), at(moment, 3600), at(moment, 0), at(moment, 3601), withZone,
		py.Time{Hour: 1, TZInfo: known}, py.DateTime{Time: moment, Naive: true}))
	if err != nil || len(asked) != 3 || asked[3600] != 1 || asked[0] != 1 || asked[7200] != 1 {
		t.Fatalf("%q, %v, asked for %v", data, err, asked)
	}
	if text := string(data); strings.Contains(text, "timezone") || strings.Count(text, "Zone") != 1 || strings.Count(text, "_UTC") != 1 {
		t.Errorf("%q", data)
	}
	v, err := Loads(data)
	if err != nil {
		t.Fatal(err)
	}
	items := v.(*py.List).Items
	zone := func(i int) any { return items[i].(*py.Object).Args.Items[1] }
	if zone(0) != zone(1) || zone(2) != zone(3) || zone(0) == zone(2) {
		t.Error("a zone is not one object")
	}
	if !py.Equal(items[2], items[3]) { // the last in UTC
		t.Errorf("%s and %s", canon(items[2]), canon(items[3]))
	}
	for what, c := range map[string]struct {
		t  time.Time
		ok bool
	}{
		"first": {time.Date(1, 1, 1, 0, 0, 1, 0, time.FixedZone("", 1)), true}, "before": {time.Date(1, 1, 1, 0, 0, 0, 0, time.FixedZone("", 1)), false},
		"last": {time.Date(9999, 12, 31, 23, 59, 58, 0, time.FixedZone("", -1)), true}, "after": {time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -1)), false},
	} {
		if _, err := o.Dumps(py.DateTime{Time: c.t}); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	bad := WriteOptions{Protocol: 2, TimeZone: func(int) *py.Object { return nil }}
	for _, v := range []any{at(moment, 0), py.Time{TZInfo: known}} {
		if data, err := bad.Dumps(v); err == nil {
			t.Errorf("%T: no zone: %q", v, data)
		}
	}
	for _, protocol := range []int{0, 1, 6, -1} {
		if data, err := (WriteOptions{Protocol: protocol}).Dumps(nil); err == nil {
			t.Errorf("protocol %d: %q", protocol, data)
		}
	}
}

// CPython 3.11's form of copyreg.__newobj_ex__ for a class that getattr returns, in the
// protocols that have no opcode for it: functools.partial(getattr(getattr(m, "C"),
// "__new__"), getattr(m, "C"), 1, a=2)().
func TestKeywordArgumentsOfClassesWithoutANameAreWritten(t *testing.T) {
	t.Parallel()
	class := &py.Object{Callable: &py.Global{Module: "builtins", Name: "getattr"}, Args: py.NewTuple(&py.Global{Module: "m", Name: "o"}, "C")}
	kwargs := py.NewDict(1)
	kwargs.Set("a", int64(2))
	o := &py.Object{Construction: py.ConstructNewEx, Callable: class, Args: py.NewTuple(int64(1)), Extra: &py.Extra{Kwargs: kwargs}}
	for protocol := 2; protocol <= 3; protocol++ {
		data, err := Dumps(o, protocol)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Loads(data)
		made, ok := v.(*py.Object)
		if err != nil || !ok || made.Construction != py.ConstructCall || len(made.Args.Items) != 0 {
			t.Fatalf("%q: %s, %v", data, canon(v), err)
		}
		partial, ok := made.Callable.(*py.Object)
		if !ok || partial.Class() != "functools.partial" {
			t.Fatalf("%q: %s", data, canon(v))
		}
		function := &py.Object{Callable: class.Callable, Args: py.NewTuple(class, "__new__")}
		want := py.NewTuple(function, py.NewTuple(class, int64(1)), kwargs, nil)
		if !py.Equal(partial.Args, py.NewTuple(function)) || !py.Equal(partial.Extras().State, want) {
			t.Errorf("%q: %s", data, canon(v))
		}
	}
}

func TestErrorsSayWhereTheOpcodeIs(t *testing.T) {
	t.Parallel()
	for data, offset := range map[string]int{
		"\xff": 0, "N\xff": 1, "K\x01\xff": 2, "\x80\x04]K\x01a\xff.": 6, "\x80\x04}K\x01]K\x02sh\x07.": 8, "NN(.": 3, "U\x05abc": 0, "NU\x05abc": 1, "N": 1,
	} {
		_, err := Loads([]byte(data))
		wrong, ok := errors.AsType[*SyntaxError](err)
		if !ok || wrong.Offset != offset {
			t.Errorf("%q: %v, want offset %d", data, err, offset)
		}
	}
}

func TestIntegersInTextHaveSoManyDigits(t *testing.T) {
	t.Parallel()
	for n, ok := range map[int]bool{99: true, 100: true, 101: false} {
		for _, data := range []string{"I" + strings.Repeat("9", n) + "\n.", "L" + strings.Repeat("9", n) + "L\n.", "L-" + strings.Repeat("9", n) + "L\n."} {
			if _, err := (Options{MaxIntDigits: 100}).Loads([]byte(data)); (err == nil) != ok {
				t.Errorf("%d digits: %v", n, err)
			}
		}
	}
}

// An empty container among the others has no effect.
func TestDepthIsThatOfTheDeepestValue(t *testing.T) {
	t.Parallel()
	deep := func(levels int) string { return strings.Repeat("]", levels) + strings.Repeat("a", levels-1) }
	for levels, ok := range map[int]bool{49: true, 50: true, 51: false, 52: false} {
		for what, data := range map[string]string{
			"at the end": "](NNN" + deep(levels) + "e.", "at the beginning": "](" + deep(levels) + "NN]]]e.", "among others": "](]]" + deep(levels) + "]]e.",
			"in a tuple": deep(levels) + "\x85.", "as a value": "}N" + deep(levels) + "s.", "beside many": "](" + strings.Repeat("]", 100) + deep(levels) + "e.",
		} {
			if _, err := (Options{MaxDepth: 50}).Loads([]byte(data)); (err == nil) != ok {
				t.Errorf("%d levels %s: %v", levels, what, err)
			}
		}
	}
}
