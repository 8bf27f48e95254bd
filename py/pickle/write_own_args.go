package pickle

import (
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

// maxWithin is how often an object may be in its own arguments, each time in those of the
// one before. The original lists and dicts end what would go on without end.
const maxWithin = 10

// ownArgs returns the arguments to write for v, which have lists or dicts among them.
// Inside its own arguments these are copies: Python makes the inner object first, and the
// originals are not complete by then. The caller counts down w.within behind them.
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

// isOfItems reports whether arguments are those of a container, such as deque and Counter,
// which make a list or dict of their items to be the first one. Other objects share theirs.
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

// copies returns a tuple in which the lists and dicts are copies, and those in the lists
// too if these are pairs.
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
