package py_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// pythonSays is the content of testdata/values.json, written by generate.py.
type pythonSays struct {
	Decimals, Dates, Times [][2]*string
	TimeDeltas             []struct {
		Args, Parts []int64
		Text        *string
	}
	Keys [][3]any
}

func readTestdata(t *testing.T, name string, to any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

func TestTextsAreReadAndWrittenAsPythonDoes(t *testing.T) {
	t.Parallel()
	var python pythonSays
	readTestdata(t, "values.json", &python)
	check := func(name string, cases [][2]*string, parse func(string) (fmt.Stringer, error)) {
		if len(cases) < 10 {
			t.Fatalf("%s: only %d cases", name, len(cases))
		}
		for _, c := range cases {
			got, err := parse(*c[0])
			switch {
			case (err == nil) != (c[1] != nil):
				t.Errorf("%s %q: error %v, Python gives %v", name, *c[0], err, c[1])
			case err == nil && got.String() != *c[1]:
				t.Errorf("%s %q is %s, want %s", name, *c[0], got, *c[1])
			}
		}
	}
	check("Decimal", python.Decimals, func(s string) (fmt.Stringer, error) { return py.ParseDecimal(s) })
	check("date", python.Dates, func(s string) (fmt.Stringer, error) { return py.ParseDate(s) })
	times := python.Times[:len(python.Times)-1] // the last has an offset with a fraction, which only Python supports
	check("time", times, func(s string) (fmt.Stringer, error) { return py.ParseTime(s) })
}

func TestTimeDeltasAreNormalizedAsPythonDoes(t *testing.T) {
	t.Parallel()
	var python pythonSays
	readTestdata(t, "values.json", &python)
	for _, c := range python.TimeDeltas {
		got, ok := py.NewTimeDelta(c.Args[0], c.Args[1], c.Args[2])
		if ok != (c.Parts != nil) {
			t.Errorf("%v: %v, want %v", c.Args, ok, c.Parts)
			continue
		}
		if ok && (fmt.Sprint(got.Days, got.Seconds, got.Microseconds) != strings.Trim(fmt.Sprint(c.Parts), "[]") || got.String() != *c.Text) {
			t.Errorf("%v is %#v, %s; want %v, %s", c.Args, got, got, c.Parts, *c.Text)
		}
	}
}

func TestKeysAreEqualWhereTheyAreInPython(t *testing.T) {
	t.Parallel()
	var python pythonSays
	readTestdata(t, "values.json", &python)
	if len(python.Keys) < 1000 {
		t.Fatalf("only %d pairs", len(python.Keys))
	}
	for _, c := range python.Keys {
		var keys [2]any
		for i := range keys {
			key, err := tagged.LoadsString(c[i].(string))
			if err != nil {
				t.Fatal(err)
			}
			keys[i] = key
		}
		var d py.Dict
		d.Set(keys[0], nil)
		if _, found := d.Get(keys[1]); found != c[2] {
			t.Errorf("%s and %s: the same key %v, want %v", c[0], c[1], found, c[2])
		}
		s := py.NewFrozenSet(py.NewTuple(keys[0]))
		if found := s.Has(py.NewTuple(keys[1])); found != c[2] {
			t.Errorf("(%s,) and (%s,): the same key %v, want %v", c[0], c[1], found, c[2])
		}
	}
}

// TestTimeZonesOfPickles reads datetimes with all kinds of tzinfo objects and writes them
// again.
func TestTimeZonesOfPickles(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Name, ISO, UTC, Time string
		TimeISO              string `json:"time_iso"`
		Pickles              []string
		Fold, Plain          bool
	}
	readTestdata(t, "zones.json", &cases)
	if len(cases) < 100 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		for protocol, text := range c.Pickles {
			pickled, _ := base64.StdEncoding.DecodeString(text)
			v, err := pickle.Loads(pickled)
			if err != nil {
				t.Fatal(err)
			}
			d, ok := py.Native(v).(py.DateTime)
			if !ok {
				t.Errorf("%s: protocol %d: no DateTime", c.Name, protocol)
				continue
			}
			fold := c.Fold && protocol >= 4 // older protocols have no fold
			if fold == c.Fold && (d.ISOFormat() != c.ISO || py.DateTime{Time: d.Time.UTC()}.ISOFormat() != c.UTC) {
				t.Errorf("%s: protocol %d: %s (%s), want %s (%s)", c.Name, protocol, d.ISOFormat(), d.Time.UTC(), c.ISO, c.UTC)
			}
			if d.Naive || d.Fold != fold || (d.TZInfo() == nil) != c.Plain {
				t.Errorf("%s: protocol %d: %#v", c.Name, protocol, d)
			}
			if protocol < 2 {
				continue
			}
			if again, err := pickle.Dumps(d, protocol); err != nil || !bytes.Equal(again, pickled) {
				t.Errorf("%s: protocol %d: written as %q, %v; want %q", c.Name, protocol, again, err, pickled)
			}
		}
		pickled, _ := base64.StdEncoding.DecodeString(c.Time)
		v, err := pickle.Loads(pickled)
		clock, ok := py.Native(v).(py.Time)
		if err != nil || !ok || clock.ISOFormat() != c.TimeISO || clock.Fold != c.Fold {
			t.Errorf("%s: time %v, %v; want %s", c.Name, clock, err, c.TimeISO)
		}
		if again, err := pickle.Dumps(clock, 4); err != nil || !bytes.Equal(again, pickled) {
			t.Errorf("%s: time written as %q, %v; want %q", c.Name, again, err, pickled)
		}
	}
}

func global(name string) *py.Global {
	i := strings.LastIndexByte(name, '.')
	return &py.Global{Module: name[:i], Name: name[i+1:]}
}

func call(class string, args ...any) *py.Object {
	return &py.Object{Callable: global(class), Args: py.NewTuple(args...)}
}

func uuidObject(n any) *py.Object {
	return withState(made("uuid.UUID"), dict("int", n))
}

func TestNativeForms(t *testing.T) {
	t.Parallel()
	wall := time.Date(2024, 2, 29, 23, 59, 58, 65793000, time.UTC)
	const state = "\x07\xe8\x02\x1d\x17\x3b\x3a\x01\x01\x01"
	moscow := call("datetime.timezone", call("datetime.timedelta", int64(0), int64(10800), int64(0)))
	delta := py.TimeDelta{Days: -1, Seconds: 1}
	big127, _ := new(big.Int).SetString("170141183460469231731687303715884105728", 10)
	decimal := func(s string) py.Decimal {
		d, err := py.ParseDecimal(s)
		if err != nil {
			t.Error(err)
		}
		return d
	}
	python2 := py.NewDict(1)
	python2.Set(py.Str2("int"), int64(1))
	old := withState(made("uuid.UUID"), python2)
	for name, c := range map[string]struct{ in, want any }{
		"datetime":                   {call("datetime.datetime", py.Bytes(state)), py.DateTime{Time: wall, Naive: true}},
		"datetime with fold":         {call("datetime.datetime", py.Bytes("\x07\xe8\x82"+state[3:])), py.DateTime{Time: wall, Naive: true, Fold: true}},
		"datetime of Python 2":       {call("datetime.datetime", py.Str2(state)), py.DateTime{Time: wall, Naive: true}},
		"datetime read as latin-1":   {call("datetime.datetime", "\x07\u00e8"+state[2:]), py.DateTime{Time: wall, Naive: true}},
		"aware datetime":             {call("datetime.datetime", py.Bytes(state), moscow), py.DateTime{Time: time.Date(2024, 2, 29, 23, 59, 58, 65793000, time.FixedZone("", 10800))}},
		"date":                       {call("datetime.date", py.Bytes("\x07\xe8\x02\x1d")), py.Date{Year: 2024, Month: 2, Day: 29}},
		"time":                       {call("datetime.time", py.Bytes("\x17\x3b\x3a\x01\x01\x01")), py.Time{Hour: 23, Minute: 59, Second: 58, Microsecond: 65793}},
		"time with fold":             {call("datetime.time", py.Bytes("\x80\x00\x00\x00\x00\x00")), py.Time{Fold: true}},
		"timedelta":                  {call("datetime.timedelta", int64(-1), int64(1), int64(0)), delta},
		"Decimal":                    {call("decimal.Decimal", "19.90"), decimal("19.90")},
		"Decimal of Python 2":        {call("decimal.Decimal", py.Str2("-sNaN7")), decimal("-snan007")},
		"complex":                    {call("builtins.complex", 1.0, -2.0), complex(1, -2)},
		"complex under its old name": {call("__builtin__.complex", 1.0, -2.0), complex(1, -2)},
		"UUID":                       {uuidObject(big127), py.UUID{0x80}},
		"UUID of protocol 0":         {withState(reconstructed("uuid.UUID", "builtins.object", nil), dict("int", int64(1))), py.UUID{15: 1}},
		"UUID of Python 2":           {old, py.UUID{15: 1}},
		"UUID with is_safe":          {withState(made("uuid.UUID"), dict("int", int64(1), "is_safe", int64(0))), py.UUID{15: 1}},
		"inside of an object":        {call("shop.Price", call("decimal.Decimal", "1")), call("shop.Price", decimal("1"))},
		"key of a dict":              {dict(call("decimal.Decimal", "1"), "one"), dict(decimal("1"), "one")},
		"key in a tuple":             {dict(py.NewTuple(call("decimal.Decimal", "1")), "one"), dict(py.NewTuple(decimal("1")), "one")},
		"member of a set":            {py.NewSet(call("decimal.Decimal", "1")), py.NewSet(decimal("1"))},
		"nothing to do":              {"text", "text"},
	} {
		if got := py.Native(c.in); fmt.Sprintf("%T", got) != fmt.Sprintf("%T", c.want) || !py.Equal(got, c.want) {
			t.Errorf("%s: %#v, want %#v", name, got, c.want)
		}
		if !py.Equal(c.in, c.want) || !py.Equal(c.want, c.in) {
			t.Errorf("%s: not equal to its native form", name)
		}
	}
}

func TestWhatIsMalformedStaysAnObject(t *testing.T) {
	t.Parallel()
	stateful := call("decimal.Decimal", "1")
	stateful.Extra = &py.Extra{HasState: true}
	withItems := call("decimal.Decimal", "1")
	withItems.Extra = &py.Extra{Items: []any{nil}}
	utc := call("pytz._UTC")
	state := py.Bytes("\x07\xe8\x02\x1d\x17\x3b\x3a\x01\x01\x01")
	cyclic := call("pytz._p", "Europe/Berlin", int64(3600), int64(0), "CET")
	aware := call("datetime.datetime", state, cyclic)
	cyclic.Args.Items[2] = py.NewList(aware)
	for name, o := range map[string]*py.Object{
		"short state":               call("datetime.datetime", py.Bytes("\x07\xe8")),
		"no state":                  call("datetime.datetime"),
		"month 13":                  call("datetime.datetime", py.Bytes("\x07\xe8\x0d\x01\x00\x00\x00\x00\x00\x00")),
		"day 30 of February":        call("datetime.date", py.Bytes("\x07\xe8\x02\x1e")),
		"year 0":                    call("datetime.date", py.Bytes("\x00\x00\x01\x01")),
		"hour 24":                   call("datetime.time", py.Bytes("\x18\x00\x00\x00\x00\x00")),
		"microsecond 2**20":         call("datetime.time", py.Bytes("\x00\x00\x00\x10\x00\x00")),
		"datetime of numbers":       call("datetime.datetime", int64(2024), int64(1), int64(1)),
		"state no latin-1":          call("datetime.date", "\u0107\x00\x01\x01"),
		"tzinfo that is none":       call("datetime.datetime", state, "UTC"),
		"tzinfo of another class":   call("datetime.datetime", state, call("shop.Zone")),
		"tzinfo of a wrong place":   call("datetime.datetime", state, call("pytz._p", "../etc/passwd")),
		"Go's name for a zone":      call("datetime.datetime", state, call("pytz._p", "Local")),
		"timezone of a day":         call("datetime.datetime", state, call("datetime.timezone", call("datetime.timedelta", int64(1)))),
		"timezone of microseconds":  call("datetime.datetime", state, call("datetime.timezone", call("datetime.timedelta", int64(0), int64(0), int64(1)))),
		"tzinfo that contains all":  aware,
		"three arguments":           call("datetime.datetime", state, utc, nil),
		"timedelta of floats":       call("datetime.timedelta", 1.5),
		"timedelta too long":        call("datetime.timedelta", int64(1_000_000_000)),
		"Decimal of no number":      call("decimal.Decimal", "ten"),
		"Decimal of an int":         call("decimal.Decimal", int64(10)),
		"Decimal with a state":      stateful,
		"Decimal with items":        withItems,
		"complex of ints":           call("builtins.complex", int64(1), int64(2)),
		"negative UUID":             uuidObject(int64(-1)),
		"UUID of 129 bits":          uuidObject(new(big.Int).Lsh(big.NewInt(1), 128)),
		"UUID with attributes":      withState(uuidObject(nil), dict("int", int64(1), "is_safe", int64(0), "note", "x")),
		"UUID without a number":     uuidObject("1"),
		"no arguments at all":       {Callable: global("decimal.Decimal")},
		"nothing at all":            {},
		"a class with another name": call("shop.Decimal", "1"),
	} {
		got, ok := py.Native(o).(*py.Object)
		if !ok || got == o {
			t.Errorf("%s: %#v", name, py.Native(o))
		}
	}
}

func TestNativeKeepsSharingAndRecursion(t *testing.T) {
	t.Parallel()
	price := call("decimal.Decimal", "1.5")
	inner := py.NewList(price)
	node := call("shop.Node", inner, inner)
	attributes := py.NewDict(1)
	attributes.Set("self", node)
	node.Extra = &py.Extra{HasState: true, State: attributes}
	got, ok := py.Native(py.NewList(node, node)).(*py.List)
	if !ok || got.Items[0] != got.Items[1] {
		t.Fatalf("%#v", got)
	}
	o, _ := got.Items[0].(*py.Object)
	state, _ := o.Extras().State.(*py.Dict)
	if self, _ := state.Get("self"); self != o || o == node || o.Args.Items[0] != o.Args.Items[1] {
		t.Errorf("%#v", o)
	}
	if list, _ := o.Args.Items[0].(*py.List); py.TypeName(list.Items[0]) != "Decimal" || list == inner || inner.Items[0] != any(price) {
		t.Error("the copy is not one, or not native")
	}
}

func TestTZInfoHoldsForTheTimeThatItWasGivenToOnly(t *testing.T) {
	t.Parallel()
	berlin := call("pytz._p", "Europe/Berlin", int64(7200), int64(3600), "CEST")
	d, ok := py.DateTime{Time: time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC), Naive: true}.WithTZInfo(berlin)
	if !ok || d.TZInfo() != any(berlin) || d.Time.Location().String() != "Europe/Berlin" {
		t.Fatalf("%#v", d)
	}
	later, elsewhere, folded := d, d, d
	later.Time = d.Time.AddDate(0, 6, 0)
	elsewhere.Time = d.Time.UTC()
	folded.Fold = true
	for _, other := range []py.DateTime{later, elsewhere, folded} {
		if other.TZInfo() != nil {
			t.Errorf("%v keeps the object of another time", other)
		}
	}
}

func TestNativeKeysAreFound(t *testing.T) {
	t.Parallel()
	prices := py.NewDict(1)
	prices.Set(py.NewTuple("tea", call("decimal.Decimal", "1.50")), "cheap")
	native, _ := py.Native(prices).(*py.Dict)
	if v, _ := native.Get(py.NewTuple("tea", decimal("1.5"))); v != "cheap" {
		t.Errorf("found %v", v)
	}
	if !py.Native(py.NewSet(call("decimal.Decimal", "1.50"))).(*py.Set).Has(decimal("1.5")) {
		t.Error("the member is not found")
	}
}

func TestEqualSetsOfObjects(t *testing.T) {
	t.Parallel()
	set := func(lists ...*py.List) *py.Set {
		s := py.NewSet()
		for _, list := range lists {
			s.Add(call("shop.Tag", list))
		}
		return s
	}
	one, two, three := py.NewList(int64(1)), py.NewList(int64(2)), py.NewList(int64(3))
	again1, again2 := py.NewList(int64(1)), py.NewList(int64(2))
	for name, c := range map[string]struct {
		a, b any
		want bool
	}{
		"in another order":          {set(one, two), set(again2, again1), true},
		"another member":            {set(one, two), set(again2, three), false},
		"a member twice":            {set(one, again1), set(one, two), false},
		"tried before and not kept": {py.NewList(set(one, two), one), py.NewList(set(again2, again1), again2), false},
	} {
		if py.Equal(c.a, c.b) != c.want || py.Equal(c.b, c.a) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}

// TestTimeZonesOfOldReleases has classes that no current release pickles.
func TestTimeZonesOfOldReleases(t *testing.T) {
	t.Parallel()
	attributes := py.NewDict(2)
	attributes.Set("_name", nil)
	attributes.Set("_offset", call("datetime.timedelta", int64(-1), int64(81000), int64(0)))
	tzinfo := call("datetime.tzinfo")
	for name, zone := range map[string]*py.Object{
		"dateutil 2, protocol 2": withState(made("dateutil.tz.tz.tzoffset"), attributes),
		"dateutil 2, protocol 0": withState(call("copyreg._reconstructor", global("dateutil.tz.tz.tzoffset"), global("datetime.tzinfo"), tzinfo), attributes),
	} {
		aware := call("datetime.datetime", py.Bytes("\x07\xe8\x02\x1d\x17\x3b\x3a\x01\x01\x01"), zone)
		d, ok := py.Native(aware).(py.DateTime)
		if !ok || d.ISOFormat() != "2024-02-29T23:59:58.065793-01:30" || d.TZInfo() != any(zone) {
			t.Errorf("%s: %#v", name, py.Native(aware))
		}
	}
}
