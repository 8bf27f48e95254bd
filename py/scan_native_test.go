package py_test

import (
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

func decimal(s string) py.Decimal {
	d, err := py.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// made returns an object constructed by class.__new__(class, *args), as for a subclass of
// str or tuple, or a namedtuple.
func made(class string, args ...any) *py.Object {
	return &py.Object{Construction: py.ConstructNew, Callable: global(class), Args: py.NewTuple(args...)}
}

func withState(o *py.Object, state any) *py.Object {
	o.Extra = &py.Extra{HasState: true, State: state}
	return o
}

func withItems(o *py.Object, items ...any) *py.Object {
	o.Extra = &py.Extra{Items: items}
	return o
}

func withPairs(o *py.Object, keysAndValues ...any) *py.Object {
	o.Extra = &py.Extra{}
	for i := 0; i < len(keysAndValues); i += 2 {
		o.Extra.Pairs = append(o.Extra.Pairs, py.Pair{Key: keysAndValues[i], Value: keysAndValues[i+1]})
	}
	return o
}

// reconstructed returns an object of a class with a built-in base, as in protocols 0 and
// 1.
func reconstructed(class, base string, value any) *py.Object {
	return call("copyreg._reconstructor", global(class), global(base), value)
}

func TestScanOfWhatOnlyPickleHas(t *testing.T) {
	t.Parallel()
	type item struct {
		SKU   string   `json:"sku"`
		Price *big.Rat `json:"price"`
	}
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	id := py.UUID{0: 0x80, 15: 1}
	const idText = "80000000-0000-0000-0000-000000000001"
	year := py.TimeDelta{Days: 365 * 300}
	py2 := py.NewDict(1)
	py2.Set(py.Str2("sku"), py.Str2("a"))
	book := dict("sku", "a", "price", "19.90")
	want := item{SKU: "a", Price: big.NewRat(199, 10)}
	for name, c := range map[string]struct {
		in   any
		dst  any
		want any // nil: an error
	}{
		"timedelta into duration":            {py.TimeDelta{Days: -1, Seconds: 86399}, new(time.Duration), -time.Second},
		"timedelta object into duration":     {call("datetime.timedelta", int64(1)), new(time.Duration), 24 * time.Hour},
		"timedelta too long":                 {year, new(time.Duration), nil},
		"timedelta into int":                 {py.TimeDelta{Seconds: 1}, new(int), nil},
		"timedelta into its own":             {year, new(py.TimeDelta), year},
		"date into time":                     {py.Date{Year: 2024, Month: 2, Day: 29}, new(time.Time), day},
		"date into text":                     {py.Date{Year: 2024, Month: 2, Day: 29}, new(string), "2024-02-29"},
		"date object into its own":           {call("datetime.date", py.Bytes("\x07\xe8\x02\x1d")), new(py.Date), py.Date{Year: 2024, Month: 2, Day: 29}},
		"datetime object into time":          {call("datetime.datetime", py.Bytes("\x07\xe8\x02\x1d\x00\x00\x00\x00\x00\x00")), new(time.Time), day},
		"time into text":                     {py.Time{Hour: 7}, new(string), "07:00:00"},
		"time into time":                     {py.Time{Hour: 7}, new(time.Time), nil},
		"decimal into rat":                   {decimal("19.90"), new(*big.Rat), big.NewRat(199, 10)},
		"infinite decimal into rat":          {decimal("Infinity"), new(*big.Rat), nil},
		"decimal of many digits into rat":    {decimal("1E+999999999"), new(*big.Rat), nil},
		"text of many digits into rat":       {"1E+999999999", new(*big.Rat), nil},
		"decimal into text":                  {decimal("19.90"), new(string), "19.90"},
		"decimal into float":                 {decimal("19.90"), new(float64), 19.9},
		"decimal of zeros into float":        {decimal("0E-400"), new(float64), 0.0},
		"decimal that a float holds":         {decimal("0.1000000000000000055511151231257827021181583404541015625"), new(float64), 0.1},
		"decimal that a float rounds":        {decimal("0.1234567890123456789"), new(float64), nil},
		"decimal that no float reaches":      {decimal("1E+400"), new(float64), nil},
		"decimal below any float":            {decimal("1E-400"), new(float64), nil},
		"decimal into int":                   {decimal("5.00"), new(int), 5},
		"decimal with a fraction into int":   {decimal("5.01"), new(int), nil},
		"decimal beyond int64 into big.Int":  {decimal("1E+20"), new(*big.Int), new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)},
		"decimal into small int":             {decimal("300"), new(int8), nil},
		"decimal into duration":              {decimal("5"), new(time.Duration), nil},
		"decimal object into its own":        {call("decimal.Decimal", "5.0"), new(py.Decimal), decimal("5.0")},
		"text into decimal":                  {"5.0", new(py.Decimal), decimal("5.0")},
		"int into rat":                       {int64(5), new(big.Rat), *big.NewRat(5, 1)},
		"uuid into array":                    {id, new([16]byte), [16]byte{0: 0x80, 15: 1}},
		"uuid into text":                     {id, new(string), idText},
		"uuid object into its own":           {uuidObject(int64(1)), new(py.UUID), py.UUID{15: 1}},
		"text into uuid":                     {idText, new(py.UUID), id},
		"complex":                            {1 + 2i, new(complex128), 1 + 2i},
		"tuple into slice":                   {py.NewTuple(int64(1), int64(2)), new([]int), []int{1, 2}},
		"tuple into array":                   {py.NewTuple(int64(1), int64(2)), new([2]int), [2]int{1, 2}},
		"tuple into array of another length": {py.NewTuple(int64(1)), new([2]int), nil},
		"set into slice":                     {py.NewSet("a"), new([]string), []string{"a"}},
		"set into map to struct":             {py.NewSet("a", "b"), new(map[string]struct{}), map[string]struct{}{"a": {}, "b": {}}},
		"frozenset into map to bool":         {py.NewFrozenSet(int64(1)), new(map[int]bool), map[int]bool{1: true}},
		"set into map to int":                {py.NewSet("a"), new(map[string]int), nil},
		"bytearray into bytes":               {&py.ByteArray{Bytes: []byte("a")}, new([]byte), []byte("a")},
		"str of Python 2 into text":          {py.Str2("a"), new(string), "a"},
		"str of Python 2 into bytes":         {py.Str2("\xff"), new([]byte), []byte("\xff")},
		"SafeString into text":               {made("django.utils.safestring.SafeString", "<b>"), new(string), "<b>"},
		"SafeText of protocol 1":             {reconstructed("django.utils.safestring.SafeText", "builtins.str", "<b>"), new(string), "<b>"},
		"OrderedDict into struct":            {withPairs(call("collections.OrderedDict"), "sku", "a", "price", "19.90"), new(item), want},
		"OrderedDict of Python 2":            {call("collections.OrderedDict", py.NewList(py.NewList("a", int64(1)))), new(map[string]int), map[string]int{"a": 1}},
		"empty OrderedDict":                  {call("collections.OrderedDict"), new(map[string]int), map[string]int{}},
		"defaultdict":                        {withPairs(call("collections.defaultdict", global("builtins.int")), "a", int64(1)), new(map[string]int), map[string]int{"a": 1}},
		"Counter":                            {call("collections.Counter", dict("a", 2)), new(map[string]int), map[string]int{"a": 2}},
		"subclass of dict":                   {withPairs(made("shop.Bag"), "a", int64(1)), new(map[string]int), map[string]int{"a": 1}},
		"subclass of dict of protocol 0":     {reconstructed("shop.Bag", "builtins.dict", dict("a", 1)), new(map[string]int), map[string]int{"a": 1}},
		"deque":                              {withItems(call("collections.deque"), int64(1)), new([]int), []int{1}},
		"empty deque":                        {call("collections.deque", py.NewTuple(), int64(3)), new([]int), []int{}},
		"subclass of list":                   {withItems(made("shop.Lines"), int64(1)), new([]int), []int{1}},
		"namedtuple":                         {made("shop.Point", int64(1), int64(2)), new([2]int), [2]int{1, 2}},
		"subclass of tuple":                  {made("shop.Point", py.NewTuple(int64(1), int64(2))), new([2]int), [2]int{1, 2}},
		"namedtuple of protocol 0":           {reconstructed("shop.Point", "builtins.tuple", py.NewTuple(int64(1))), new([]int), []int{1}},
		"call of a function":                 {call("os.system", "ls"), new(string), nil},
		"call of a class":                    {call("shop.Range", int64(1)), new([]int), nil},
		"attributes into struct":             {withState(made("shop.Item"), book), new(item), want},
		"slots into struct":                  {withState(made("shop.Item"), py.NewTuple(nil, book)), new(item), want},
		"model into struct":                  {withState(call("django.db.models.base.model_unpickle", py.NewTuple("shop", "Item")), book), new(item), want},
		"instance of Python 2 into struct":   {withState(made("shop.Item"), py2), new(item), item{SKU: "a"}},
		"state that is no dict":              {withState(made("shop.Item"), int64(1)), new(item), nil},
		"into any": {
			dict("d", decimal("1.0"), "t", py.NewTuple(call("datetime.timedelta", int64(1))), "s", made("SafeString.x", "a"),
				"o", withPairs(call("collections.OrderedDict"), "a", int64(1)), "q", withItems(call("collections.deque"), int64(1))),
			new(any),
			map[string]any{"d": decimal("1.0"), "t": []any{24 * time.Hour}, "s": "a", "o": map[string]any{"a": int64(1)}, "q": []any{int64(1)}},
		},
	} {
		err := py.Scan(c.in, c.dst, nil)
		switch {
		case c.want == nil:
			if _, ok := errors.AsType[*py.ScanError](err); !ok {
				t.Errorf("%s: error %v, want a ScanError", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if got := reflect.ValueOf(c.dst).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %#v, want %#v", name, got, c.want)
			}
		}
	}
}

type nested []nested

// TestScanIsBoundedWhereOneValueStandsInVeryManyPlaces scans a value that fits into a
// pickle of a few hundred bytes.
func TestScanIsBoundedWhereOneValueStandsInVeryManyPlaces(t *testing.T) {
	t.Parallel()
	v := py.NewList()
	for range 64 {
		v = py.NewList(v, v)
	}
	for _, dst := range []any{new(any), new(nested)} {
		if err := py.Scan(v, dst, nil); err == nil || !strings.Contains(err.Error(), "expands to more than 16 times its size") {
			t.Errorf("%T: error %v", dst, err)
		}
	}
}

func TestScanTakesLargeValuesThatAreNotShared(t *testing.T) {
	t.Parallel()
	v := py.NewList(make([]any, 2_000_000)...)
	var got []any
	if err := py.Scan(v, &got, nil); err != nil || len(got) != len(v.Items) {
		t.Errorf("%d items, %v", len(got), err)
	}
}

func TestJSONRefusesWhatPythonsJSONDoes(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		decimal("1"),
		py.UUID{},
		py.Date{Year: 1, Month: 1, Day: 1},
		py.Time{},
		py.TimeDelta{},
		py.DateTime{},
		1i, py.NewSet(), py.NewFrozenSet(),
		&py.ByteArray{}, py.Bytes(""), global("a.b"), made("a.b"), time.Second,
	} {
		value, err := py.From(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		if text, err := pyjson.Dumps(value); err == nil {
			t.Errorf("%T is written as %s", v, text)
		}
	}
}

// A long of Python 2 is a big.Int of any size and fits where an int fits.
func TestLongsOfPython2Fit(t *testing.T) {
	t.Parallel()
	var n int8
	var u uint16
	var f float64
	var b *big.Int
	var plain any
	for _, dst := range []any{&n, &u, &f, &b, &plain} {
		if err := py.Scan(big.NewInt(7), dst, time.UTC); err != nil {
			t.Errorf("%T: %v", dst, err)
		}
	}
	if n != 7 || u != 7 || f != 7 || b.Int64() != 7 || plain != int64(7) {
		t.Error(n, u, f, b, plain)
	}
	if err := py.Scan(big.NewInt(700), &n, time.UTC); err == nil {
		t.Error("700 fits int8")
	}
}
