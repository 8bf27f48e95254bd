package djangosession

import (
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// TransitionalSerializer reads sessions in JSON and in pickle, and writes JSON. It is for
// a site that moves from PickleSerializer to JSON and whose Django can already read both.
// Settings whose SESSION_SERIALIZER is djangobridge.serializers.TransitionalSerializer of
// the Python package use it; otherwise, set [Settings].Serializer to it. Like
// [PickleSerializer], it never executes code.
//
// The two formats cannot be confused. A session in JSON is an object: it starts with "{"
// or with white space. No pickle of any protocol starts with one of these bytes because
// they are not opcodes. Pickles of protocol 2 and later start with 0x80, older ones with
// "}" or "(", the opcodes of a dict and of its mark.
//
// Pickled values are written as Django's JSONSerializer would write them: tuples become
// lists, keys become text, a SafeString becomes a str, and an OrderedDict or a similar
// class becomes a dict. For a value that JSON cannot represent, the save fails with a
// [*ValueError] unless Convert replaces it. An expiry that is a datetime becomes text for
// releases that read that (since 4.1).
type TransitionalSerializer struct {
	// Pickle reads the pickles.
	Pickle PickleSerializer

	// Convert, if set, returns a replacement for a value that JSON cannot represent, like
	// the argument default of Python's json.dumps. The value is in the form of
	// [py.Native] and may be anywhere in the session value called name, the first such
	// name if several share it. Convert returns a Go value that [py.From] accepts or a
	// Python value, and is called again for unsupported values in it. Its error becomes
	// the error of the save. The session that is being saved keeps its values. Convert
	// must be safe for concurrent use.
	Convert func(name string, value any) (any, error)

	isoExpiry bool // set by of, from the release
}

// Dumps returns d in JSON. The error is a [*ValueError], or that of
// [JSONSerializer.Dumps] for a session that would expand too much.
func (t TransitionalSerializer) Dumps(d *py.Dict) ([]byte, error) {
	data, err := pyjson.Dumps(d)
	if err == nil {
		return data, nil
	}
	plain, _ := py.Native(d).(*py.Dict)
	c := jsonConverter{TransitionalSerializer: t, done: map[any]any{}}
	converted := py.NewDict(plain.Len())
	for name, v := range plain.All() {
		name = textKey(name)
		c.name = fmt.Sprint(name)
		if v, err = c.value(v); err != nil {
			return nil, &ValueError{Name: c.name, Err: err}
		}
		converted.Set(name, v)
	}
	return dumpsJSON(converted)
}

// Loads reads JSON or a pickle.
func (t TransitionalSerializer) Loads(data []byte) (*py.Dict, error) { return t.loads(string(data)) }

func (t TransitionalSerializer) loads(text string) (*py.Dict, error) {
	if isJSON(text) {
		return JSONSerializer{}.loads(text)
	}
	return t.Pickle.loads(text)
}

func isJSON(text string) bool { return strings.HasPrefix(strings.TrimLeft(text, " \t\n\r"), "{") }

// of returns the serializer with its zero fields filled in from the settings.
func (t TransitionalSerializer) of(s *Settings, r release.Release) (TransitionalSerializer, error) {
	t.isoExpiry = r.HasISOExpiry()
	var err error
	t.Pickle, err = t.Pickle.of(s, r)
	return t, err
}
