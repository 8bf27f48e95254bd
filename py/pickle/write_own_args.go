package pickle

import (
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

// maxWithin is how often an object may be nested in its own arguments. After that, the
// original lists and dicts are written, to end the recursion.
const maxWithin = 10

// ownArgs returns the arguments to write for v if they include lists or dicts. Within its
// own arguments these are copies, because Python constructs the inner object first, when
// the originals are incomplete. The caller decrements w.within afterwards.
func (w *writer) ownArgs(v *py.Object, args *py.Tuple) *py.Tuple {
	if w.within == nil {
		w.within = map[*py.Object]int{}
	}
	w.within[v]++
	if n := w.within[v]; 2 <= n && n <= maxWithin {
		return copies(args, v.Class() == "collections.OrderedDict")
	}
	return args
}

// isOfItems reports whether the arguments are those of a container, such as deque or
// Counter, that converts its items to a list or dict as its first argument. Other objects
// share their arguments.
func isOfItems(args *py.Tuple) bool {
	switch len(args.Items) {
	case 1:
		return isListOrDict(args.Items[0])
	case 2:
		return isListOrDict(args.Items[0]) && !isListOrDict(args.Items[1])
	}
	return false
}

func isListOrDict(v any) bool {
	switch v := v.(type) {
	case *py.List:
		return v != nil
	case *py.Dict:
		return v != nil
	}
	return false
}

// copies returns a tuple in which lists and dicts are copied. In a list of pairs, the
// pairs are copied, too.
func copies(args *py.Tuple, ofPairs bool) *py.Tuple {
	items := slices.Clone(args.Items)
	for i, item := range items {
		switch item := item.(type) {
		case *py.List:
			if item == nil {
				continue
			}
			list := slices.Clone(item.Items)
			if ofPairs {
				list = copies(&py.Tuple{Items: list}, false).Items
			}
			items[i] = &py.List{Items: list}
		case *py.Dict:
			if item != nil {
				items[i] = item.Copy()
			}
		}
	}
	return &py.Tuple{Items: items}
}
