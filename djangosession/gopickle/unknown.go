package gopickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/djangobridge/djangobridge/py"
)

// unknown is a class or function that FindClass does not know.
type unknown struct {
	name     *py.Global
	oldStyle bool // its instances are made as py.ConstructInstance
}

// Call implements the library's Callable.
func (u *unknown) Call(args ...any) (any, error) {
	return u.object(py.ConstructCall, args), nil
}

// PyNew implements the library's PyNewable. findClass makes sure that args contains no
// keyword arguments.
func (u *unknown) PyNew(args ...any) (any, error) {
	return u.object(py.ConstructNew, args), nil
}

func (u *unknown) object(construction py.Construction, args []any) *object {
	if u.oldStyle {
		construction = py.ConstructInstance
	}
	return &object{construction: construction, class: u.name, args: args}
}

// object is an instance of an unknown class. It becomes a py.Object when the whole pickle
// has been read.
type object struct {
	construction py.Construction
	class        *py.Global
	args         []any
	state        any
	hasState     bool
	items        []any
	pairs        []types.DictEntry
}

// PySetState implements the library's PyStateSettable.
func (o *object) PySetState(state any) error {
	o.state, o.hasState = state, true
	return nil
}

// Append implements the library's ListAppender.
func (o *object) Append(v any) { o.items = append(o.items, v) }

// Set implements the library's DictSetter.
func (o *object) Set(key, value any) {
	o.pairs = append(o.pairs, types.DictEntry{Key: key, Value: value})
}
