package py

import (
	"math/big"
	"slices"
)

// The data of an [Object] of an unknown class is visible in the way its pickle constructs
// it. The following methods find it; Scan uses them.

// AsDict returns the object as a dict if it is an instance of a subclass of dict, such as
// an OrderedDict, a defaultdict or a Counter. It returns false for other objects, for an
// empty one of an unknown class, and if hashing its keys would take too long because they
// are tuples with too many parts.
func (o *Object) AsDict() (*Dict, bool) {
	if pairs := o.Extras().Pairs; len(pairs) > 0 {
		return dictOf(pairs)
	}
	switch base := o.base().(type) {
	case *Dict:
		return base.Copy(), true
	case nil:
		class, args := o.madeClass(), o.args()
		switch {
		case class == "collections.Counter" && len(args) == 1:
			d, ok := args[0].(*Dict)
			if !ok || d == nil {
				return nil, false
			}
			return d.Copy(), true
		case class == "collections.OrderedDict" && len(args) == 1:
			return pairsOf(args[0]) // Python 2
		case class == "collections.OrderedDict", class == "collections.defaultdict", class == "collections.Counter":
			return NewDict(0), true
		}
	}
	return nil, false
}

// pairsOf returns the dict of a list of two-item lists.
func pairsOf(v any) (*Dict, bool) {
	list, ok := v.(*List)
	if !ok || list == nil {
		return nil, false
	}
	pairs := make([]Pair, 0, len(list.Items))
	for _, item := range list.Items {
		pair, ok := item.(*List)
		if !ok || pair == nil || len(pair.Items) != 2 {
			return nil, false
		}
		pairs = append(pairs, Pair{pair.Items[0], pair.Items[1]})
	}
	return dictOf(pairs)
}

// dictOf returns a dict of pairs whose keys have not been hashed yet. Hashing a tuple
// that contains one tuple twice, nested thirty levels deep, would take hours.
func dictOf(pairs []Pair) (*Dict, bool) {
	d := NewDict(len(pairs))
	parts := 1000 + 32*len(pairs)
	for _, p := range pairs {
		if !hashable(p.Key, &parts) {
			return nil, false
		}
		d.Set(p.Key, p.Value)
	}
	return d, true
}

// hashable reports whether hashing key visits at most the given number of parts, and
// subtracts the visited parts.
func hashable(key any, parts *int) bool {
	*parts--
	if key != nil && isNil(key) {
		return false
	}
	switch key := key.(type) {
	case *Tuple:
		for _, item := range key.Items {
			if *parts < 0 || !hashable(item, parts) {
				return false
			}
		}
	case *FrozenSet:
		for item := range key.All() {
			if *parts < 0 || !hashable(item, parts) {
				return false
			}
		}
	case Bytes:
		*parts -= len(key) / 1024
	case Str2:
		*parts -= len(key) / 1024
	case string:
		*parts -= len(key) / 1024
	case *big.Int:
		*parts -= key.BitLen() / 1024
	}
	return *parts >= 0
}

// AsList returns the object as a list if it is a deque, a namedtuple, or an instance of a
// subclass of list, tuple, set or frozenset. Pickles do not distinguish a namedtuple
// whose only field is a tuple from a subclass of tuple with the same items; AsList
// assumes the subclass.
func (o *Object) AsList() (*List, bool) {
	x := o.Extras()
	if len(x.Items) > 0 {
		return listOf(x.Items), true
	}
	if items, ok := itemsOf(o.base()); ok {
		return listOf(items), true
	}
	args := o.args()
	switch o.madeClass() {
	case "collections.deque":
		return NewList(), true
	case "builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple":
		if len(args) == 0 {
			return NewList(), true
		}
		items, ok := itemsOf(args[0])
		return listOf(items), ok && len(args) == 1
	}
	if o.Construction != ConstructNew || len(args) == 0 || len(x.Pairs) > 0 || o.base() != nil {
		return nil, false
	}
	if t, ok := args[0].(*Tuple); ok && t != nil && len(args) == 1 {
		return listOf(t.Items), true
	}
	return listOf(args), true
}

// listOf returns a new list of these items.
func listOf(items []any) *List { return &List{Items: slices.Clone(items)} }

// mayBeNumber reports whether o is constructed in the way of both a namedtuple of one
// field and a subclass of int, float or bytes.
func (o *Object) mayBeNumber() bool {
	if o.Construction != ConstructNew || len(o.args()) != 1 || len(o.Extras().Items) > 0 {
		return false
	}
	switch o.args()[0].(type) {
	case bool, int64, *big.Int, float64, complex128, Bytes:
		return true
	}
	return false
}

func itemsOf(v any) ([]any, bool) {
	if v == nil || isNil(v) {
		return nil, false
	}
	var items []any
	switch v := v.(type) {
	case *List:
		return v.Items, true
	case *Tuple:
		return v.Items, true
	case *Set:
		for item := range v.All() {
			items = append(items, item)
		}
	case *FrozenSet:
		for item := range v.All() {
			items = append(items, item)
		}
	default:
		return nil, false
	}
	return items, true
}

// AsText returns the text of an object of a subclass of str, such as Django's SafeString.
func (o *Object) AsText() (string, bool) {
	if base := o.base(); base != nil {
		return textOf(base)
	}
	x := o.Extras()
	if args := o.args(); o.Construction == ConstructNew && len(args) == 1 && len(x.Items)+len(x.Pairs) == 0 {
		return textOf(args[0])
	}
	return "", false
}

// Attributes returns the attributes, including those in __slots__, of an object that
// contains nothing else, such as an instance of a plain class or a Django model.
func (o *Object) Attributes() (*Dict, bool) {
	x := o.Extras()
	if len(x.Items)+len(x.Pairs) > 0 {
		return nil, false
	}
	if !x.HasState {
		plain := o.Construction == ConstructNew || o.Construction == ConstructInstance
		return NewDict(0), plain && len(o.args()) == 0 || o.reconstructed() && o.base() == nil
	}
	if x.State != nil && isNil(x.State) {
		return nil, false
	}
	switch state := x.State.(type) {
	case *Dict:
		return state.Copy(), true
	case *Tuple: // the dict and the slots; either may be None
		if len(state.Items) != 2 {
			return nil, false
		}
		all := NewDict(0)
		for _, part := range state.Items {
			d, ok := part.(*Dict)
			if part != nil && (!ok || d == nil) {
				return nil, false
			}
			if ok {
				for k, v := range d.All() {
					all.Set(k, v)
				}
			}
		}
		return all, true
	}
	return nil, false
}

func (o *Object) args() []any {
	if o.Args == nil {
		return nil
	}
	return o.Args.Items
}

// base returns the value that an object of a subclass of a built-in class is based on:
// copyreg._reconstructor(class, base, value), in protocols 0 and 1. It returns nil for
// other objects.
func (o *Object) base() any {
	if o.reconstructed() && o.Args.Items[2] != nil && !isNil(o.Args.Items[2]) {
		return o.Args.Items[2]
	}
	return nil
}

// textOf returns a str, or an ASCII str of Python 2.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Str2:
		return v.Text()
	}
	return "", false
}
