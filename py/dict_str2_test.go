package py_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// In Python 2, 'a' == u'a' and both have the same hash. A str that is not ASCII equals no
// unicode.
func TestStrOfPython2IsFoundByItsText(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 20} { // small dicts have no index
		d := &py.Dict{}
		d.Set(py.Str2("a"), int64(1))
		d.Set(py.Str2("\xe9"), int64(2))
		d.Set("é", int64(3))
		d.Set(py.NewTuple(py.Str2("a"), int64(1)), int64(4))
		for i := range size {
			d.Set(int64(i), nil)
		}
		for _, c := range []struct{ key, want any }{
			{key: "a", want: int64(1)},
			{key: py.Str2("a"), want: int64(1)},
			{key: py.Bytes("a"), want: nil},
			{key: "b", want: nil},
			{key: py.Str2("\xe9"), want: int64(2)},
			{key: "\xe9", want: nil},
			{key: "é", want: int64(3)},
			{key: py.Str2("é"), want: nil},
			{key: py.NewTuple("a", int64(1)), want: int64(4)},
		} {
			if v, _ := d.Get(c.key); v != c.want {
				t.Errorf("%d more: %T %v gives %v, want %v", size, c.key, c.key, v, c.want)
			}
		}
		d.Set("a", "new")
		if key := d.Keys()[0]; key != py.Str2("a") {
			t.Errorf("the key has become %T %v", key, key)
		}
		if !d.Delete("a") || d.Delete(py.Str2("a")) {
			t.Error("deleting it by text")
		}
	}
	if text, ok := py.Str2("\x7f").Text(); text != "\x7f" || !ok {
		t.Errorf("%q, %v", text, ok)
	}
	if text, ok := py.Str2("a\x80").Text(); text != "" || ok {
		t.Errorf("%q, %v", text, ok)
	}
}
