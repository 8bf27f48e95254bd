package djangosession_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// TestRemovedValuesAreReturned has the results of pop and setdefault in Python.
func TestRemovedValuesAreReturned(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	must(s.Update(map[string]any{"a": 1, "b": "two"}))
	if v, err := s.Pop("a"); err != nil || v != int64(1) || s.Contains("a") {
		t.Errorf("Pop: %v, %v", v, err)
	}
	if v := s.PopDefault("b", "fallback"); v != "two" || s.Contains("b") {
		t.Errorf("PopDefault: %v", v)
	}
	if v := s.PopDefault("b", "fallback"); v != "fallback" {
		t.Errorf("PopDefault of nothing: %v", v)
	}
	v, err := s.Pop("b")
	if missing, ok := errors.AsType[*djangosession.KeyError](err); !ok || missing.Name != "b" || v != nil {
		t.Errorf("Pop of nothing: %v, %v", v, err)
	}
	if v := s.SetDefault("c", 3); v != int64(3) {
		t.Errorf("SetDefault of nothing: %v", v)
	}
	if v := s.SetDefault("c", 4); v != int64(3) {
		t.Errorf("SetDefault of something: %v", v)
	}
	if missing, ok := errors.AsType[*djangosession.KeyError](s.Delete("x")); !ok || missing.Name != "x" {
		t.Error("Delete of a missing value is not a KeyError")
	}
	if missing, ok := errors.AsType[*djangosession.KeyError](s.Scan("x", new(int))); !ok || missing.Name != "x" {
		t.Error("Scan of a missing value is not a KeyError")
	}
	if v, ok := s.Get("x"); ok || v != nil {
		t.Errorf("Get of nothing: %v", v)
	}
}

func TestUpdateTakesDictsAlone(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	for name, values := range map[string]any{
		"nil": nil, "number": 5, "list": []string{"a"}, "channel": map[string]any{"a": make(chan int)},
	} {
		s := m.New()
		err := s.Update(values)
		refused, ok := errors.AsType[*py.TypeError](err)
		if !ok || (refused.Reason == "is not a dict in Python") != (name != "channel") || s.Modified() || len(s.Keys()) != 0 {
			t.Errorf("%s: error %v, keys %v", name, err, s.Keys())
		}
	}
	s := m.New()
	d := py.NewDict(1)
	d.Set("a", int64(1))
	for _, values := range []any{d, struct{ B int }{2}} {
		if err := s.Update(values); err != nil {
			t.Error(err)
		}
	}
	if a, _ := s.Get("a"); a != int64(1) || len(s.Keys()) != 2 {
		t.Errorf("keys %v", s.Keys())
	}
}

func TestTestCookie(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	if s.TestCookieWorked() {
		t.Error("worked before it was set")
	}
	s.SetTestCookie()
	if !s.TestCookieWorked() {
		t.Error("did not work")
	}
	if err := s.DeleteTestCookie(); err != nil || s.TestCookieWorked() {
		t.Errorf("deleted: %v", err)
	}
	s.Set("testcookie", "broke")
	if s.TestCookieWorked() {
		t.Error("another value worked")
	}
	s.Set("testcookie", py.Str2("worked"))
	if !s.TestCookieWorked() {
		t.Error("the value of Python 2 did not work")
	}
}

// TestItemsEndWithTheLoop breaks loops, and has names that are not text.
func TestItemsEndWithTheLoop(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	must(s.Update(map[string]any{"a": 1, "b": 2, "c": 3}))
	var got []string
	for name := range s.Items() {
		if got = append(got, name); len(got) == 2 {
			break
		}
	}
	if len(got) != 2 {
		t.Errorf("items %v", got)
	}
	if values := s.Values(); len(values) != 3 || values[0] != int64(1) {
		t.Errorf("values %v", values)
	}
	s.Set("d", make(chan int))
	if v, _ := s.Dict().Get("d"); v == nil {
		t.Error("a value that cannot be stored is not in the dict")
	} else if _, ok := v.(chan int); !ok {
		t.Errorf("it is a %T", v)
	}
}

func TestBigIntegersAreTheCallersOwnToo(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	in := new(big.Int).Lsh(big.NewInt(1), 80)
	s.Set("b", in)
	s.Set("l", py.NewList(new(big.Int).Set(in)))
	want := new(big.Int).Set(in)
	in.SetInt64(1)
	out, _ := s.Get("b")
	out.(*big.Int).SetInt64(2)
	list, _ := s.Get("l")
	list.(*py.List).Items[0].(*big.Int).SetInt64(3)
	var scanned []any
	must(s.Scan("l", &scanned))
	scanned[0].(*big.Int).SetInt64(4)
	if got, _ := s.Get("b"); !py.Equal(got, want) {
		t.Errorf("b has become %v", got)
	}
	if got, _ := s.Get("l"); !py.Equal(got, py.NewList(want)) {
		t.Errorf("l has become %v", got)
	}
}
