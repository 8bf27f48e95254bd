package pickle

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

func TestWhatCannotBePickledIsNamed(t *testing.T) {
	t.Parallel()
	cart := func(v any) *py.Dict {
		d := py.NewDict(1)
		d.Set("cart", py.NewList(nil, v))
		return d
	}
	deep := py.NewList()
	for range MaxDepth + 1 {
		deep = py.NewList(deep)
	}
	cases := []struct {
		name     string
		value    any
		protocol int
		want     string
	}{
		{name: "channel", value: cart(make(chan int)), protocol: 4, want: "pickle: cart[1]: Go chan int cannot be pickled"},
		{name: "nil list", value: cart((*py.List)(nil)), protocol: 4, want: "pickle: cart[1]: Go nil *py.List cannot be pickled"},
		{name: "not UTF-8", value: cart("\xff"), protocol: 4, want: "pickle: cart[1]: str is not UTF-8"},
		{name: "year 10000", value: py.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, protocol: 4, want: "pickle: datetime is outside the years 1 to 9999"},
		{name: "offset of a day", value: py.DateTime{Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86400))}, protocol: 4, want: "pickle: datetime has an offset of a day or more"},
		{name: "opcodes in a name", value: &py.Global{Module: "os\nsystem\n", Name: "x"}, protocol: 2, want: "pickle: type has a name that this protocol cannot write"},
		{name: "name not ASCII", value: &py.Global{Module: "é", Name: "x"}, protocol: 2, want: "pickle: type has a name that this protocol cannot write"},
		{name: "no module", value: &py.Global{Name: "x"}, protocol: 4, want: "pickle: type has a name that this protocol cannot write"},
		{name: "no name", value: &py.Global{Module: "x"}, protocol: 2, want: "pickle: type has a name that this protocol cannot write"},
		{name: "object of nothing", value: &py.Object{}, protocol: 4, want: "pickle: object has no callable"},
		{name: "no persistent id", value: &py.Object{Construction: py.ConstructPersistent}, protocol: 4, want: "pickle: object has no persistent id"},
		{name: "too deep", value: deep, protocol: 4, want: "is nested in more than 10000 levels"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Dumps(c.value, c.protocol)
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), c.want) || got != nil {
				t.Errorf("got %q, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestOtherProtocolsAreRefused(t *testing.T) {
	t.Parallel()
	for _, protocol := range []int{-1, 0, 1, 6} {
		if got, err := Dumps(nil, protocol); err == nil {
			t.Errorf("protocol %d: %q", protocol, got)
		}
	}
}

// Pickles from CPython are read and written again as the same bytes.
// TestWritesWhatCPythonWrites shows that the bytes are CPython's.
func TestUntouchedPickleIsWrittenAsItWas(t *testing.T) {
	t.Parallel()
	vectors := writeVectors(t)
	for protocol := 2; protocol <= 5; protocol++ {
		same := 0
		for _, v := range vectors {
			want, err := Dumps(v.value, protocol)
			if err != nil {
				t.Fatal(err)
			}
			value, err := Loads(want)
			if err != nil {
				t.Errorf("protocol %d: %.300s: %v", protocol, v.text, err)
				continue
			}
			got, err := Dumps(value, protocol)
			if err == nil && bytes.Equal(got, want) {
				same++
			} else if testing.Verbose() {
				t.Logf("protocol %d: %.300s: error %v, other bytes", protocol, v.text, err)
			}
		}
		if same < len(vectors) {
			t.Errorf("protocol %d: only %d of %d the same", protocol, same, len(vectors))
		}
		t.Logf("protocol %d: %d of %d the same", protocol, same, len(vectors))
	}
}

func BenchmarkDumpsLoginSession(b *testing.B) {
	d := py.NewDict(3)
	d.Set("_auth_user_id", "1")
	d.Set("_auth_user_backend", "django.contrib.auth.backends.ModelBackend")
	d.Set("_auth_user_hash", strings.Repeat("0123456789abcdef", 4))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Dumps(d, 4); err != nil {
			b.Fatal(err)
		}
	}
}
