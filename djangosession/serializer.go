package djangosession

import (
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// A Serializer converts between a session's dict and bytes. It is the counterpart of a
// class named by SESSION_SERIALIZER. It must be safe for concurrent use.
type Serializer interface {
	// Dumps returns the bytes of d. Values that are [py.Lazy] and were created by this
	// serializer are written back as they were read.
	Dumps(d *py.Dict) ([]byte, error)
	// Loads returns the dict that data contains. It returns an error for anything else;
	// Django accepts that and fails later.
	Loads(data []byte) (*py.Dict, error)
}

// unusedSerializer is the site's own serializer where sessions are in a cache, which
// ignores it: Django only imports the class.
type unusedSerializer struct{ err error }

func (s unusedSerializer) Dumps(*py.Dict) ([]byte, error) { return nil, s.err }

func (s unusedSerializer) Loads([]byte) (*py.Dict, error) { return nil, s.err }

// JSONSerializer is Django's default, django.contrib.sessions.serializers.JSONSerializer.
type JSONSerializer struct{}

// Dumps returns what Django's dumps returns, also for values that a session can only get
// from the cache of cached_db: a SafeString becomes a str, and an OrderedDict or a
// similar class becomes a dict. The error is a [*ValueError] for a value that JSON cannot
// represent. A session that expands to more than 16 times its size is refused too; see
// [pyjson.Dumps].
func (JSONSerializer) Dumps(d *py.Dict) ([]byte, error) {
	data, err := dumpsJSON(d)
	if err == nil || isOutOfProportion(err) {
		return data, err
	}
	return TransitionalSerializer{}.Dumps(d)
}

// dumpsJSON returns d in JSON, without objects.
func dumpsJSON(d *py.Dict) ([]byte, error) {
	data, err := pyjson.Dumps(d)
	if err == nil {
		return data, nil
	}
	if isOutOfProportion(err) { // perhaps all values together, and none alone
		return nil, err
	}
	for name, v := range d.All() { // find the value only after a failure
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

// Loads reads what Django's loads reads, if it is an object. Values keep their text until
// they are used.
func (j JSONSerializer) Loads(data []byte) (*py.Dict, error) { return j.loads(string(data)) }

func (JSONSerializer) loads(text string) (*py.Dict, error) { return pyjson.LoadsDictString(text) }
