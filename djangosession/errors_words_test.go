package djangosession_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
)

// TestErrorsOfSavesSayOnceWhatIsWrong checks that refusals are returned unchanged, and
// that failures of the engine name the operation once.
func TestErrorsOfSavesSayOnceWhatIsWrong(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("key")
	for _, engineErr := range []error{djangosession.ErrSessionGone, djangosession.ErrBadKey, errBroken} {
		m, err := djangosession.NewManager(failing{engineErr}, settings, djangosession.Options{})
		must(err)
		want := engineErr.Error()
		if errors.Is(engineErr, errBroken) {
			want = "djangosession: save session: " + want
		}
		s := m.Open(someKey)
		s.Clear()
		for name, err := range map[string]error{"Save": s.Save(t.Context()), "CycleKey": s.CycleKey(t.Context())} {
			if err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
	store, err := memory.New(settings)
	must(err)
	for _, merge := range []bool{false, true} {
		m, err := djangosession.NewManager(store, settings, djangosession.Options{MergeSaves: merge})
		must(err)
		s := m.New()
		must(s.Save(t.Context()))
		s.Set("channel", make(chan int))
		for name, err := range map[string]error{
			"Save": s.Save(t.Context()), "CycleKey": s.CycleKey(t.Context()), "Create": s.Create(t.Context()),
		} {
			wrong, ok := errors.AsType[*djangosession.ValueError](err)
			if !ok || wrong.Name != "channel" || err.Error() != wrong.Error() {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestExpiriesThatAreNoneAreNotSaved has expiries that Python cannot convert to a date.
func TestExpiriesThatAreNoneAreNotSaved(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		m, _ := siteWith(t, djangosession.Options{MergeSaves: merge}, nil)
		s := m.New()
		must(s.Save(t.Context()))
		s.Set("a", 1)
		s.Set(djangosession.ExpiryName, "soon")
		for name, err := range map[string]error{
			"Save": s.Save(t.Context()), "CycleKey": s.CycleKey(t.Context()), "Create": s.Create(t.Context()),
		} {
			if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != djangosession.ExpiryName {
				t.Errorf("%s: %v", name, err)
			}
		}
		again, err := m.Load(t.Context(), s.Key())
		must(err)
		if len(again.Keys()) != 0 {
			t.Errorf("stored %v", again.Keys())
		}
	}
}

// TestKeysInTaggedJSONNeedTheirBytes has objects that are not tagged bytes.
func TestKeysInTaggedJSONNeedTheirBytes(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"{}", `{"$bytes": null}`, `{"$bytes": 5}`, `{"$other": "c2VjcmV0"}`, "[]", "true"} {
		s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": ` + value + `}`))
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "SECRET_KEY" || s.SecretKey != "" {
			t.Errorf("%s: key %q, %v", value, s.SecretKey, err)
		}
	}
}

// TestTransitionalSerializerRefusesTextThatIsNoText has a str of Python 2 outside ASCII,
// which JSON of Python 2 would read as UTF-8, and objects as keys.
func TestTransitionalSerializerRefusesTextThatIsNoText(t *testing.T) {
	t.Parallel()
	object := &py.Object{Callable: &py.Global{Module: "shop", Name: "Cart"}, Args: py.NewTuple("x")}
	for name, c := range map[string]struct {
		value any
		fits  bool
	}{
		"ASCII":               {value: py.Str2("\x7f"), fits: true},
		"outside ASCII":       {value: py.Str2("\x80")},
		"inside a list":       {value: py.NewList(py.Str2("\xff"))},
		"object":              {value: object},
		"object inside tuple": {value: py.NewTuple(object)},
	} {
		d := py.NewDict(1)
		d.Set("v", c.value)
		_, err := djangosession.TransitionalSerializer{}.Dumps(d)
		if wrong, ok := errors.AsType[*djangosession.ValueError](err); (err == nil) != c.fits || !c.fits && (!ok || wrong.Name != "v") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, want := range map[py.Str2]string{"\x7f": `{"v": "\u007f"}`, "\x80": `{"v": "converted"}`} {
		d := py.NewDict(1)
		d.Set("v", text)
		convert := func(string, any) (any, error) { return "converted", nil }
		if data, err := (djangosession.TransitionalSerializer{Convert: convert}).Dumps(d); err != nil || !sameJSON(data, want) {
			t.Errorf("%q: %s, %v; want %s", text, data, err, want)
		}
	}
	keys := py.NewDict(1)
	keys.Set(py.Str2("\xff"), int64(1))
	d := py.NewDict(1)
	d.Set("v", keys)
	if data, err := (djangosession.TransitionalSerializer{}).Dumps(d); err == nil {
		t.Errorf("key outside ASCII: %s", data)
	}
}

func sameJSON(a []byte, b string) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func TestMissingValueIsNamed(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	err := m.New().Delete("cart")
	if err == nil || err.Error() != `djangosession: no value "cart" in the session` {
		t.Errorf("error %v", err)
	}
}
