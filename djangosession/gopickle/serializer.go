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

// A Serializer is a [github.com/djangobridge/djangobridge/djangosession.Serializer] that reads with the library. Its zero
// value knows no classes. The functions in it have to be safe for use by several goroutines.
type Serializer struct {
	// FindClass returns what stands for a class or function of Python, with the name that it has in Python 3: a value with
	// the methods Call, PyNew or both (see the library's package types). A nil value says that there is none. Names are
	// not checked: what FindClass returns for a name is what a pickle can have called.
	FindClass func(module, name string) (any, error)

	// PersistentLoad returns the value for a persistent id. Without it such pickles are refused.
	PersistentLoad func(id any) (any, error)

	// Options are for the reading that comes before the library's. An Encoding of "" stands for Python 3's default,
	// "ASCII". Persistent must be nil.
	Options pickle.Options

	// Protocol is what Dumps writes, 2 to 5; 0 means 4, which is the newest that all Pythons since 3.4 read.
	Protocol int
}

// An Error is what Loads returns where not the pickle but the library is at fault, or a class registered with it. What
// the library says is left out, for it may contain values of the session.
type Error struct {
	Problem string // such as "the library panicked"
	Err     error  // of FindClass or PersistentLoad; nil otherwise
}

func (e *Error) Error() string {
	if e.Err != nil {
		return "gopickle: " + e.Problem + ": " + e.Err.Error()
	}
	return "gopickle: " + e.Problem
}

func (e *Error) Unwrap() error { return e.Err }

const defaultProtocol = 4

// Dumps returns what CPython's pickler makes of d; see [pickle.Dumps].
func (s Serializer) Dumps(d *py.Dict) ([]byte, error) {
	protocol := s.Protocol
	if protocol == 0 {
		protocol = defaultProtocol
	}
	return pickle.Dumps(d, protocol)
}

// Loads returns the dict that data holds. The error is a [*pickle.SyntaxError] for what is no pickle or passes a limit, and
// an [*Error] otherwise.
func (s Serializer) Loads(data []byte) (*py.Dict, error) {
	v, err := s.value(data)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, &Error{Problem: "the session is no dict"}
	}
	return d, nil
}

// value returns what data holds, whatever it is.
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

// hooks are what the library calls.
type hooks struct {
	serializer *Serializer
	classes    map[py.Global]any
	keywords   map[py.Global]bool // see rewrite
	err        error              // of the functions that the caller gave
}

func (h *hooks) load(safe []byte) (v any, err error) {
	defer func() {
		if recover() != nil { // its text may contain values
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

// findClass has one value for a class throughout a pickle, as Python has.
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
		if h.keywords[key] { // the library does not tell them from other arguments
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
