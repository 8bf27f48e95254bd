package gopickle

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	gopickle "github.com/nlpodyssey/gopickle/pickle"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// A Serializer is a [github.com/djangobridge/djangobridge/djangosession.Serializer] that
// reads with the library. Its zero value knows no classes. Its functions must be safe for
// concurrent use.
type Serializer struct {
	// FindClass returns the Go value for a Python class or function, which is named as in
	// Python 3. The value has the method Call, PyNew or both (see the library's package
	// types). A nil value means that the class is unknown. Names are not checked: a
	// pickle can call anything that FindClass returns.
	FindClass func(module, name string) (any, error)

	// PersistentLoad returns the value for a persistent id. Without it, pickles with
	// persistent ids are refused.
	PersistentLoad func(id any) (any, error)

	// Options apply to the read by py/pickle that precedes the library's. An Encoding of
	// "" means Python 3's default, "ASCII". Persistent must be nil.
	Options pickle.Options

	// Protocol is the protocol that Dumps writes, 2 to 5. 0 means 4, the newest that all
	// Pythons since 3.4 can read.
	Protocol int
}

// An Error is returned by Loads for a fault of the library or of a class registered with
// it, rather than of the pickle. The library's own message is omitted because it may
// contain values of the session.
type Error struct {
	Problem string // such as "the library panicked"
	Err     error  // from FindClass or PersistentLoad; nil otherwise
}

func (e *Error) Error() string {
	if e.Err != nil {
		return "gopickle: " + e.Problem + ": " + e.Err.Error()
	}
	return "gopickle: " + e.Problem
}

func (e *Error) Unwrap() error { return e.Err }

const defaultProtocol = 4

// Dumps returns the pickle that CPython's pickler writes for d; see [pickle.Dumps].
func (s Serializer) Dumps(d *py.Dict) ([]byte, error) {
	protocol := s.Protocol
	if protocol == 0 {
		protocol = defaultProtocol
	}
	return pickle.Dumps(d, protocol)
}

// Loads returns the dict in data. The error is a [*pickle.SyntaxError] if data is not a
// pickle or exceeds a limit, and an [*Error] otherwise.
func (s Serializer) Loads(data []byte) (*py.Dict, error) {
	v, err := s.value(data)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, &Error{Problem: "the session is not a dict"}
	}
	return d, nil
}

// value returns the value in data, whatever its type.
func (s Serializer) value(data []byte) (any, error) {
	safe, keywords, err := s.rewrite(data)
	if err != nil {
		return nil, err
	}
	h := &hooks{serializer: &s, classes: map[py.Global]any{}, keywords: keywords}
	v, err := h.load(safe)
	if err != nil {
		return nil, err
	}
	return convert(v), nil
}

// hooks are the functions that the library calls.
type hooks struct {
	serializer *Serializer
	classes    map[py.Global]any
	keywords   map[py.Global]bool // see rewrite
	err        error              // from the caller's functions
}

func (h *hooks) load(safe []byte) (v any, err error) {
	defer func() {
		if recover() != nil { // its message may contain values
			v, err = nil, &Error{Problem: "the library panicked"}
		}
	}()
	u := gopickle.NewUnpickler(bytes.NewReader(safe))
	u.FindClass = h.findClass
	if h.serializer.PersistentLoad != nil {
		u.PersistentLoad = h.persistentLoad
	}
	v, err = u.Load()
	switch {
	case h.err != nil:
		return nil, &Error{Problem: "a function of the caller's", Err: h.err}
	case err != nil:
		return nil, &Error{Problem: "the library or a class registered with it refuses a value"}
	}
	return v, nil
}

// findClass returns the same value for a class throughout a pickle, as Python does.
func (h *hooks) findClass(module, name string) (any, error) {
	key := py.Global{Module: module, Name: name}
	if class, ok := h.classes[key]; ok {
		return class, nil
	}
	module, isOld := strings.CutPrefix(module, oldStyle)
	g := &py.Global{Module: strings.TrimPrefix(module, disguise), Name: name}
	var class any
	if h.serializer.FindClass != nil {
		var err error
		if class, err = h.serializer.FindClass(g.Module, g.Name); err != nil {
			h.err = fmt.Errorf("class %s: %w", g, err)
			return nil, h.err
		}
	}
	if class == nil {
		if h.keywords[key] { // the library does not distinguish them from other arguments
			h.err = fmt.Errorf("class %s: %w", g, errKeywords)
			return nil, h.err
		}
		class = &unknown{name: g, oldStyle: isOld}
	}
	h.classes[key] = class
	return class, nil
}

func (h *hooks) persistentLoad(id any) (any, error) {
	v, err := h.serializer.PersistentLoad(convert(id))
	if err != nil {
		h.err = fmt.Errorf("persistent id: %w", err)
		return nil, h.err
	}
	return v, nil
}

var (
	errHook     = errors.New("gopickle: Options.Persistent is set; use PersistentLoad")
	errKeywords = errors.New("it is made with keyword arguments, and FindClass does not know it")
)
