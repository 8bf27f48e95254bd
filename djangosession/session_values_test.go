package djangosession_test

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func TestSessionIsADict(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	if !s.IsEmpty() {
		t.Error("a new session is not empty")
	}
	s.Set("b", 1)
	s.Set("a", []string{"x"})
	s.Set("b", 2)
	must(s.Update(struct {
		C map[string]int `json:"c"`
	}{map[string]int{"z": 1, "y": 2}}))
	if got := s.Keys(); !reflect.DeepEqual(got, []string{"b", "a", "c"}) {
		t.Errorf("keys %v", got)
	}
	if got := s.Values(); !py.Equal(py.NewList(got...), mustFrom([]any{2, []string{"x"}, map[string]int{"y": 2, "z": 1}})) {
		t.Errorf("values %v", got)
	}
	if v, err := s.Pop("b"); v != int64(2) || err != nil {
		t.Errorf("popped %v, %v", v, err)
	}
	_, err := s.Pop("b")
	mustNot(err)
	if v := s.PopDefault("b", "fallback"); v != "fallback" {
		t.Errorf("popped %v", v)
	}
	if v := s.SetDefault("b", 5); v != int64(5) {
		t.Errorf("default %v", v)
	}
	if v := s.SetDefault("b", 6); v != int64(5) {
		t.Errorf("default %v", v)
	}
	if s.Contains("nothing") || !s.Contains("b") {
		t.Error("Contains is wrong")
	}
	if err := s.Update([]int{1}); err == nil {
		t.Error("a list passes as a dict")
	}
	s.SetTestCookie()
	if !s.TestCookieWorked() {
		t.Error("the test cookie did not work")
	}
	must(s.DeleteTestCookie())
	s.Clear()
	if len(s.Keys()) != 0 || !s.IsEmpty() {
		t.Error("Clear left values")
	}
}

func mustFrom(v any) any {
	p, err := py.From(v)
	must(err)
	return p
}

func TestValuesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	in := py.NewList(int64(1))
	s.Set("l", in)
	in.Items[0] = int64(9)
	out, _ := s.Get("l")
	list, _ := out.(*py.List)
	if !py.Equal(out, py.NewList(int64(1))) {
		t.Errorf("the session changed with the list that was set: %v", out)
	}
	list.Items[0] = int64(8)
	if again, _ := s.Get("l"); !py.Equal(again, py.NewList(int64(1))) {
		t.Errorf("a change to the returned list has changed the session: %v", again)
	}
	must(s.Save(t.Context()))
	loaded, err := m.Load(t.Context(), s.Key())
	must(err)
	for range 2 {
		v, _ := loaded.Get("l")
		if !py.Equal(v, py.NewList(int64(1))) {
			t.Errorf("loaded %v", v)
		}
		if l, ok := v.(*py.List); ok {
			l.Items[0] = "changed"
		}
	}
}

func TestUntouchedValuesKeepTheirBytes(t *testing.T) {
	t.Parallel()
	m, e := site(t, nil)
	codec, err := djangosession.NewCodec(m.Settings())
	must(err)
	values := []string{
		"1E5", "-0", "1.10", "12345678901234567890", "NaN", "-Infinity", `"\u0041\ud83d"`, `{"b":1,"a":1.0,"b":2}`, `[ 1 , 2 ]`, "1e400",
	}
	members := make([]string, 0, len(values)+1)
	for i, v := range values {
		members = append(members, fmt.Sprintf("%q:%s", fmt.Sprint("k", i), v))
	}
	d, err := djangosession.JSONSerializer{}.Loads([]byte("{" + strings.Join(members, ",") + "}"))
	must(err)
	text, err := codec.EncodeUncompressed(d)
	must(err)
	e.SetRow("abcdefgh", text, frozen.Add(time.Hour))
	s, err := m.Load(t.Context(), "abcdefgh")
	must(err)
	for range s.Items() { // reading is not a change
		continue
	}
	s.Set("k1", 7)
	s.Set("new", "value")
	must(s.Save(t.Context()))
	members[1] = `"k1":7`
	want := "{" + strings.Join(append(members, `"new":"value"`), ",") + "}"
	stored, _, _ := e.Row("abcdefgh")
	d, err = codec.Decode(stored)
	must(err)
	got, err := djangosession.JSONSerializer{}.Dumps(d)
	must(err)
	if string(got) != want {
		t.Errorf("stored %s\nwant   %s", got, want)
	}
}

func TestScanNamesKeyAndTypes(t *testing.T) {
	t.Parallel()
	m, _ := site(t, func(s *djangosession.Settings) { s.TimeZone = "Europe/Berlin" })
	s := m.New()
	s.Set("cart", map[string]any{"items": []any{map[string]any{"qty": "two"}}})
	s.Set("when", "2023-11-14T23:13:20")
	s.Set("big", new(big.Int).Lsh(big.NewInt(1), 80))
	var cart struct {
		Items []struct {
			Qty int `json:"qty"`
		} `json:"items"`
	}
	err := s.Scan("cart", &cart)
	want := `djangosession: session value "cart": py: Python str does not fit Go int (at items[0].qty)`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if when, err := djangosession.Value[time.Time](s, "when"); err != nil || !when.Equal(frozen.Truncate(time.Second)) {
		t.Errorf("a time without a zone: %v, %v", when, err)
	}
	if _, err := djangosession.Value[int64](s, "big"); err == nil {
		t.Error("2**80 fits an int64")
	}
	_, err = djangosession.Value[int](s, "nothing")
	mustNot(err)
}

func TestSaveNamesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	loop := py.NewList()
	loop.Items = append(loop.Items, loop)
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"no Python form":    {make(chan int), "chan int"},
		"datetime in JSON":  {time.Now(), "datetime"},
		"bytes, deep":       {map[string]any{"items": []any{1, []byte("x")}}, "bytes"},
		"not text":          {"\xff", "str"},
		"contains itself":   {loop, "contains itself"},
		"int without end":   {new(big.Int).Lsh(big.NewInt(1), 20000), "4300"},
		"function in slice": {[]any{func() {}}, "func()"},
	} {
		m, _ := site(t, nil)
		s := m.New()
		s.Set("bad", c.value)
		err := s.Save(t.Context())
		wrong, ok := errors.AsType[*djangosession.ValueError](err)
		if !ok || !strings.Contains(err.Error(), c.want) || wrong.Name != "bad" {
			t.Errorf("%s: error %v, want one with the name and %q", name, err, c.want)
		}
		if s.Key() != "" {
			t.Errorf("%s: it got a key", name)
		}
		s.Set("bad", nil)
		if err := s.Save(t.Context()); err != nil {
			t.Errorf("%s: after mending: %v", name, err)
		}
	}
}
