package djangosession

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// PickleSerializer is django.contrib.sessions.serializers.PickleSerializer, which Django had until 4.2 (before 1.6 as its
// default), and which sites have taken over into their own code since. Settings whose SESSION_SERIALIZER is that path have
// it; for a class of the site that does the same, set Settings.Serializer to PickleSerializer{}.
//
// Reading is inert. Whatever the pickle names, os.system included, nothing is imported, called or executed: it is data, a
// [*py.Object] that says what Python would call. In Python whoever has the SECRET_KEY can run code by a session; here not.
//
// Values are kept as they were read, so that what nobody sets is written back as it was: objects of classes that Go does
// not know, what is shared, and what contains itself. [Session.Get] and its siblings give copies in the form of [py.Native].
type PickleSerializer struct {
	// Protocol is the pickle protocol to write, 2 to 5. Django takes the highest that its Python has, and so does this for
	// settings that SettingsScript printed. If 0, in settings, it is the highest that each Python reads which the
	// release runs on: 2 before Django 2.0 (Python 2), 4 before 4.0 (Python 3.6), else 5. Without settings it is 4.
	Protocol int

	// Options say how to read: limits, and what Encoding a str of Python 2 is in. If that is "", in settings, it is "ASCII" since
	// Django 2.0, as in pickle.loads of Python 3: other bytes are refused. Before, and without settings, such a str is a
	// [py.Str2], which is written back as one.
	Options pickle.Options

	timeZone func(seconds int) *py.Object // see of
}

// defaultProtocol is read by each Python since 3.4.
const defaultProtocol = 4

var errNoPickledDict = errors.New("djangosession: the pickle contains no dict")

// Dumps returns what Django's dumps returns. The error is a [*ValueError] for a value that has no pickle here.
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
// Django; those that are not [Session.Dict] alone has. A name that is an ASCII str of
// Python 2 stays a [py.Str2], so that it is written back as one; the text of it finds it.
// A SafeString becomes text, which Python takes for the same name. An OrderedDict is read
// as a dict.
func (p PickleSerializer) Loads(data []byte) (*py.Dict, error) { return p.loads(string(data)) }

// loadsOwned is Loads of data that nobody else has.
func (p PickleSerializer) loadsOwned(data []byte) (*py.Dict, error) {
	if cap(data)-len(data) > len(data)/4 { // the rest would be kept too
		return p.Loads(data)
	}
	return p.loads(unsafe.String(unsafe.SliceData(data), len(data))) //nolint:gosec // nobody changes data
}

func (p PickleSerializer) loads(data string) (*py.Dict, error) {
	v, err := p.Options.LoadsString(data)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		if d, ok = orderedDict(v); !ok {
			return nil, fmt.Errorf("%w: a %s", errNoPickledDict, py.TypeName(v))
		}
	}
	return textNames(d), nil
}

// orderedDict returns what is in a collections.OrderedDict: of all classes the one that behaves in a session as dict does.
func orderedDict(v any) (*py.Dict, bool) {
	o, ok := v.(*py.Object)
	if !ok || o.Class() != "collections.OrderedDict" || o.Extras().HasState {
		return nil, false
	}
	return o.AsDict()
}

// textNames returns d with each name as text that is a SafeString: to Python they are the
// same.
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

// nameText returns the name of a value as text: a str, or an ASCII str of Python 2.
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

// of returns the serializer as settings have it, with what they leave open filled in.
func (p PickleSerializer) of(s *Settings, r release.Release) (PickleSerializer, error) {
	switch {
	case p.Protocol == 0 && s.PickleProtocol == 0:
		p.Protocol = r.PickleProtocol()
	case p.Protocol == 0: // of a Python newer than this module perhaps, which reads 5 as well
		p.Protocol = min(s.PickleProtocol, maxProtocol)
	}
	if p.Protocol < minProtocol || p.Protocol > maxProtocol {
		return p, &SettingError{Setting: "PICKLE_PROTOCOL", Problem: "must be 2 to 5"}
	}
	if p.Options.Encoding == "" && r.NeedsPython3() {
		p.Options.Encoding = "ASCII"
	}
	if p.Protocol == minProtocol && !r.NeedsPython3() { // which is that of Python 2
		p.timeZone = func(seconds int) *py.Object { return fixedOffset(r, seconds) }
	}
	return p, nil
}

// fixedOffset returns the object that Django on Python 2 has for a time zone of a fixed
// offset: Python 2 has none itself, and pytz need not be there.
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
