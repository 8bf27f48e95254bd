package pickle

import "github.com/djangobridge/djangobridge/py"

// isTooDeep reports whether v is nested deeper than MaxDepth. A value may be put into
// others long before it gets its own contents, so only a walk over the result can tell.
// The walk is skipped if there are too few containers to nest that deep. References back
// to a container that is being walked do not count.
func (m *machine) isTooDeep(v any) bool {
	type frame struct {
		items  []any // not walked yet
		value  any
		height int // of the items walked so far
	}
	// Most containers occur once and need no entry. Containers from Options.Persistent
	// may occur anywhere.
	heights := make(map[any]int, len(m.shared))
	for _, v := range m.shared {
		heights[v] = notWalked
	}
	stack := []frame{{items: []any{v}}} // the first frame is not a container
	for {
		top := &stack[len(stack)-1]
		if len(top.items) == 0 {
			height := top.height + 1
			if _, ok := heights[top.value]; ok {
				heights[top.value] = height
			}
			stack = stack[:len(stack)-1]
			if len(stack) == 0 {
				return false
			}
			below := &stack[len(stack)-1]
			below.height = max(below.height, height)
			continue
		}
		item := top.items[0]
		top.items = top.items[1:]
		if !isContainer(item) {
			continue
		}
		height, ok := heights[item]
		if ok && height != notWalked {
			if len(stack)-1+height > m.opts.MaxDepth {
				return true
			}
			top.height = max(top.height, height)
			continue
		}
		items := parts(item)
		if len(items) == 0 {
			continue
		}
		if ok || m.foreign {
			heights[item] = 0
		}
		if len(stack) > m.opts.MaxDepth {
			return true
		}
		stack = append(stack, frame{items: items, value: item})
	}
}

// notWalked is the height of a container before the walk reaches it. During the walk over
// its contents, the height is 0.
const notWalked = -1

// parts returns the values in a container. For all but lists and tuples, it copies them.
func parts(v any) []any {
	switch v := v.(type) {
	case *py.List:
		return v.Items
	case *py.Tuple:
		return v.Items
	case *py.Dict:
		return entries(v)
	case *py.Set:
		return members(v)
	case *py.FrozenSet:
		return members(&v.Set)
	case *py.Object:
		x := v.Extras()
		items := append([]any{v.Callable, x.State, x.Setter}, x.Items...)
		if v.Args != nil {
			items = append(items, v.Args)
		}
		if x.Kwargs != nil {
			items = append(items, x.Kwargs)
		}
		for _, p := range x.Pairs {
			items = append(items, p.Key, p.Value)
		}
		return items
	}
	return nil
}

func entries(d *py.Dict) []any {
	items := make([]any, 0, 2*d.Len())
	for k, v := range d.All() {
		items = append(items, k, v)
	}
	return items
}

func members(s *py.Set) []any {
	items := make([]any, 0, s.Len())
	for item := range s.All() {
		items = append(items, item)
	}
	return items
}
