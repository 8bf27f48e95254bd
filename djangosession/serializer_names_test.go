package djangosession_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// Sessions pickled by Django 4.2.30: {mark_safe('cart'): [1], 'n': 1, mark_safe('x'):
// {mark_safe('y'): 2}}, and {nan: (1, 2), 'p': complex(1, 2)}.
const (
	safeNames = "\x80\x04\x95]\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x17django.utils.safestring\x94\x8c\x0aSafeString\x94\x93\x94\x8c\x04cart\x94\x85\x94\x81\x94]\x94K\x01a\x8c\x01n\x94K\x01h\x03\x8c\x01x\x94\x85\x94\x81\x94}\x94h\x03\x8c\x01y\x94\x85\x94\x81\x94K\x02su."
	nanName   = "\x80\x04\x95E\x00\x00\x00\x00\x00\x00\x00}\x94(G\x7f\xf8\x00\x00\x00\x00\x00\x00K\x01K\x02\x86\x94\x8c\x01p\x94\x8c\x08builtins\x94\x8c\x07complex\x94\x93\x94G?\xf0\x00\x00\x00\x00\x00\x00G@\x00\x00\x00\x00\x00\x00\x00\x86\x94R\x94u."
)

// A SafeString is the same name as the str that it equals, as in Python.
func TestNamesThatAreSafeStrings(t *testing.T) {
	t.Parallel()
	d, err := djangosession.PickleSerializer{}.Loads([]byte(safeNames))
	if err != nil {
		t.Fatal(err)
	}
	cart, ok := d.Get("cart")
	if !ok || !py.Equal(cart, py.NewList(1)) || d.Len() != 3 {
		t.Errorf("cart is %v of %d", cart, d.Len())
	}
	data, err := djangosession.TransitionalSerializer{}.Dumps(d)
	if want := `{"cart":[1],"n":1,"x":{"y":2}}`; err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
	raw := py.NewDict(1) // not read by a serializer
	raw.Set(safe("cart"), int64(1))
	if data, err := (djangosession.TransitionalSerializer{}).Dumps(raw); err != nil || string(data) != `{"cart":1}` {
		t.Errorf("%s, %v", data, err)
	}
}

func safe(text string) *py.Object {
	class := &py.Global{Module: "django.utils.safestring", Name: "SafeString"}
	return &py.Object{Construction: py.ConstructNew, Callable: class, Args: py.NewTuple(text)}
}

// NaN equals no name, not even itself. Python's json.dumps writes it as "NaN".
func TestNamesThatAreNaN(t *testing.T) {
	t.Parallel()
	d, err := djangosession.PickleSerializer{}.Loads([]byte(nanName))
	if err != nil {
		t.Fatal(err)
	}
	s := djangosession.TransitionalSerializer{Convert: func(string, any) (any, error) { return "converted", nil }}
	data, err := s.Dumps(d)
	if want := `{"NaN":[1,2],"p":"converted"}`; err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
}

func TestIntegerKeysSurviveJSON(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	s.Set("m", map[int]string{1: "a", -20: "b"})
	must(s.Save(t.Context()))
	s, err := m.Load(t.Context(), s.Key())
	must(err)
	if got, err := djangosession.Value[map[int]string](s, "m"); err != nil || got[1] != "a" || got[-20] != "b" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := djangosession.Value[map[uint]string](s, "m"); err == nil {
		t.Error("-20 is not a uint")
	}
}
