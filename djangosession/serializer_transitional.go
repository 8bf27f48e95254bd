package djangosession

import (
	"bytes"
	"fmt"

	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// TransitionalSerializer reads sessions in JSON and in pickle, and writes JSON: for a site on its way out of
// PickleSerializer, whose Django reads both too by then. Set Settings.Serializer to it. Reading is as inert as that of
// [PickleSerializer].
//
// The two cannot be confused. A session in JSON is an object: it begins with "{", or with white space before that. No pickle
// of any protocol begins with one of these bytes, since none is an opcode: those of protocol 2 and later begin with 0x80,
// older ones with the opcode of a dict or of its mark, "}" or "(".
//
// What was pickled is written as Django's JSONSerializer would write it: tuples become lists, keys become text, a SafeString a
// str, and an OrderedDict and its like a dict. What JSON cannot hold makes the save fail with a [*ValueError] unless Convert
// has an answer; but an expiry that is a datetime becomes text for releases that read that (since 4.1).
type TransitionalSerializer struct {
	// Pickle reads what is a pickle.
	Pickle PickleSerializer

	// Convert, if set, is asked for what to store instead of a value that JSON cannot hold. Value is in the form of
	// [py.Native] and may stand anywhere in the session value of this name, as with the argument default of Python's
	// json.dumps; for what stands under several names the name is the first. It returns a Go value that [py.From] takes or
	// a Python value, in which it is asked again for what JSON cannot hold; its error becomes that of the save. The session
	// that is being saved keeps what it has. Several goroutines may call it.
	Convert func(name string, value any) (any, error)

	isoExpiry bool // of the release
}

// Dumps returns d in JSON. The error is a [*ValueError], or that of [JSONSerializer.Dumps] for a session whose text would be
// out of proportion.
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
	return JSONSerializer{}.Dumps(converted)
}

// Loads reads JSON or a pickle, whichever it is.
func (t TransitionalSerializer) Loads(data []byte) (*py.Dict, error) {
	if isJSON(data) {
		return JSONSerializer{}.Loads(data)
	}
	return t.Pickle.Loads(data)
}

// loadsOwned is Loads of data that nobody else has.
func (t TransitionalSerializer) loadsOwned(data []byte) (*py.Dict, error) {
	if isJSON(data) {
		return JSONSerializer{}.Loads(data)
	}
	return t.Pickle.loadsOwned(data)
}

func isJSON(data []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(data, " \t\n\r"), []byte("{")) }

// of returns the serializer as settings have it.
func (t TransitionalSerializer) of(s *Settings, r release.Release) (TransitionalSerializer, error) {
	t.isoExpiry = r.HasISOExpiry()
	var err error
	t.Pickle, err = t.Pickle.of(s, r)
	return t, err
}
