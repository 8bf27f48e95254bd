package caches

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

func newPickle(t *testing.T, change func(*djangosession.Settings)) *Pickle {
	t.Helper()
	s := djangosession.NewSettings("caches-secret-key")
	change(&s)
	p, err := NewPickle(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// djangoPickles are sessions as Django's caches contain them: Django 2.2.28 with Python
// 3.7, and Django 5.2.19 with Python 3.11.
func djangoPickles() map[string]struct{ old, recent string } {
	return map[string]struct{ old, recent string }{
		"{}":       {old: "80047d942e", recent: "80057d942e"},
		`{"a": 1}`: {old: "8004950a000000000000007d948c0161944b01732e", recent: "8005950a000000000000007d948c0161944b01732e"},
		`{"a": 1, "_session_expiry": 3600}`: {
			old:    "80049520000000000000007d94288c0161944b018c0f5f73657373696f6e5f657870697279944d100e752e",
			recent: "80059520000000000000007d94288c0161944b018c0f5f73657373696f6e5f657870697279944d100e752e",
		},
		"a SafeString": {
			old:    "8004953b000000000000007d948c0173948c17646a616e676f2e7574696c732e73616665737472696e67948c0a53616665537472696e679493948c033c623e9485948194732e",
			recent: "8005953b000000000000007d948c0173948c17646a616e676f2e7574696c732e73616665737472696e67948c0a53616665537472696e679493948c033c623e9485948194732e",
		},
		"a tuple": {
			old:    "8004950e000000000000007d948c0174944b014b028694732e",
			recent: "8005950e000000000000007d948c0174944b014b028694732e",
		},
	}
}

func TestPicklesAreReadAndWrittenAsDjangoDoes(t *testing.T) {
	t.Parallel()
	p := newPickle(t, func(*djangosession.Settings) {})
	for name, c := range djangoPickles() {
		for _, stored := range []string{c.old, c.recent} {
			d, err := p.Loads(fromHex(t, stored))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			again, err := p.Dumps(d)
			if got := hex.EncodeToString(again); err != nil || got != c.old {
				t.Errorf("%s: wrote %s, %v; want %s", name, got, err, c.old)
			}
		}
	}
}

func TestPickleProtocolIsThatOfTheOldestReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		release        string
		exported, want int
	}{
		{release: "6.1", exported: 0, want: 4},
		{release: "6.1", exported: 5, want: 4},
		{release: "6.1", exported: 9, want: 4},
		{release: "2.2", exported: 0, want: 4},
		{release: "2.2", exported: 3, want: 3},
		{release: "1.11", exported: 0, want: 2},
	} {
		p := newPickle(t, func(s *djangosession.Settings) { s.DjangoVersion, s.PickleProtocol = c.release, c.exported })
		data, err := p.Dumps(py.NewDict(0))
		if err != nil || p.Protocol() != c.want || data[1] != byte(c.want) {
			t.Errorf("%s with protocol %d: wrote %x, %v; want protocol %d", c.release, c.exported, data, err, c.want)
		}
	}
	s := djangosession.NewSettings("caches-secret-key")
	s.PickleProtocol = 1
	_, low := NewPickle(s)
	s.PickleProtocol, s.DjangoVersion = 0, "none"
	_, noRelease := NewPickle(s)
	for _, err := range []error{low, noRelease} {
		if _, ok := errors.AsType[*djangosession.SettingError](err); !ok {
			t.Errorf("error %v, want a SettingError", err)
		}
	}
}

func TestValuesThatAreNotSessionsAreAnUnknownFormat(t *testing.T) {
	t.Parallel()
	p := newPickle(t, func(*djangosession.Settings) {})
	for name, data := range map[string][]byte{
		"nothing":   {},
		"a number":  []byte("7"),
		"None":      fromHex(t, "80044e2e"),
		"a list":    fromHex(t, "80045d942e"),
		"text":      []byte("garbage"),
		"JSON":      []byte(`{"a": 1}`),
		"cut off":   fromHex(t, "8004950a000000000000007d948c0161944b01"),
		"a secret?": fromHex(t, "80048c0673656372657494")[:10],
	} {
		_, err := p.Loads(data)
		wantUnknown(t, name, err)
	}
	_, err := p.LoadsValue([]byte("garbage"))
	wantUnknown(t, "LoadsValue", err)
	_, err = p.Dict(py.NewTuple("secret"))
	wantUnknown(t, "Dict", err)
}

// wantUnknown fails unless err is that of [UnknownFormat], and contains no value.
func wantUnknown(t *testing.T, what string, err error) {
	t.Helper()
	refused, ok := errors.AsType[*djangosession.DecodeError](err)
	if !errors.Is(err, djangosession.ErrUnknownFormat) || !ok || refused.Reason != signing.BadSerialization {
		t.Errorf("%s: error %v, want ErrUnknownFormat and a DecodeError", what, err)
		return
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("%s: the error contains the value: %v", what, err)
	}
}

func TestDictInsideAnotherValueIsRead(t *testing.T) {
	t.Parallel()
	p := newPickle(t, func(*djangosession.Settings) {})
	// Of django-redis's HerdClient: a Marker, the dict and a time.
	v, err := p.LoadsValue(fromHex(t, "8004953a000000000000008c18646a616e676f5f72656469732e636c69656e742e68657264948c064d61726b65729493942981947d94"+
		"8c0161944b01734a0066666587942e"))
	tuple, ok := v.(*py.Tuple)
	if err != nil || !ok || len(tuple.Items) != 3 {
		t.Fatalf("read %v, %v", v, err)
	}
	d, err := p.Dict(tuple.Items[1])
	if a, _ := d.Get("a"); err != nil || a != int64(1) {
		t.Errorf("read %v, %v", d, err)
	}
}

func TestLargePicklesAreRefused(t *testing.T) {
	t.Parallel()
	p := newPickle(t, func(s *djangosession.Settings) { s.MaxInflated = 100 })
	if byDefault := newPickle(t, func(*djangosession.Settings) {}); byDefault.Limit() != signing.DefaultMaxInflated || p.Limit() != 100 {
		t.Errorf("limits %d and %d", byDefault.Limit(), p.Limit())
	}
	largest := append(fromHex(t, "80047d942e"), make([]byte, 95)...) // what follows the end is ignored
	if _, err := p.Loads(largest); err != nil {
		t.Error(err)
	}
	_, err := p.Loads(append(largest, 0))
	wantUnknown(t, "Loads", err)
	_, err = p.LoadsValue(append(largest, 0))
	wantUnknown(t, "LoadsValue", err)

	// A session that could not be read again is not stored.
	d := py.NewDict(1)
	d.Set("a", strings.Repeat("b", 100))
	_, err = p.Dumps(d)
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "reads at most 100: store less in the session, or "+
		"raise MaxInflated") {
		t.Errorf("error %v", err)
	}
}

func TestValuesThatCannotBePickledAreNamed(t *testing.T) {
	t.Parallel()
	d := py.NewDict(1)
	d.Set("bad", make(chan int))
	_, err := newPickle(t, func(*djangosession.Settings) {}).Dumps(d)
	if bad, ok := errors.AsType[*djangosession.ValueError](err); !ok || bad.Name != "bad" {
		t.Errorf("error %v, want a ValueError", err)
	}
}
