package djangosession

import (
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// A Serializer turns a session's dict into bytes and back: what a class named by SESSION_SERIALIZER does in Django. It must
// be safe for use by several goroutines.
type Serializer interface {
	// Dumps returns the bytes of d. Values that are [py.Lazy] and of the serializer's own making are written back as
	// they were read.
	Dumps(d *py.Dict) ([]byte, error)
	// Loads returns the dict that data holds. Data that holds something else is an error too: Django goes on with it and
	// breaks later.
	Loads(data []byte) (*py.Dict, error)
}

// JSONSerializer is Django's default, django.contrib.sessions.serializers.JSONSerializer.
type JSONSerializer struct{}

// Dumps returns what Django's dumps returns. The error is a [*ValueError] for a value of a type that JSON lacks. A session
// that expands to more than 16 times its size is refused too; see [pyjson.Dumps].
func (JSONSerializer) Dumps(d *py.Dict) ([]byte, error) {
	data, err := pyjson.Dumps(d)
	if err == nil {
		return data, nil
	}
	if isOutOfProportion(err) { // the values together, perhaps, and not one of them
		return nil, err
	}
	for name, v := range d.All() { // which one is worth finding out only now
		if _, err := pyjson.Dumps(v); err != nil {
			return nil, &ValueError{Name: fmt.Sprint(name), Err: err}
		}
	}
	return nil, err
}

func isOutOfProportion(err error) bool {
	refused, ok := errors.AsType[*pyjson.UnsupportedError](err)
	return ok && refused.Problem == pyjson.TooMuchExpansion
}

// Loads reads what Django's loads reads, if it is an object. Values stay as they stand in the text until they are used.
func (JSONSerializer) Loads(data []byte) (*py.Dict, error) { return pyjson.LoadsDict(data) }
