package djangosession

import (
	"bytes"
	"fmt"

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
	// [py.Natural] and may stand anywhere in the session value of this name, as with the argument default of Python's
	// json.dumps. It returns a Go value that [py.From] takes or a Python value; its error becomes that of the save. The session
	// that is being saved keeps what it has. Several goroutines may call it.
	Convert func(name string, value any) (any, error)

	isoExpiry bool // of the release
}

// Dumps returns d in JSON. The error is a [*ValueError].
func (t TransitionalSerializer) Dumps(d *py.Dict) ([]byte, error) {
	if data, err := pyjson.Dumps(d); err == nil {
		return data, nil
	}
	plain := py.NewDict(d.Len())
	for name, v := range d.All() {
		if _, err := pyjson.Dumps(v); err != nil {
			c := &jsonConverter{TransitionalSerializer: t, name: fmt.Sprint(name), seen: map[any]bool{}}
			if v, err = c.value(py.Natural(py.Resolve(v))); err != nil {
				return nil, &ValueError{Name: c.name, Err: err}
			}
		}
		plain.Set(name, v)
	}
	return JSONSerializer{}.Dumps(plain)
}

// Loads reads JSON or a pickle, whichever it is.
func (t TransitionalSerializer) Loads(data []byte) (*py.Dict, error) {
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\n\r"), []byte("{")) {
		return JSONSerializer{}.Loads(data)
	}
	return t.Pickle.Loads(data)
}

// of returns the serializer as settings have it.
func (t TransitionalSerializer) of(s *Settings, r release) (TransitionalSerializer, error) {
	t.isoExpiry = r.hasISOExpiry()
	var err error
	t.Pickle, err = t.Pickle.of(s, r)
	return t, err
}

// A jsonConverter makes one value of a session fit for JSON. It changes the containers that it is given.
type jsonConverter struct {
	TransitionalSerializer
	name string
	seen map[any]bool // containers, of which some may contain themselves: JSON refuses those
}

func (c *jsonConverter) value(v any) (any, error) {
	switch v := v.(type) {
	case *py.List:
		return v, c.items(v, v.Items)
	case *py.Tuple:
		return v, c.items(v, v.Items)
	case *py.Dict:
		return v, c.dict(v)
	case *py.Object:
		if d, ok := v.AsDict(); ok && !v.HasState {
			return d, c.dict(d)
		}
		if text, ok := v.AsText(); ok && isSafeString(v) {
			return text, nil
		}
	case py.Str2:
		if isASCII(string(v)) {
			return string(v), nil
		}
	case py.DateTime:
		if c.name == ExpiryName && c.isoExpiry {
			return v.ISOFormat(), nil
		}
	}
	_, err := pyjson.Dumps(v)
	if err == nil || c.Convert == nil {
		return v, err
	}
	if v, err = c.Convert(c.name, v); err != nil {
		return nil, err
	}
	return py.From(v)
}

func (c *jsonConverter) items(container any, items []any) error {
	if c.seen[container] {
		return nil
	}
	c.seen[container] = true
	for i, item := range items {
		v, err := c.value(item)
		if err != nil {
			return err
		}
		items[i] = v
	}
	return nil
}

func (c *jsonConverter) dict(d *py.Dict) error {
	if c.seen[d] {
		return nil
	}
	c.seen[d] = true
	for key, item := range d.All() {
		v, err := c.value(item)
		if err != nil {
			return err
		}
		d.Set(key, v)
	}
	return nil
}

// isSafeString reports whether an object is Django's str of HTML, under the names that it has had.
func isSafeString(o *py.Object) bool {
	switch o.Class() {
	case "django.utils.safestring.SafeString", "django.utils.safestring.SafeText", "django.utils.safestring.SafeUnicode":
		return true
	}
	return false
}
