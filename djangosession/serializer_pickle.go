package djangosession

import (
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// PickleSerializer is django.contrib.sessions.serializers.PickleSerializer. Django had it
// until 4.2, and before 1.6 as the default. The Python package djangobridge has it for
// all releases. Settings whose SESSION_SERIALIZER is one of these use it. For a copy in
// the site's own code, set [Settings].Serializer to PickleSerializer{}.
//
// Reading never executes code. Names in the pickle, such as os.system, are neither
// imported nor called. They become data: a [*py.Object] that describes the call that
// Python would make. In Python, anyone who has the SECRET_KEY can run code through a
// session.
//
// Values that are not set are written back as they were read: objects of unknown classes,
// shared values, and values that contain themselves. [Session.Get] and its siblings
// return copies in the form of [py.Native].
type PickleSerializer struct {
	// Protocol is the pickle protocol to write, 2 to 5. Django writes the highest
	// protocol of its Python, and so does this serializer with settings from
	// [SettingsScript]. If 0, in settings, it is the highest that all Pythons of the
	// release can read: 2 before Django 2.0 (Python 2), 4 before 4.0 (Python 3.6), else
	// 5. Without settings it is 4.
	Protocol int

	// Options configure reading: limits, and the Encoding of a str of Python 2. If
	// Encoding is "" in settings, it is "ASCII" since Django 2.0, like pickle.loads of
	// Python 3, which refuses other bytes. Before 2.0, and without settings, such a str
	// becomes a [py.Str2], which is written back as a str of Python 2.
	Options pickle.Options

	// AcceptJSON makes Loads read JSON too. It is set for settings whose
	// SESSION_SERIALIZER is djangobridge.serializers.PickleSerializer, which does the
	// same, so that another process can already write JSON; see [TransitionalSerializer].
	AcceptJSON bool

	timeZone func(seconds int) *py.Object // set by of
}

// defaultProtocol can be read by every Python since 3.4.
const defaultProtocol = 4

var errNoPickledDict = errors.New("djangosession: the pickle is not a dict")

// Dumps returns what Django's dumps returns. The error is a [*ValueError] for a value
// that cannot be pickled.
func (p PickleSerializer) Dumps(d *py.Dict) ([]byte, error) {
	protocol := p.Protocol
	if protocol == 0 {
		protocol = defaultProtocol
	}
	o := pickle.WriteOptions{Protocol: protocol, TimeZone: p.timeZone}
	data, err := o.Dumps(d)
	if err == nil {
		return data, nil
	}
	for name, v := range d.All() { // which one is worth finding out only now
		if _, err := o.Dumps(v); err != nil {
			return nil, &ValueError{Name: fmt.Sprint(name), Err: err}
		}
	}
	return nil, err
}

// Loads reads what Django's loads reads, if it is a dict. Names need not be text, as in
// Django; only [Session.Dict] returns the others. A name that is an ASCII str of Python 2
// remains a [py.Str2], so that it is written back as one; its text finds it too. A
// SafeString becomes text, which is the same name to Python. An OrderedDict is read as a
// dict.
func (p PickleSerializer) Loads(data []byte) (*py.Dict, error) { return p.loads(string(data)) }

func (p PickleSerializer) loads(text string) (*py.Dict, error) {
	if p.AcceptJSON && isJSON(text) {
		return JSONSerializer{}.loads(text)
	}
	v, err := p.Options.LoadsString(text)
	if err != nil {
		return nil, err
	}
	return PickledDict(v)
}

// PickledDict returns the dict of a session from a value that was read from a pickle, in
// the form that [PickleSerializer].Loads returns. The error reports another value.
func PickledDict(v any) (*py.Dict, error) {
	d, ok := v.(*py.Dict)
	if !ok {
		if d, ok = orderedDict(v); !ok {
			return nil, fmt.Errorf("%w: a %s", errNoPickledDict, py.TypeName(v))
		}
	}
	return textNames(d), nil
}

// PickleSerializer returns a [PickleSerializer] whose fields follow from the settings. It
// is for values that Django pickles whatever SESSION_SERIALIZER is, such as those in its
// caches. The error is a [*SettingError].
func (s *Settings) PickleSerializer() (PickleSerializer, error) {
	r, err := parseRelease(s.DjangoVersion)
	if err != nil {
		return PickleSerializer{}, err
	}
	return PickleSerializer{}.of(s, r)
}

// orderedDict returns the dict in a collections.OrderedDict, the only class that behaves
// like dict in a session.
func orderedDict(v any) (*py.Dict, bool) {
	o, ok := v.(*py.Object)
	if !ok || o.Class() != "collections.OrderedDict" || o.Extras().HasState {
		return nil, false
	}
	return o.AsDict()
}

// textNames returns d with each SafeString name as text. To Python they are equal.
func textNames(d *py.Dict) *py.Dict {
	found := false
	for name := range d.All() {
		if o, ok := name.(*py.Object); ok {
			_, ok = textKey(o).(string)
			found = found || ok
		}
	}
	if !found {
		return d
	}
	texts := py.NewDict(d.Len())
	for name, v := range d.All() {
		if _, ok := name.(*py.Object); ok {
			name = textKey(name)
		}
		texts.Set(name, v)
	}
	return texts
}

// nameText returns the name of a value as text, from a str or an ASCII str of Python 2.
func nameText(name any) (text string, ok bool) {
	switch name := name.(type) {
	case string:
		return name, true
	case py.Str2:
		return name.Text()
	}
	return "", false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// of returns the serializer with its zero fields filled in from the settings.
func (p PickleSerializer) of(s *Settings, r release.Release) (PickleSerializer, error) {
	switch {
	case p.Protocol == 0 && s.PickleProtocol == 0:
		p.Protocol = r.PickleProtocol()
	case p.Protocol == 0: // perhaps of a Python newer than this module, which can read 5 too
		p.Protocol = min(s.PickleProtocol, maxProtocol)
	}
	if p.Protocol < minProtocol || p.Protocol > maxProtocol {
		return p, &SettingError{Setting: "PICKLE_PROTOCOL", Problem: "must be 2 to 5"}
	}
	if p.Options.Encoding == "" && r.NeedsPython3() {
		p.Options.Encoding = "ASCII"
	}
	if p.Protocol == minProtocol && !r.NeedsPython3() { // the protocol of Python 2
		p.timeZone = func(seconds int) *py.Object { return fixedOffset(r, seconds) }
	}
	return p, nil
}

// fixedOffset returns Django's object for a time zone with a fixed offset on Python 2.
// Python 2 has no such class, and pytz is optional.
func fixedOffset(r release.Release, seconds int) *py.Object {
	offset := py.TimeDeltaOf(time.Duration(seconds) * time.Second)
	sign, minutes := '+', seconds/60
	if seconds < 0 {
		sign, minutes = '-', -minutes
	}
	name := fmt.Sprintf("%c%02d%02d", sign, minutes/60, minutes%60)
	if seconds == 0 {
		name = "UTC"
	}
	state := py.NewDict(2) //nolint:mnd // its two attributes
	state.Set("_FixedOffset__offset", offset)
	state.Set("_FixedOffset__name", name)
	class, args := &py.Global{Module: "django.utils.timezone", Name: "FixedOffset"}, py.NewTuple()
	if !r.HasTimezoneFixedOffset() {
		class, args = &py.Global{Module: "django.utils.tzinfo", Name: "FixedOffset"}, py.NewTuple(offset)
	}
	return &py.Object{Callable: class, Args: args, Extra: &py.Extra{HasState: true, State: state}}
}

// The protocols that can be written.
const (
	minProtocol = 2
	maxProtocol = 5
)
