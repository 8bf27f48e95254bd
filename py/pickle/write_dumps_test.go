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
		{"channel", cart(make(chan int)), 4, "pickle: cart[1]: Go chan int cannot be pickled"},
		{"nil list", cart((*py.List)(nil)), 4, "pickle: cart[1]: Go nil *py.List cannot be pickled"},
		{"not UTF-8", cart("\xff"), 4, "pickle: cart[1]: str is not UTF-8"},
		{"year 10000", py.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, 4, "pickle: datetime is outside the years 1 to 9999"},
		{"offset of a day", py.DateTime{Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86400))}, 4, "pickle: datetime has an offset of a day or more"},
		{"opcodes in a name", &py.Global{Module: "os\nsystem\n", Name: "x"}, 2, "pickle: type has a name that this protocol cannot write"},
		{"name not ASCII", &py.Global{Module: "é", Name: "x"}, 2, "pickle: type has a name that this protocol cannot write"},
		{"no module", &py.Global{Name: "x"}, 4, "pickle: type has a name that this protocol cannot write"},
		{"no name", &py.Global{Module: "x"}, 2, "pickle: type has a name that this protocol cannot write"},
		{"object of nothing", &py.Object{}, 4, "pickle: object has no callable"},
		{"no persistent id", &py.Object{Construction: py.ConstructPersistent}, 4, "pickle: object has no persistent id"},
		{"too deep", deep, 4, "is nested in more than 10000 levels"},
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
