package gopickle

import (
	"math/big"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// disguise is a prefix of the module of every class in the library's input. It keeps the
// library from recognizing the few classes for which it has its own types: for those it
// loses the contents, or allocates without a limit.
const disguise = "python:"

// oldStyle precedes the disguise of a class whose instances are [py.ConstructInstance].
// The library does not distinguish them from others, and calls each class without its
// arguments.
const oldStyle = "old-style:"

// maxIntBits is the size in bits of the largest int that the library receives.
const maxIntBits = 8 * 8 << 10

// safeProtocol is the protocol of the library's input: the one with opcodes for every
// type that the library supports.
const safeProtocol = 5

// rewrite reads data and returns a pickle of the same value that is safe for the library.
// It also returns the classes in it that are made with keyword arguments, under the names
// that the library sees.
func (s Serializer) rewrite(data []byte) (safe []byte, keywords map[py.Global]bool, err error) {
	o := s.Options
	if o.Persistent != nil {
		return nil, nil, errHook
	}
	if o.Encoding == "" {
		o.Encoding = "ASCII"
	}
	if s.PersistentLoad != nil {
		o.Persistent = func(id any) (any, error) {
			return &py.Object{Construction: py.ConstructPersistent, Args: py.NewTuple(id)}, nil
		}
	}
	v, err := o.Loads(data)
	if err != nil {
		return nil, nil, err
	}
	w := walker{seen: map[any]bool{}, keywords: map[py.Global]bool{}}
	if w.walk(v); w.problem != "" {
		return nil, nil, &Error{Problem: w.problem}
	}
	safe, err = pickle.Dumps(v, safeProtocol)
	return safe, w.keywords, err
}

// A walker disguises the classes in a value and finds values that the library must not
// receive.
type walker struct {
	seen     map[any]bool
	keywords map[py.Global]bool // classes made with keyword arguments
	problem  string
}

func (w *walker) walk(v any) {
	switch v := v.(type) {
	case int64:
		if int64(int(v)) != v {
			w.problem = "an integer of which the library would keep 32 bits on this machine"
		}
	case *big.Int:
		if v.BitLen() > maxIntBits {
			w.problem = "an int is too large for the library"
		}
	case *py.Global, *py.List, *py.Tuple, *py.Dict, *py.Set, *py.FrozenSet, *py.Object:
		if !w.seen[v] {
			w.seen[v] = true
			w.parts(v)
		}
	}
}

func (w *walker) parts(v any) {
	switch v := v.(type) {
	case *py.Global:
		v.Module = disguise + v.Module
	case *py.List:
		w.all(v.Items)
	case *py.Tuple:
		w.all(v.Items)
	case *py.Dict:
		for key, value := range v.All() {
			w.walk(key)
			w.walk(value)
		}
	case *py.Set:
		for item := range v.All() {
			w.walk(item)
		}
	case *py.FrozenSet:
		for item := range v.All() {
			w.walk(item)
		}
	case *py.Object:
		w.object(v)
	}
}

func (w *walker) object(o *py.Object) {
	w.walk(o.Callable)
	w.walk(o.Args)
	x := o.Extras()
	w.walk(x.State)
	w.all(x.Items)
	for _, p := range x.Pairs {
		w.walk(p.Key)
		w.walk(p.Value)
	}
	if x.Kwargs != nil {
		w.walk(x.Kwargs)
	}
	class, named := o.Callable.(*py.Global)
	switch {
	case x.Setter != nil:
		w.problem = "a function sets the state of an object, of which the library would lose the state"
	case o.Construction == py.ConstructNewEx && named:
		w.keywords[*class] = true
	case o.Construction == py.ConstructNewEx:
		w.problem = "a class without a name is made with keyword arguments"
	case o.Construction == py.ConstructInstance && named:
		o.Callable = &py.Global{Module: oldStyle + class.Module, Name: class.Name}
		o.Construction = py.ConstructCall
		if len(o.Args.Items) == 0 {
			o.Construction = py.ConstructNew
		}
	case o.Construction == py.ConstructInstance:
		w.problem = "an instance of an old-style class without a name"
	}
}

func (w *walker) all(items []any) {
	for _, item := range items {
		w.walk(item)
	}
}
