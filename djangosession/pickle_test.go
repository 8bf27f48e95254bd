package djangosession_test

import (
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

const picklePath = "django.contrib.sessions.serializers.PickleSerializer"

// pickleSite returns the settings of a release with PickleSerializer: Django's own, or a
// copy in the site's code.
func pickleSite(release string) func(*djangosession.Settings) {
	return func(s *djangosession.Settings) {
		made, err := djangosession.NewSettingsFor(release, s.SecretKey)
		must(err)
		made.Now, made.Serializer = s.Now, djangosession.PickleSerializer{}
		*s = made
	}
}

func TestPickleSerializerFollowsTheSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		release, class string
		serializer     djangosession.Serializer
		python         int
		protocol       byte // 0 means refused
		python2        bool // non-ASCII text of Python 2 is read
	}{
		"before the setting, by default":       {release: "1.4.22", protocol: 2, python2: true},
		"by default":                           {release: "1.5.12", protocol: 2, python2: true},
		"named, perhaps on Python 2":           {release: "1.11.29", class: picklePath, protocol: 2, python2: true},
		"named, on Python 3.6 or newer":        {release: "2.2.28", class: picklePath, protocol: 4},
		"named, on a Python not told":          {release: "3.2.25", class: picklePath, protocol: 4},
		"named, on the newest of 3.2":          {release: "3.2.25", class: picklePath, python: 5, protocol: 5},
		"named":                                {release: "4.2.30", class: picklePath, protocol: 5},
		"in its other place":                   {release: "4.2.30", class: "django.core.serializers.base.PickleSerializer", protocol: 5},
		"named, of a Python still to come":     {release: "4.2.30", class: picklePath, python: 6, protocol: 5},
		"gone":                                 {release: "5.0", class: picklePath},
		"gone, in its other place":             {release: "6.1", class: "django.core.serializers.base.PickleSerializer"},
		"of the Python package":                {release: "6.1", class: "djangobridge.serializers.PickleSerializer", python: 5, protocol: 5},
		"of the Python package, on Python 3.8": {release: "3.2.25", class: "djangobridge.serializers.PickleSerializer", protocol: 4},
		"taken over, not set":                  {release: "5.2", class: "shop.PickleSerializer"},
		"taken over":                           {release: "5.2", class: "shop.PickleSerializer", serializer: djangosession.PickleSerializer{}, protocol: 5},
		"taken over, with its own protocol":    {release: "5.2", serializer: djangosession.PickleSerializer{Protocol: 3}, protocol: 3},
		"protocol that is not written":         {release: "4.2", serializer: djangosession.PickleSerializer{Protocol: 1}},
		"Python with such a protocol":          {release: "4.2", class: picklePath, python: 1},
	} {
		s, err := djangosession.NewSettingsFor(c.release, "k")
		must(err)
		if c.class != "" {
			s.SessionSerializer = c.class
		}
		s.Serializer, s.PickleProtocol, s.AcceptLegacyLayout = c.serializer, c.python, true
		codec, err := djangosession.NewCodec(s)
		if c.protocol == 0 {
			if _, ok := errors.AsType[*djangosession.SettingError](err); !ok {
				t.Errorf("%s: error %v, want a SettingError", name, err)
			}
			continue
		}
		must(err)
		d := py.NewDict(1)
		d.Set("a", py.NewTuple("b"))
		text, err := codec.EncodeUncompressed(d)
		must(err)
		if got := payloadOf(t, s, text); got[0] != 0x80 || got[1] != c.protocol {
			t.Errorf("%s: wrote %q, want protocol %d", name, got, c.protocol)
		}
		if back, err := codec.Decode(text); err != nil || !py.Equal(back, d) {
			t.Errorf("%s: not read back: %v", name, err)
		}
		_, err = codec.Decode(signedPayload(t, s, "\x80\x02}q\x00U\x01aq\x01U\x01\xffq\x02s."))
		if (err == nil) != c.python2 {
			t.Errorf("%s: text of Python 2: %v", name, err)
		}
	}
}

// rawSerializer records the payload.
type rawSerializer struct{ payload *string }

func (r rawSerializer) Dumps(*py.Dict) ([]byte, error) { return []byte(*r.payload), nil }

func (r rawSerializer) Loads(data []byte) (*py.Dict, error) {
	*r.payload = string(data)
	return py.NewDict(0), nil
}

func payloadOf(t *testing.T, s djangosession.Settings, text string) string {
	t.Helper()
	var payload string
	s.Serializer = rawSerializer{&payload}
	codec, err := djangosession.NewCodec(s)
	must(err)
	_, err = codec.Decode(text)
	must(err)
	return payload
}

func signedPayload(t *testing.T, s djangosession.Settings, payload string) string {
	t.Helper()
	s.Serializer = rawSerializer{&payload}
	codec, err := djangosession.NewCodec(s)
	must(err)
	text, err := codec.Encode(nil)
	must(err)
	return text
}

// TestPicklesAreInert reads pickles that make Python run code, through all methods of a
// session.
func TestPicklesAreInert(t *testing.T) {
	t.Parallel()
	for class, payload := range map[string]string{
		"os.system":              "(dS'a'\ncos\nsystem\n(S'touch owned'\ntRs.",
		"posix.system":           "\x80\x05\x953\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01b\x94K\x01\x8c\x01a\x94\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\necho owned\x94\x85\x94R\x94u.",
		"builtins.eval":          "\x80\x03}X\x01\x00\x00\x00acbuiltins\neval\nX\x03\x00\x00\x001+1\x85Rs.",
		"builtins.exec":          "\x80\x02}X\x01\x00\x00\x00ac__builtin__\nexec\nX\x04\x00\x00\x00pass\x85Rs.",
		"subprocess.Popen":       "(dS'a'\n(S'ls'\nisubprocess\nPopen\ns.",
		"ctypes.CDLL":            "(dS'a'\n(cctypes\nCDLL\nS'libc.so.6'\nos.",
		"runpy._run_code":        "\x80\x02}X\x01\x00\x00\x00acrunpy\n_run_code\nX\x04\x00\x00\x00pass}\x86Rs.",
		"builtins.__import__":    "\x80\x02}X\x01\x00\x00\x00ac__builtin__\n__import__\nX\x02\x00\x00\x00os\x85Rs.",
		"urllib.request.urlopen": "\x80\x04}\x8c\x01a\x8c\x0eurllib.request\x8c\x07urlopen\x93\x8c\x10http://localhost\x85Rs.",
	} {
		m, e := siteWith(t, djangosession.Options{StrictLoad: true}, pickleSite("4.2.30"))
		settings := m.Settings()
		e.SetRow("akeyof8characters", signedPayload(t, settings, payload), frozen.AddDate(1, 0, 0))
		s, err := m.Load(t.Context(), "akeyof8characters")
		if err != nil {
			t.Errorf("%s: %v", class, err)
			continue
		}
		v, _ := s.Get("a")
		o, ok := v.(*py.Object)
		if !ok || o.Class() != class || len(o.Args.Items) == 0 {
			t.Errorf("%s has become %v", class, v)
		}
		if err := s.Scan("a", new(string)); err == nil {
			t.Errorf("%s is scanned as text", class)
		}
		s.Set("b", 2)
		must(s.Save(t.Context()))
		again, err := m.Load(t.Context(), s.Key())
		must(err)
		if got, _ := again.Get("a"); !py.Equal(got, v) {
			t.Errorf("%s has become %v when it was saved", class, got)
		}
	}
}

func TestValuesOfAPickleComeInTheirGoForms(t *testing.T) {
	t.Parallel()
	m, _ := site(t, pickleSite("4.2.30"))
	s := m.New()
	moment := py.DateTime{Time: time.Date(2023, 11, 14, 22, 13, 20, 5000, time.UTC)}
	price, err := py.ParseDecimal("19.90")
	must(err)
	values := map[string]any{
		"moment": moment, "price": price, "day": py.Date{Year: 2023, Month: 11, Day: 14}, "pause": py.TimeDelta{Seconds: 300},
		"z": complex(1, -2), "deep": py.NewList(py.NewTuple(price, moment)), "set": py.NewSet(int64(1), "a"),
		"huge": new(big.Int).Lsh(big.NewInt(1), 80), "bytes": py.Bytes("\xff"),
	}
	must(s.Update(values))
	must(s.Save(t.Context()))
	if s, err = m.Load(t.Context(), s.Key()); err != nil {
		t.Fatal(err)
	}
	dict := s.Dict()
	for name, want := range values {
		got, _ := s.Get(name)
		inDict, _ := dict.Get(name)
		for _, v := range []any{got, inDict, s.SetDefault(name, nil)} {
			if !py.Equal(v, want) || reflect.TypeOf(v) != reflect.TypeOf(want) {
				t.Errorf("%s: got %T %v, want %T %v", name, v, v, want, want)
			}
		}
		if popped, err := s.Pop(name); err != nil || !py.Equal(popped, want) {
			t.Errorf("%s: popped %v, %v", name, popped, err)
		}
	}
	for name, v := range s.Items() {
		t.Errorf("%s is left: %v", name, v)
	}
}

func TestPickledValuesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	const shared = "\x80\x04}\x94(\x8c\x01a\x94]\x94K\x01a\x8c\x01b\x94h\x02\x8c\x04selfq\x05]q\x06h\x06au." // a is b, self contains itself
	m, e := site(t, pickleSite("4.2.30"))
	e.SetRow("akeyof8characters", signedPayload(t, m.Settings(), shared), frozen.AddDate(1, 0, 0))
	s, err := m.Load(t.Context(), "akeyof8characters")
	must(err)
	a, _ := s.Get("a")
	list, _ := a.(*py.List)
	list.Items = append(list.Items, int64(2))
	if b, _ := s.Get("b"); !py.Equal(b, py.NewList(int64(1))) {
		t.Errorf("b has become %v", b)
	}
	self, _ := s.Get("self")
	if l, ok := self.(*py.List); !ok || len(l.Items) != 1 || l.Items[0] != any(l) {
		t.Errorf("self is %v", self)
	}
	d := s.Dict()
	a, _ = d.Get("a")
	if b, _ := d.Get("b"); a != b {
		t.Error("values shared in the session are not shared in the copy")
	}
	s.Set("c", a)
	must(s.Save(t.Context()))
	text, _, _ := e.Row(s.Key())
	stored, err := pickle.Loads([]byte(payloadOf(t, m.Settings(), text)))
	must(err)
	d, _ = stored.(*py.Dict)
	a, _ = d.Get("a")
	b, _ := d.Get("b")
	c, _ := d.Get("c")
	if a != b || a == c || !py.Equal(a, c) {
		t.Errorf("stored are %p, %p and %p", a, b, c)
	}
}

func TestPickleSerializerNamesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"not text":     {"\xff", "str"},
		"deep":         {map[string]any{"items": []any{1, "\xff"}}, "items[1]"},
		"no Go value":  {func() {}, "func()"},
		"bad datetime": {py.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "datetime"},
	} {
		m, _ := site(t, pickleSite("4.2.30"))
		s := m.New()
		s.Set("good", 1)
		s.Set("bad", c.value)
		err := s.Save(t.Context())
		if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != "bad" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with the name and %q", name, err, c.want)
		}
	}
}

func TestPickledSessionsAreInflatedUpToTheLimit(t *testing.T) {
	t.Parallel()
	m, _ := site(t, pickleSite("4.2.30"))
	s := m.Settings()
	d := py.NewDict(1)
	d.Set("a", strings.Repeat("a", 2000))
	codec, err := djangosession.NewCodec(s)
	must(err)
	text, err := codec.Encode(d)
	must(err)
	for limit, want := range map[int]string{1000: "too_large", 3000: ""} {
		s.MaxInflated = limit
		codec, err := djangosession.NewCodec(s)
		must(err)
		_, err = codec.Decode(text)
		refused, _ := errors.AsType[*djangosession.DecodeError](err)
		if (refused == nil) != (want == "") || refused != nil && string(refused.Reason) != want {
			t.Errorf("limit %d: error %v", limit, err)
		}
	}
}

func TestExplainSaysWhichSerializerWroteATextThatIsWellSigned(t *testing.T) {
	t.Parallel()
	d := py.NewDict(1)
	d.Set("a", int64(1))
	for _, c := range []struct {
		writes, reads djangosession.Serializer
		want          string
	}{
		{djangosession.JSONSerializer{}, djangosession.PickleSerializer{}, "is JSON"},
		{djangosession.PickleSerializer{}, djangosession.JSONSerializer{}, "is a pickle"},
	} {
		s := djangosession.NewSettings("test-secret-key")
		s.Serializer = c.writes
		codec, err := djangosession.NewCodec(s)
		must(err)
		text, err := codec.Encode(d)
		must(err)
		s.Serializer = c.reads
		codec, err = djangosession.NewCodec(s)
		must(err)
		e := codec.Explain(text, djangosession.Candidates{})
		if e.Decodes || len(e.Hints) != 1 || !strings.Contains(e.Hints[0], c.want) {
			t.Errorf("want %q in %+v", c.want, e)
		}
	}
}
