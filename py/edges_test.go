package py_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// edges is the output of testdata/edges.py.
type edges struct {
	ISO       [][2]*string         `json:"iso"` // the text in hex, and its value
	TimeDelta [][2]json.RawMessage `json:"timedelta"`
	Decimal   []struct {
		Text     string `json:"text"`
		Sign     int    `json:"sign"`
		Unscaled string `json:"unscaled"`
		Integer  bool   `json:"integer"`
	} `json:"decimal"`
	Date [][2]json.RawMessage `json:"date"`
}

func readEdges(tb testing.TB) edges {
	tb.Helper()
	data, err := os.ReadFile("testdata/edges.json")
	if err != nil {
		tb.Fatal(err)
	}
	var e edges
	if err := json.Unmarshal(data, &e); err != nil {
		tb.Fatal(err)
	}
	if len(e.ISO) < 2000 || len(e.TimeDelta) < 2000 || len(e.Decimal) < 20 || len(e.Date) < 8 {
		tb.Fatalf("only %d, %d, %d and %d cases", len(e.ISO), len(e.TimeDelta), len(e.Decimal), len(e.Date))
	}
	return e
}

func TestISOFormatIsPythonsAtItsEdges(t *testing.T) {
	t.Parallel()
	for _, c := range readEdges(t).ISO {
		text, _ := hex.DecodeString(*c[0])
		d, err := py.ParseISOFormat(string(text))
		switch {
		case (err == nil) != (c[1] != nil):
			t.Errorf("%q: %v, %v", text, d, err)
		case err == nil && d.ISOFormat() != *c[1]:
			t.Errorf("%q is %s, want %s", text, d.ISOFormat(), *c[1])
		}
	}
}

func TestTimeDeltasArePythonsAtTheirEdges(t *testing.T) {
	t.Parallel()
	for _, c := range readEdges(t).TimeDelta {
		var texts [3]string
		var want *[3]int
		if json.Unmarshal(c[0], &texts) != nil || json.Unmarshal(c[1], &want) != nil {
			t.Fatalf("%s", c)
		}
		var n [3]int64
		for i, text := range texts {
			n[i], _ = strconv.ParseInt(text, 10, 64)
		}
		d, ok := py.NewTimeDelta(n[0], n[1], n[2])
		if ok != (want != nil) || ok && d != (py.TimeDelta{Days: want[0], Seconds: want[1], Microseconds: want[2]}) {
			t.Errorf("timedelta%v: %v, %v, want %v", texts, d, ok, want)
		}
	}
}

func TestDecimalsHaveSignAndDigits(t *testing.T) {
	t.Parallel()
	for _, c := range readEdges(t).Decimal {
		d, err := py.ParseDecimal(c.Text)
		if err != nil {
			t.Errorf("%.20s: %v", c.Text, err)
			continue
		}
		want, _ := new(big.Int).SetString(c.Unscaled, 0)
		if d.Sign() != c.Sign || d.Unscaled().Cmp(want) != 0 {
			t.Errorf("%.20s: sign %d, digits %.20s; want %d, %.20s", c.Text, d.Sign(), d.Unscaled(), c.Sign, want)
		}
		// More than 10,000 digits are not written out.
		zeros := max(d.Exponent(), -d.Exponent())
		_, isInteger := d.Int()
		if short := zeros <= 10_000 && len(want.String()) <= 10_000; isInteger != (c.Integer && short) {
			t.Errorf("%.20s: an integer: %v, in Python: %v", c.Text, isInteger, c.Integer)
		} else if _, rational := d.Rat(); rational != (short && d.IsFinite()) {
			t.Errorf("%.20s: rational: %v", c.Text, rational)
		}
	}
}

func TestDatesAreThoseOfPython(t *testing.T) {
	t.Parallel()
	for _, c := range readEdges(t).Date {
		var n [3]int
		var want *string
		if json.Unmarshal(c[0], &n) != nil || json.Unmarshal(c[1], &want) != nil {
			t.Fatalf("%s", c)
		}
		d := py.Date{Year: n[0], Month: time.Month(n[1]), Day: n[2]}
		if d.IsValid() != (want != nil) || want != nil && d.String() != *want {
			t.Errorf("%v: %v, want %v", n, d, want)
		}
	}
}

func global2(name string) *py.Global {
	return &py.Global{Module: name[:len(name)-len(lastPart(name))-1], Name: lastPart(name)}
}

func lastPart(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return name
}

// Objects with too few or too many arguments for their Python class have no native form,
// and cause no panic.
func TestConstructorsTakeTheirNumberOfArguments(t *testing.T) {
	t.Parallel()
	delta := py.TimeDelta{Seconds: 3600}
	state := py.Bytes("\x07\xe8\x02\x1d\x17;;\x01\xe2@")
	getattr := func(args ...any) *py.Object {
		return &py.Object{Callable: global2("builtins.getattr"), Args: py.NewTuple(args...)}
	}
	zoneInfo := getattr(global2("zoneinfo.ZoneInfo"), "_unpickle")
	takes := map[string]struct {
		callable any
		args     []any
		numbers  []int // of the accepted arguments
	}{
		"datetime":      {global2("datetime.datetime"), []any{state, py.TimeZone(0), nil, nil, nil}, []int{1, 2}},
		"date":          {global2("datetime.date"), []any{state[:4], nil, nil, nil, nil}, []int{1}},
		"time":          {global2("datetime.time"), []any{state[4:], py.TimeZone(0), nil, nil, nil}, []int{1, 2}},
		"timedelta":     {global2("datetime.timedelta"), []any{int64(1), int64(2), int64(3), int64(4), int64(5)}, []int{0, 1, 2, 3}},
		"Decimal":       {global2("decimal.Decimal"), []any{"1", "2", "3", "4", "5"}, []int{1}},
		"complex":       {global2("builtins.complex"), []any{1.0, 2.0, 3.0, 4.0, 5.0}, []int{2}},
		"complex of 2":  {global2("__builtin__.complex"), []any{1.0, 2.0, 3.0, 4.0, 5.0}, []int{2}},
		"UUID":          {global2("uuid.UUID"), []any{"0", "1", "2", "3", "4"}, nil},
		"tz: timezone":  {global2("datetime.timezone"), []any{delta, "name", "x", "y", "z"}, []int{1, 2}},
		"tz: UTC":       {global2("pytz._UTC"), []any{"a", "b", "c", "d", "e"}, []int{0}},
		"tz: tzutc":     {global2("dateutil.tz.tz.tzutc"), []any{"a", "b", "c", "d", "e"}, []int{0}},
		"tz: Django":    {global2("django.utils.timezone.UTC"), []any{"a", "b", "c", "d", "e"}, []int{0}},
		"tz: pytz":      {global2("pytz._p"), []any{"Europe/Berlin", int64(3600), int64(0), "CET", "x"}, []int{1, 4}},
		"tz: offset":    {global2("pytz._FixedOffset"), []any{int64(60), int64(1), int64(1), int64(1), int64(1)}, []int{1}},
		"tz: tzoffset":  {global2("dateutil.tz.tz.tzoffset"), []any{"CET", delta, nil, nil, nil}, []int{2}},
		"tz: ZoneInfo":  {zoneInfo, []any{"Europe/Berlin", true, "c", "d", "e"}, []int{2}},
		"tz: getattr 1": {getattr(global2("zoneinfo.ZoneInfo")), []any{"Europe/Berlin", true, "c", "d", "e"}, nil},
		"tz: getattr 3": {getattr(global2("zoneinfo.ZoneInfo"), "_unpickle", nil), []any{"Europe/Berlin", true, "c", "d", "e"}, nil},
		"tz: getattr 0": {getattr(), []any{"Europe/Berlin", true, "c", "d", "e"}, nil},
		"tz: unknown":   {global2("shop.Zone"), []any{"a", "b", "c", "d", "e"}, nil},
	}
	for what, c := range takes {
		for n := range 6 {
			var v any = &py.Object{Callable: c.callable, Args: py.NewTuple(c.args[:n]...)}
			if what[:3] == "tz:" { // a time shows whether its zone is known
				v = &py.Object{Callable: global2("datetime.datetime"), Args: py.NewTuple(state, v)}
			}
			_, isObject := py.Native(v).(*py.Object)
			taken := false
			for _, number := range c.numbers {
				taken = taken || number == n
			}
			if isObject == taken {
				t.Errorf("%s with %d arguments: %T", what, n, py.Native(v))
			}
		}
	}
}

// pytz accepts offsets of less than a day, in minutes; the seconds of an hour are too
// many.
func TestOffsetsOfADayAreNoTimeZones(t *testing.T) {
	t.Parallel()
	state := py.Bytes("\x07\xe8\x02\x1d\x17;;\x01\xe2@")
	for minutes, known := range map[int64]bool{-1440: false, -1439: true, 0: true, 1439: true, 1440: false, 1 << 62: false} {
		zone := &py.Object{Callable: global2("pytz._FixedOffset"), Args: py.NewTuple(minutes)}
		v := py.Native(&py.Object{Callable: global2("datetime.datetime"), Args: py.NewTuple(state, zone)})
		d, ok := v.(py.DateTime)
		if ok != known {
			t.Errorf("%d minutes: %T", minutes, v)
		}
		if _, seconds := d.Time.Zone(); known && int64(seconds) != minutes*60 {
			t.Errorf("%d minutes: %d seconds", minutes, seconds)
		}
	}
	for name, change := range map[string]func(o *py.Object){
		"with items":   func(o *py.Object) { o.Extra = &py.Extra{Items: []any{int64(1)}} },
		"with pairs":   func(o *py.Object) { o.Extra = &py.Extra{Pairs: []py.Pair{{}}} },
		"with a state": func(o *py.Object) { o.Extra = &py.Extra{HasState: true, State: py.NewDict(0)} },
		"with a setter": func(o *py.Object) {
			o.Extra = &py.Extra{HasState: true, State: py.NewDict(0), Setter: global2("m.f")}
		},
		"without arguments": func(o *py.Object) { o.Args = nil },
	} {
		zone := &py.Object{Callable: global2("pytz._FixedOffset"), Args: py.NewTuple(int64(60))}
		change(zone)
		v := py.Native(&py.Object{Callable: global2("datetime.datetime"), Args: py.NewTuple(state, zone)})
		if _, ok := v.(py.DateTime); ok {
			t.Errorf("a zone %s: %v", name, v)
		}
	}
}

func TestUUIDsHave32Digits(t *testing.T) {
	t.Parallel()
	const digits = "00112233445566778899aabbccddeeff"
	for text, ok := range map[string]bool{
		digits: true, digits[1:]: false, digits + "0": false, digits + "00": false, "": false, digits[:16]: false,
		"00112233-4455-6677-8899-aabbccddeeff": true, "00112233-4455-6677-8899-aabbccddeef": false, "0011223-34455-6677-8899-aabbccddeeff": false,
		"00112233044556677-8899-aabbccddeeff0": false, "00112233x4455-6677-8899-aabbccddeeff": false, "00112233-4455x6677-8899-aabbccddeeff": false,
		"00112233-4455-6677x8899-aabbccddeeff": false, "00112233-4455-6677-8899xaabbccddeeff": false, "00112233-44556677-8899-aabbccddeeff0": false, digits[:31] + "g": false, digits + digits: false,
	} {
		u, err := py.ParseUUID(text)
		if (err == nil) != ok || err != nil && u != (py.UUID{}) {
			t.Errorf("%q: %v, %v", text, u, err)
		}
	}
}

func TestMisfitsAreReported(t *testing.T) {
	t.Parallel()
	decimal := func(text string) py.Decimal {
		d, err := py.ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	long := make([]byte, 10_001)
	for i := range long {
		long[i] = '1'
	}
	for what, c := range map[string]struct{ v, dst any }{
		"list into big.Int":      {py.NewList(), new(*big.Int)},
		"fraction into big.Int":  {decimal("1.5"), new(*big.Int)},
		"bytes into int":         {py.Bytes("1"), new(int)},
		"bytes into ints":        {py.Bytes("1"), new([]int)},
		"bytearray into bool":    {&py.ByteArray{Bytes: []byte("1")}, new(bool)},
		"UUID into 15 bytes":     {py.UUID{}, new([15]byte)},
		"UUID into 17 bytes":     {py.UUID{}, new([17]byte)},
		"UUID into ints":         {py.UUID{}, new([16]int)},
		"1/x into big.Rat":       {"1/x", new(big.Rat)},
		"x/1 into big.Rat":       {"x/1", new(big.Rat)},
		"1/0 into big.Rat":       {"1/0", new(big.Rat)},
		"long text into big.Rat": {string(long), new(big.Rat)},
		"text into big.Rat":      {"one", new(big.Rat)},
		"list into big.Rat":      {py.NewList(), new(big.Rat)},
		"timedelta into int64":   {py.TimeDelta{Days: 1}, new(int64)},
		"long timedelta":         {py.TimeDelta{Days: 999_999_999}, new(time.Duration)},
		"date into int":          {py.Date{Year: 1, Month: 1, Day: 1}, new(int)},
		"Decimal into Duration":  {decimal("5"), new(time.Duration)},
		"complex into float":     {complex(1, 2), new(float64)},
		"tuple of 3 into 2":      {py.NewTuple(int64(1), int64(2), int64(3)), new([2]int)},
	} {
		if err := py.Scan(c.v, c.dst, time.UTC); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	var id py.UUID
	err := py.Scan("x", &id, time.UTC)
	if wrong, ok := errors.AsType[*py.ScanError](err); !ok || wrong.Reason != "the text does not have the format of the type" {
		t.Errorf("x into a UUID: %v", err)
	}
	var float big.Float
	if err := py.Scan(decimal("1.5"), &float, time.UTC); err != nil || float.String() != "1.5" {
		t.Errorf("1.5 into a big.Float: %v, %v", &float, err)
	}
	var yes bool
	if err := py.Scan(true, &yes, time.UTC); err != nil || !yes {
		t.Errorf("True into a bool: %v, %v", yes, err)
	}
	if err := py.Scan(true, new(int), time.UTC); err == nil {
		t.Error("True fits an int")
	}
	var r big.Rat
	if err := py.Scan("1/3", &r, time.UTC); err != nil || r.RatString() != "1/3" {
		t.Errorf("1/3: %s, %v", &r, err)
	}
	if err := py.Scan(string(long[:10_000]), &r, time.UTC); err != nil || !r.IsInt() {
		t.Errorf("10,000 digits: %v", err)
	}
	var u [16]byte
	if err := py.Scan(py.UUID{1, 2}, &u, time.UTC); err != nil || u != [16]byte{1, 2} {
		t.Errorf("a UUID: %v, %v", u, err)
	}
}
