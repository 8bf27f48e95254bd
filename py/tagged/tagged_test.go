package tagged_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/py/tagged"
)

func dictOf(keysAndValues ...any) *py.Dict {
	d := py.NewDict(len(keysAndValues) / 2)
	for i := 0; i < len(keysAndValues); i += 2 {
		d.Set(keysAndValues[i], keysAndValues[i+1])
	}
	return d
}

func global(name string) *py.Global {
	i := strings.LastIndexByte(name, '.')
	return &py.Global{Module: name[:i], Name: name[i+1:]}
}

func call(class string, args ...any) *py.Object {
	return &py.Object{Callable: global(class), Args: py.NewTuple(args...)}
}

func decimal(s string) py.Decimal {
	d, _ := py.ParseDecimal(s)
	return d
}

func in(tzinfo any, wall time.Time, fold bool) py.DateTime {
	d, _ := py.DateTime{Time: wall, Naive: true, Fold: fold}.WithTZInfo(tzinfo)
	return d
}

// recursive returns a list that contains itself through the result of within.
func recursive(within func(any) any) any {
	list := py.NewList("a")
	list.Items = append(list.Items, within(list))
	return list
}

func TestEachTypeIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	chicago := time.Date(2023, 11, 14, 22, 13, 20, 123456000, time.FixedZone("", -6*3600))
	fall := time.Date(2024, 11, 3, 1, 30, 0, 0, time.UTC)
	zoneInfo := &py.Object{Callable: call("builtins.getattr", global("zoneinfo.ZoneInfo"), "_unpickle"), Args: py.NewTuple("America/Chicago", int64(1))}
	tests := []struct {
		name  string
		value any
		text  string
	}{
		{"none", nil, `null`},
		{"bool", true, `true`},
		{"int", int64(-19), `-19`},
		{"int of any size", huge, `123456789012345678901234567890`},
		{"float without fraction", 1.0, `1.0`},
		{"float in exponent form", 1e16, `1e+16`},
		{"negative zero", math.Copysign(0, -1), `-0.0`},
		{"nan", math.NaN(), `{"$float":"nan"}`},
		{"infinity", math.Inf(1), `{"$float":"inf"}`},
		{"negative infinity", math.Inf(-1), `{"$float":"-inf"}`},
		{"text outside ASCII", "hé☃😀", `"h\u00e9\u2603\ud83d\ude00"`},
		{"lone surrogate", "a\xed\xa0\xbdb", `"a\ud83db"`},
		{"surrogates that are no pair", "a\xed\xa0\xbd\xed\xb8\x80b", `{"$str":["a\ud83d","\ude00b"]}`},
		{"key of surrogates that are no pair", dictOf("\xed\xa0\xbd\xed\xb8\x80", int64(1)), `{"$dict":[[{"$str":["\ud83d","\ude00"]},1]]}`},
		{"control characters", "\x00\x7f\n\"\\", `"\u0000\u007f\n\"\\"`},
		{"bytes", py.Bytes("\xff\x00bytes"), `{"$bytes":"/wBieXRlcw=="}`},
		{"no bytes", py.Bytes(""), `{"$bytes":""}`},
		{"naive datetime", py.DateTime{Time: fall, Naive: true}, `{"$datetime":"2024-11-03T01:30:00"}`},
		{"second reading of a clock put back", py.DateTime{Time: fall, Naive: true, Fold: true}, `{"$datetime":["2024-11-03T01:30:00",1]}`},
		{"aware datetime", py.DateTime{Time: chicago}, `{"$datetime":"2023-11-14T22:13:20.123456-06:00"}`},
		{"list", py.NewList(int64(1), py.NewList(), py.Bytes("a")), `[1,[],{"$bytes":"YQ=="}]`},
		{"dict keeps its order", dictOf("b", int64(1), "a", dictOf()), `{"b":1,"a":{}}`},
		{"dict with keys that are no text", dictOf(int64(1), "a", nil, math.NaN()), `{"$dict":[[1,"a"],[null,{"$float":"nan"}]]}`},
		{"dict with bytes as a key", dictOf(py.Bytes("k"), true), `{"$dict":[[{"$bytes":"aw=="},true]]}`},
		{"dict that looks like a tag", dictOf("$bytes", "aGk="), `{"$dict":[["$bytes","aGk="]]}`},
		{"dict whose only key begins like a tag", dictOf("$", int64(1)), `{"$dict":[["$",1]]}`},
		{"dict with a tag among other keys", dictOf("$bytes", "aGk=", "x", int64(1)), `{"$bytes":"aGk=","x":1}`},
		{"dict in the form of a dict", dictOf("$dict", py.NewList()), `{"$dict":[["$dict",[]]]}`},
		{"empty key", dictOf("", int64(1)), `{"":1}`},
		{"tuple", py.NewTuple(int64(1), py.NewTuple()), `{"$tuple":[1,{"$tuple":[]}]}`},
		{"set keeps its order", py.NewSet(int64(3), int64(1)), `{"$set":[3,1]}`},
		{"frozenset as a key", dictOf(py.NewFrozenSet("a"), true), `{"$dict":[[{"$frozenset":["a"]},true]]}`},
		{"bytearray", &py.ByteArray{Bytes: []byte("hi")}, `{"$bytearray":"aGk="}`},
		{"str of Python 2", py.Str2("a\xff"), `{"$str2":"a\u00ff"}`},
		{"complex", complex(1, math.Inf(-1)), `{"$complex":[1.0,{"$float":"-inf"}]}`},
		{"decimal keeps its zeros", decimal("19.90"), `{"$decimal":"19.90"}`},
		{"uuid", py.UUID{15: 1}, `{"$uuid":"00000000-0000-0000-0000-000000000001"}`},
		{"date", py.Date{Year: 2024, Month: 2, Day: 29}, `{"$date":"2024-02-29"}`},
		{"time", py.Time{Hour: 1, Microsecond: 5}, `{"$time":"01:00:00.000005"}`},
		{"aware time", py.Time{Hour: 1, TZInfo: py.TimeZone(-3600)}, `{"$time":"01:00:00-01:00"}`},
		{"second reading of a time", py.Time{Hour: 1, Fold: true}, `{"$time":["01:00:00",1]}`},
		{"timedelta", py.TimeDelta{Days: -1, Seconds: 5}, `{"$timedelta":[-1,5,0]}`},
		{"class", &py.Global{Module: "os.path", Name: "join"}, `{"$global":"os.path.join"}`},
		{"nested class", &py.Global{Module: "shop.models", Name: "Order.Status"}, `{"$global":["shop.models","Order.Status"]}`},
		{"class of no module", &py.Global{Name: "x"}, `{"$global":["","x"]}`},
		{"object that is called", call("shop.Price", int64(5)), `{"$object":{"class":"shop.Price","args":[5]}}`},
		{"object that is new", &py.Object{Construction: py.ConstructNew, Callable: global("shop.Cart"), Args: py.NewTuple()}, `{"$object":{"class":"shop.Cart","new":true}}`},
		{"instance of an old-style class", &py.Object{Construction: py.ConstructInstance, Callable: global("shop.Cart"), Args: py.NewTuple(int64(1))}, `{"$object":{"class":"shop.Cart","oldstyle":true,"args":[1]}}`},
		{"object with keyword arguments", &py.Object{Construction: py.ConstructNewEx, Callable: global("shop.Cart"), Args: py.NewTuple(), Extra: &py.Extra{Kwargs: dictOf("$a", int64(1))}}, `{"$object":{"class":"shop.Cart","new":true,"kwargs":{"$dict":[["$a",1]]}}}`},
		{"object whose state is none", &py.Object{Callable: global("shop.Cart"), Args: py.NewTuple(), Extra: &py.Extra{HasState: true}}, `{"$object":{"class":"shop.Cart","state":null}}`},
		{"object with a setter", &py.Object{Callable: global("shop.Cart"), Args: py.NewTuple(), Extra: &py.Extra{HasState: true, State: int64(1), Setter: global("shop.put")}}, `{"$object":{"class":"shop.Cart","state":1,"setter":{"$global":"shop.put"}}}`},
		{"object with items and pairs", &py.Object{Callable: global("shop.Cart"), Args: py.NewTuple(), Extra: &py.Extra{Items: []any{nil}, Pairs: []py.Pair{{Key: int64(1), Value: "a"}}}}, `{"$object":{"class":"shop.Cart","items":[null],"pairs":[[1,"a"]]}}`},
		{"object of what has no name", &py.Object{Callable: call("builtins.getattr", global("shop.Cart"), "make"), Args: py.NewTuple(true)}, `{"$object":{"callable":{"$object":{"class":"builtins.getattr","args":[{"$global":"shop.Cart"},"make"]}},"args":[true]}}`},
		{"persistent object", &py.Object{Construction: py.ConstructPersistent, Args: py.NewTuple("7")}, `{"$object":{"persistent":"7"}}`},
		{"object with a native form", call("decimal.Decimal", "1.0"), `{"$decimal":"1.0"}`},
		{"datetime in a place", in(zoneInfo, fall, true), `{"$datetime":["2024-11-03T01:30:00-06:00",1,{"$object":{"callable":{"$object":{"class":"builtins.getattr","args":[{"$global":"zoneinfo.ZoneInfo"},"_unpickle"]}},"args":["America/Chicago",1]}}]}`},
		{"datetime in a zone with a name", in(call("datetime.timezone", py.TimeDelta{Seconds: 3600}, "CET"), fall, false), `{"$datetime":["2024-11-03T01:30:00+01:00",0,{"$object":{"class":"datetime.timezone","args":[{"$timedelta":[0,3600,0]},"CET"]}}]}`},
		{"time in a place", py.Time{Hour: 1, TZInfo: zoneInfo}, `{"$time":["01:00:00",0,{"$object":{"callable":{"$object":{"class":"builtins.getattr","args":[{"$global":"zoneinfo.ZoneInfo"},"_unpickle"]}},"args":["America/Chicago",1]}}]}`},
		{"list in itself", recursive(func(v any) any { return v }), `{"$id":[1,["a",{"$ref":1}]]}`},
		{"tuple in a list in itself", recursive(func(v any) any { return py.NewTuple(v) }), `{"$id":[1,["a",{"$tuple":[{"$ref":1}]}]]}`},
		{"dict in a list in itself", recursive(func(v any) any { return dictOf("self", v) }), `{"$id":[1,["a",{"self":{"$ref":1}}]]}`},
		{"object in a list in itself", recursive(func(v any) any { return call("shop.Node", v) }), `{"$id":[1,["a",{"$object":{"class":"shop.Node","args":[{"$ref":1}]}}]]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := tagged.Dumps(test.value)
			if err != nil || string(text) != test.text {
				t.Errorf("Dumps = %s, %v; want %s", text, err, test.text)
			}
			value, err := tagged.LoadsString(test.text)
			if err != nil || !py.Equal(value, test.value) {
				t.Errorf("Loads = %#v, %v; want %#v", value, err, test.value)
			}
		})
	}
}

func TestLazyValuesAreWrittenAsWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	session, err := pyjson.LoadsDict([]byte(`{"total":[1.0,NaN],"note":{"$bytes":"no bytes"}}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := tagged.Dumps(session)
	want := `{"total":[1.0,{"$float":"nan"}],"note":{"$dict":[["$bytes","no bytes"]]}}`
	if err != nil || string(text) != want {
		t.Errorf("Dumps = %s, %v; want %s", text, err, want)
	}
}

func TestLoadsTakesWhatPythonsJSONTakes(t *testing.T) {
	t.Parallel()
	got, err := tagged.LoadsString(" [NaN, -Infinity, \"hé\",\t1e400] ")
	want := py.NewList(math.NaN(), math.Inf(-1), "hé", math.Inf(1))
	if err != nil || !py.Equal(got, want) {
		t.Errorf("Loads = %v, %v; want %v", got, err, want)
	}
}

type wrongTag struct{ name, text, tag, path string }

// tagsWithoutText returns each tag of text, with content of each other kind.
func tagsWithoutText() []wrongTag {
	tags := []string{"$bytes", "$bytearray", "$date", "$datetime", "$decimal", "$float", "$global", "$str2", "$time", "$uuid"}
	contents := []string{"5", "1.5", "null", "true", "[]", `["a"]`, `{"a":1}`, `{"$bytes":""}`}
	all := make([]wrongTag, 0, len(tags)*len(contents))
	for _, tag := range tags {
		for _, content := range contents {
			all = append(all, wrongTag{name: tag + " without text: " + content, text: fmt.Sprintf(`[{%q:%s}]`, tag, content), tag: tag, path: "[0]"})
		}
	}
	return all
}

func TestWrongTagsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []wrongTag{
		{name: "unknown tag", text: `{"$tupel":[1]}`, tag: "$tupel", path: ""},
		{name: "bare dollar", text: `{"$":1}`, tag: "$", path: ""},
		{name: "bytes that are no text", text: `{"$bytes":1}`, tag: "$bytes", path: ""},
		{name: "bytes without padding", text: `{"$bytes":"aGk"}`, tag: "$bytes", path: ""},
		{name: "float with a finite value", text: `{"$float":"1.0"}`, tag: "$float", path: ""},
		{name: "float that is no text", text: `{"$float":[]}`, tag: "$float", path: ""},
		{name: "no date", text: `{"$datetime":"2023-02-30T00:00:00"}`, tag: "$datetime", path: ""},
		{name: "datetime with an unknown fold", text: `{"$datetime":["2024-11-03T01:30:00",2]}`, tag: "$datetime", path: ""},
		{name: "dict that is an object", text: `{"$dict":{"a":1}}`, tag: "$dict", path: ""},
		{name: "dict with a triple", text: `{"$dict":[[1,2,3]]}`, tag: "$dict", path: ""},
		{name: "dict with an unhashable key", text: `{"$dict":[[[1],2]]}`, tag: "$dict", path: ""},
		{name: "dict with a key twice", text: `{"$dict":[[1,2],[1.0,3]]}`, tag: "$dict", path: ""},
		{name: "set with a member twice", text: `{"$set":[1,true]}`, tag: "$set", path: ""},
		{name: "dict with a key of a tuple of a list", text: `{"$dict":[[{"$tuple":[1,[]]},2]]}`, tag: "$dict", path: ""},
		{name: "set of a set", text: `[{"$set":[{"$set":[]}]}]`, tag: "$set", path: "[0]"},
		{name: "frozenset of a bytearray", text: `{"$frozenset":[{"$bytearray":""}]}`, tag: "$frozenset", path: ""},
		{name: "tuple that is no list", text: `{"$tuple":{"a":1}}`, tag: "$tuple", path: ""},
		{name: "decimal that is a number", text: `{"$decimal":19.99}`, tag: "$decimal", path: ""},
		{name: "no decimal", text: `{"$decimal":"ten"}`, tag: "$decimal", path: ""},
		{name: "no UUID", text: `{"$uuid":"00000000-0000-0000-0000-00000000000g"}`, tag: "$uuid", path: ""},
		{name: "no date", text: `{"$date":"2023-02-30"}`, tag: "$date", path: ""},
		{name: "no time", text: `{"$time":"24:00"}`, tag: "$time", path: ""},
		{name: "time with a tzinfo that is none", text: `{"$time":["12:00:00",0,"UTC"]}`, tag: "$time", path: ""},
		{name: "datetime with an unknown tzinfo", text: `{"$datetime":["2023-11-14T00:00:00",0,{"$object":{"class":"shop.Zone"}}]}`, tag: "$datetime", path: ""},
		{name: "timedelta of two", text: `{"$timedelta":[1,2]}`, tag: "$timedelta", path: ""},
		{name: "timedelta too long", text: `{"$timedelta":[1000000000,0,0]}`, tag: "$timedelta", path: ""},
		{name: "complex of ints", text: `{"$complex":[1,2]}`, tag: "$complex", path: ""},
		{name: "str that is no list", text: `{"$str":"a"}`, tag: "$str", path: ""},
		{name: "str of no strings", text: `{"$str":["a",1]}`, tag: "$str", path: ""},
		{name: "str2 beyond a byte", text: `{"$str2":"\u0100"}`, tag: "$str2", path: ""},
		{name: "name without a module", text: `{"$global":"eval"}`, tag: "$global", path: ""},
		{name: "object that is a list", text: `{"$object":[]}`, tag: "$object", path: ""},
		{name: "object of nothing", text: `{"$object":{}}`, tag: "$object", path: ""},
		{name: "object of two things", text: `{"$object":{"class":"a.b","callable":1}}`, tag: "$object", path: ""},
		{name: "object of null", text: `{"$object":{"callable":null}}`, tag: "$object", path: ""},
		{name: "object with an unknown key", text: `{"$object":{"class":"a.b","arguments":[]}}`, tag: "$object", path: ""},
		{name: "object with kwargs that are not for new", text: `{"$object":{"class":"a.b","kwargs":{}}}`, tag: "$object", path: ""},
		{name: "object with a setter and no state", text: `{"$object":{"class":"a.b","setter":1}}`, tag: "$object", path: ""},
		{name: "object with wrong pairs", text: `{"$object":{"class":"a.b","pairs":[1]}}`, tag: "$object", path: ""},
		{name: "object with a wrong value far inside", text: `{"$object":{"class":"a.b","state":[{"$bytes":0}]}}`, tag: "$bytes", path: `["$object"]["state"][0]`},
		{name: "reference to nothing", text: `[{"$ref":1}]`, tag: "$ref", path: "[0]"},
		{name: "reference to what is complete", text: `[{"$id":[1,[]]},{"$ref":1}]`, tag: "$ref", path: "[1]"},
		{name: "number that is taken", text: `{"$id":[1,[{"$id":[1,[]]}]]}`, tag: "$id", path: `["$id"][1][0]`},
		{name: "number that is none", text: `{"$id":["a",[]]}`, tag: "$id", path: ""},
		{name: "number for what contains nothing", text: `{"$id":[1,"a"]}`, tag: "$id", path: ""},
		{name: "tuple made of itself", text: `{"$id":[1,{"$tuple":[{"$ref":1}]}]}`, tag: "$ref", path: `["$id"][1]["$tuple"][0]`},
		{name: "frozenset made of itself", text: `{"$id":[1,{"$frozenset":[{"$tuple":[{"$ref":1}]}]}]}`, tag: "$ref", path: `["$id"][1]["$frozenset"][0]["$tuple"][0]`},
		{name: "unknown tag of text", text: `{"$tupel":"1"}`, tag: "$tupel", path: ""},
		{name: "far inside", text: `{"cart":[0,{"$dict":[[1,{"$bytes":"?"}]]}]}`, tag: "$bytes", path: `["cart"][1]["$dict"][0][1]`},
	}
	for _, test := range append(tests, tagsWithoutText()...) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v, err := tagged.LoadsString(test.text)
			var wrong *tagged.TagError
			if !errors.As(err, &wrong) {
				t.Fatalf("Loads = %v, %v; want a TagError", v, err)
			}
			if wrong.Tag != test.tag || wrong.Path != test.path {
				t.Errorf("tag %q at %q, want %q at %q", wrong.Tag, wrong.Path, test.tag, test.path)
			}
		})
	}
}

func TestTextThatIsNoJSONIsASyntaxError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "'a'", "{1:2}", "[1,]", "\xff", "1 2"} {
		_, err := tagged.LoadsString(text)
		if _, ok := errors.AsType[*pyjson.SyntaxError](err); !ok {
			t.Errorf("Loads(%q) gives %v, want a SyntaxError", text, err)
		}
	}
}

func TestWhatIsNoPythonValueIsNotWritten(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
	}{
		{"Go struct", struct{}{}},
		{"text that is not UTF-8", "a\xff"},
		{"key that is not UTF-8", dictOf("a\xff", nil)},
		{"nil list", (*py.List)(nil)},
		{"nil dict", (*py.Dict)(nil)},
		{"nil integer", (*big.Int)(nil)},
		{"year past Python's", py.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"nil tuple", (*py.Tuple)(nil)},
		{"nil set", py.NewList((*py.Set)(nil))},
		{"nil frozenset", (*py.FrozenSet)(nil)},
		{"nil bytearray", (*py.ByteArray)(nil)},
		{"nil name", (*py.Global)(nil)},
		{"nil object", (*py.Object)(nil)},
		{"object of nothing", &py.Object{}},
		{"persistent object without an id", &py.Object{Construction: py.ConstructPersistent}},
		{"object of an unknown construction", &py.Object{Construction: 9, Callable: &py.Global{Module: "a", Name: "b"}}},
		{"timedelta not normalized", py.TimeDelta{Seconds: -1}},
		{"no day", py.Date{Year: 2024, Month: 2, Day: 30}},
		{"no time of day", py.Time{Hour: 24}},
		{"lists of lists in very many places", laughs(40, func(v any) any { return py.NewList(v, v) })},
		{"tuples of tuples in very many places", laughs(40, func(v any) any { return py.NewTuple(v, v) })},
		{"a long text in very many places", manyTimes(strings.Repeat("x", 1<<16))},
		{"a long decimal in very many places", manyTimes(decimal(strings.Repeat("9", 1<<14)))},
		{"a huge integer in very many places", manyTimes(new(big.Int).Lsh(big.NewInt(1), 1<<16))},
		{"deep inside", py.NewList(dictOf("a", py.NewList(make(chan int))))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := tagged.Dumps(test.value)
			var unsupported *tagged.UnsupportedError
			if !errors.As(err, &unsupported) || text != nil {
				t.Errorf("Dumps = %s, %v; want an UnsupportedError alone", text, err)
			}
		})
	}
}

// laughs returns a value that contains one value in 2**levels places.
func laughs(levels int, twice func(any) any) any {
	v := any("ha")
	for range levels {
		v = twice(v)
	}
	return v
}

func manyTimes(v any) any {
	list := py.NewList()
	for range 1000 {
		list.Items = append(list.Items, v)
	}
	return list
}

func TestDepthIsBoundedBothWays(t *testing.T) {
	t.Parallel()
	deepest := strings.Repeat("[", tagged.MaxDepth) + strings.Repeat("]", tagged.MaxDepth)
	v, err := tagged.LoadsString(deepest)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tagged.Dumps(v)
	if err != nil || string(text) != deepest {
		t.Errorf("the deepest value is not written as it was read: %v", err)
	}
	if _, err := tagged.Dumps(py.NewList(v)); err == nil {
		t.Error("a value one level deeper is written")
	}
	if _, err := tagged.LoadsString("[" + deepest + "]"); err == nil {
		t.Error("a value one level deeper is read")
	}
}
