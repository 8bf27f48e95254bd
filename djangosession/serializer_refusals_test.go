package djangosession_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// TestSubclassesOfStrThatAreNotSafeStringsAreNoText has a class whose instances may mean
// more than their text. They are refused or passed to Convert, as a value and as a key.
func TestSubclassesOfStrThatAreNotSafeStringsAreNoText(t *testing.T) {
	t.Parallel()
	name := &py.Object{Construction: py.ConstructNew, Callable: &py.Global{Module: "shop", Name: "Name"}, Args: py.NewTuple("text")}
	if text, ok := name.AsText(); !ok || text != "text" {
		t.Fatalf("the object is not text: %q", text)
	}
	keys := py.NewDict(1)
	keys.Set(name, int64(1))
	for what, value := range map[string]any{"value": name, "item": py.NewList(name), "key": keys} {
		d := py.NewDict(1)
		d.Set("v", value)
		if data, err := (djangosession.TransitionalSerializer{}).Dumps(d); err == nil {
			t.Errorf("%s: %s", what, data)
		}
		asked := 0
		s := djangosession.TransitionalSerializer{Convert: func(string, any) (any, error) {
			asked++
			return "converted", nil
		}}
		data, err := s.Dumps(d)
		if what != "key" && (err != nil || asked != 1) || what == "key" && err == nil {
			t.Errorf("%s, converted: %s, %v; asked %d times", what, data, err, asked)
		}
	}
}

// TestUntouchedJSONStaysWhenOtherValuesAreConverted has values that were read and never
// used.
func TestUntouchedJSONStaysWhenOtherValuesAreConverted(t *testing.T) {
	t.Parallel()
	s := djangosession.TransitionalSerializer{}
	d, err := s.Loads([]byte(`{"a": {"b": [1, 2.50, null]}, "c": "text"}`))
	must(err)
	d.Set("old", py.Str2("text"))
	d.Set("tuple", py.NewTuple(py.Str2("x"), int64(1)))
	data, err := s.Dumps(d)
	// Django would write 2.5. Here unused values keep their bytes.
	const want = `{"a":{"b": [1, 2.50, null]},"c":"text","old":"text","tuple":["x",1]}`
	if err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
}

func TestUnstorableDictsHaveNoText(t *testing.T) {
	t.Parallel()
	bad := dictWith("tags", py.NewSet(int64(1)))
	for name, d := range map[string]*py.Dict{"a dict": bad, "an OrderedDict in it": dictWith("o", orderedDict(py.Pair{Key: "tags", Value: py.NewSet(int64(1))}))} {
		s := djangosession.NewSettings("key")
		s.Serializer = djangosession.TransitionalSerializer{}
		codec, err := djangosession.NewCodec(s)
		must(err)
		for how, encode := range map[string]func(*py.Dict) (string, error){"compressed": codec.Encode, "uncompressed": codec.EncodeUncompressed} {
			if text, err := encode(d); err == nil || text != "" {
				t.Errorf("%s, %s: %q, %v", name, how, text, err)
			}
		}
	}
}

// TestBrokenJSONIsNoSession reads it with a serializer that reads pickles too.
func TestBrokenJSONIsNoSession(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("test-secret-key")
	s.Serializer = djangosession.TransitionalSerializer{}
	codec, err := djangosession.NewCodec(s)
	must(err)
	if d, err := codec.Decode(signed(t, `{"a":`)); err == nil || d != nil {
		t.Errorf("%v, %v", d, err)
	}
}

func TestBrokenPicklesAreSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "junk", "\x80\x04}"} {
		if _, err := (djangosession.PickleSerializer{}).Loads([]byte(data)); !isPickleSyntax(err) {
			t.Errorf("%q: error %v", data, err)
		}
	}
}

func isPickleSyntax(err error) bool {
	_, ok := errors.AsType[*pickle.SyntaxError](err)
	return ok
}

func TestSerializersThatCannotBeAreSettingErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serializer djangosession.Serializer
		path       string
		setting    string
	}{
		"protocol 1":                {serializer: djangosession.PickleSerializer{Protocol: 1}, setting: "PICKLE_PROTOCOL"},
		"protocol 6":                {serializer: djangosession.PickleSerializer{Protocol: 6}, setting: "PICKLE_PROTOCOL"},
		"protocol in transition":    {serializer: djangosession.TransitionalSerializer{Pickle: djangosession.PickleSerializer{Protocol: 9}}, setting: "PICKLE_PROTOCOL"},
		"unknown":                   {path: "shop.Serializer", setting: "SESSION_SERIALIZER"},
		"pickle of a new release":   {path: "django.contrib.sessions.serializers.PickleSerializer", setting: "SESSION_SERIALIZER"},
		"pickle under another name": {path: "django.core.serializers.base.PickleSerializer", setting: "SESSION_SERIALIZER"},
	} {
		s := djangosession.NewSettings("key")
		s.Serializer = c.serializer
		if c.path != "" {
			s.SessionSerializer = c.path
		}
		_, err := djangosession.NewCodec(s)
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != c.setting {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, path := range []string{"django.contrib.sessions.serializers.PickleSerializer", "django.core.serializers.base.PickleSerializer"} {
		s, err := djangosession.NewSettingsFor("4.2.30", "key")
		must(err)
		s.SessionSerializer = path
		if _, err := djangosession.NewCodec(s); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestValuesThatCannotBeStoredAreStillTheirs reads them back from memory.
func TestValuesThatCannotBeStoredAreStillTheirs(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	c := make(chan int)
	s.Set("channel", c)
	if v, ok := s.Get("channel"); !ok || v != any(c) {
		t.Errorf("Get: %v", v)
	}
	for name, v := range s.Items() {
		if name != "channel" || v != any(c) {
			t.Errorf("Items: %s, %v", name, v)
		}
	}
	if v, err := s.Pop("channel"); err != nil || v != any(c) {
		t.Errorf("Pop: %v, %v", v, err)
	}
	if err := s.Save(t.Context()); err != nil {
		t.Errorf("without it: %v", err)
	}
}
