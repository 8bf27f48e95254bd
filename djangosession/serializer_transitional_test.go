package djangosession_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// TestNoPickleBeginsAsAJSONObjectDoes shows why a reader can distinguish the two.
func TestNoPickleBeginsAsAJSONObjectDoes(t *testing.T) {
	t.Parallel()
	for first := range 256 {
		for _, rest := range []string{"", ".", "}.", "1\n.", "}}}}."} {
			_, err := pickle.Loads(append([]byte{byte(first)}, rest...))
			wrong, ok := errors.AsType[*pickle.SyntaxError](err)
			if strings.ContainsRune("{ \t\n\r", rune(first)) && (!ok || wrong.Offset != 0) {
				t.Errorf("%q begins a pickle: %v", rune(first), err)
			}
		}
	}
	for protocol := 2; protocol <= 5; protocol++ {
		if data, err := pickle.Dumps(py.NewDict(0), protocol); err != nil || data[0] != 0x80 {
			t.Errorf("protocol %d: %q, %v", protocol, data, err)
		}
	}
}

func TestTransitionalSerializerReadsBothAndWritesJSON(t *testing.T) {
	t.Parallel()
	serializer := djangosession.TransitionalSerializer{}
	for data, want := range map[string]string{
		` {"a": 1.0, "b": [1]} `:                 `{"a":1.0,"b":[1]}`,
		"\n\t\r {}":                              `{}`,
		"(dp0\nVa\np1\n(I1\nVb\np2\ntp3\ns.":     `{"a":[1,"b"]}`,
		"}q\x00X\x01\x00\x00\x00aq\x01K\x01s.":   `{"a":1}`,
		"\x80\x02}q\x00U\x01aq\x01U\x01bq\x02s.": `{"a":"b"}`,
		"\x80\x05\x95\x0a\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94K\x01s.": `{"a":1}`,
		"\x80\x04}K\x01N\x86K\x02s.": "",
		"\x80\x04}K\x01Ns.":          `{"1":null}`,
		// A nested SafeString, OrderedDict and tuple, as written by Django's
		// JSONSerializer.
		"\x80\x04}\x8c\x01a\x8c\x17django.utils.safestring\x8c\x0aSafeString\x93\x8c\x01<\x85\x81s.": `{"a":"<"}`,
		"\x80\x04}\x8c\x01a]\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R\x8c\x01bK\x01K\x02\x86sas.": `{"a":[{"b":[1,2]}]}`,
	} {
		d, err := serializer.Loads([]byte(data))
		if err != nil {
			if want != "" {
				t.Errorf("%q: %v", data, err)
			}
			continue
		}
		got, err := serializer.Dumps(d)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q is written as %s, %v; want %s", data, got, err, want)
		}
	}
	for _, data := range []string{"", "null", "[1]", "1", "{", "\x80\x04]."} {
		if d, err := serializer.Loads([]byte(data)); err == nil {
			t.Errorf("%q is read as %v", data, d)
		}
	}
}

// transition returns a session from a pickle, with values that JSON cannot represent.
func transition(t *testing.T) *py.Dict {
	t.Helper()
	price, err := py.ParseDecimal("19.90")
	must(err)
	d := py.NewDict(0)
	d.Set("cart", py.NewList(py.NewTuple("tea", price), price))
	d.Set("seen", py.NewSet(int64(1)))
	d.Set("name", "Ada")
	return d
}

func TestTransitionalSerializerAsksWhatToStore(t *testing.T) {
	t.Parallel()
	var asked []string
	serializer := djangosession.TransitionalSerializer{Convert: func(name string, v any) (any, error) {
		asked = append(asked, name+" "+py.TypeName(v))
		switch v := v.(type) {
		case py.Decimal:
			return v.String(), nil
		case *py.Set:
			return v.Len(), nil
		}
		return nil, fmt.Errorf("unknown type %s", py.TypeName(v))
	}}
	data, err := pickle.Dumps(transition(t), 4)
	must(err)
	d, err := serializer.Loads(data)
	must(err)
	got, err := serializer.Dumps(d)
	if want := `{"cart":[["tea","19.90"],"19.90"],"seen":1,"name":"Ada"}`; string(got) != want || err != nil {
		t.Errorf("wrote %s, %v; want %s", got, err, want)
	}
	if len(asked) != 3 || asked[0] != "cart Decimal" || asked[2] != "seen set" {
		t.Errorf("asked for %q", asked)
	}
	if again, err := pickle.Dumps(d, 4); err != nil || !bytes.Equal(again, data) {
		t.Errorf("the session has changed: %q, %v", again, err)
	}
	d.Set("photo", py.Bytes("\xff"))
	_, err = serializer.Dumps(d)
	if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != "photo" || !strings.Contains(err.Error(), "unknown type bytes") {
		t.Errorf("error %v", err)
	}
}

func TestTransitionalSerializerRefusesWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	loop := py.NewDict(1)
	loop.Set("price", py.NewSet(int64(1)))
	loop.Set("loop", loop)
	list := py.NewList(py.NewSet(int64(1)))
	list.Items = append(list.Items, list)
	convert := func(string, any) (any, error) { return "converted", nil }
	unfit := func(string, any) (any, error) { return py.NewSet(), nil }
	for name, c := range map[string]struct {
		value   any
		convert func(string, any) (any, error)
		want    string
	}{
		"nobody to ask":             {py.NewList(py.NewSet()), nil, "set"},
		"contains itself":           {loop, convert, "contains itself"},
		"list that contains itself": {list, convert, "contains itself"},
		"inside of a dict":          {dictWith("x", py.NewSet()), nil, "set"},
		"answer is no better":       {py.NewSet(), unfit, "set"},
		"key that is no text":       {dictWith(py.NewTuple("a"), int64(1)), convert, "tuple"},
		"answer is no Python value": {py.NewSet(), func(string, any) (any, error) { return func() {}, nil }, "func()"},
	} {
		d := py.NewDict(1)
		d.Set("a", int64(1))
		d.Set("bad", c.value)
		_, err := djangosession.TransitionalSerializer{Convert: c.convert}.Dumps(d)
		wrong, ok := errors.AsType[*djangosession.ValueError](err)
		if !ok || wrong.Name != "bad" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with the name and %q", name, err, c.want)
		}
	}
}

func dictWith(key, value any) *py.Dict {
	d := py.NewDict(1)
	d.Set(key, value)
	return d
}

// TestPickledExpiryBecomesTextInTransition checks that the expiry becomes text since 4.1,
// as in Django. Earlier releases cannot read that.
func TestPickledExpiryBecomesTextInTransition(t *testing.T) {
	t.Parallel()
	end := py.DateTime{Time: time.Date(2023, 12, 1, 10, 0, 0, 0, time.UTC)}
	for release, want := range map[string]any{"3.2.25": nil, "4.2.30": "2023-12-01T10:00:00+00:00", "5.2": "2023-12-01T10:00:00+00:00"} {
		s, err := djangosession.NewSettingsFor(release, "k")
		must(err)
		s.UseTZ, s.Serializer = true, djangosession.TransitionalSerializer{}
		codec, err := djangosession.NewCodec(s)
		must(err)
		data, err := pickle.Dumps(dictWith(djangosession.ExpiryName, end), 4)
		must(err)
		d, err := codec.Decode(signedPayload(t, s, string(data)))
		must(err)
		text, err := codec.Encode(d)
		if want == nil {
			if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
				t.Errorf("%s: error %v", release, err)
			}
			continue
		}
		must(err)
		back, err := codec.Decode(text)
		must(err)
		if got, _ := back.Get(djangosession.ExpiryName); !py.Equal(got, want) {
			t.Errorf("%s: %v", release, py.Resolve(got))
		}
	}
}
