package pickle

import "github.com/djangobridge/djangobridge/py"

// isTooDeep reports whether v nests deeper than MaxDepth. What a value contains may be put into it long after it was put
// into others, so only a walk over what was read can tell. It is taken only if there are enough containers to nest that
// deep. The way back into a container that is being walked does not count.
func (m *machine) isTooDeep(v any) bool {
	type frame struct {
		items  []any // still to be walked
		value  any
		height int // of what was walked, so far
	}
	// Most containers are met once, and need no entry; of those that Options.Persistent returned that is not known.
	heights := make(map[any]int, len(m.shared))
	for _, v := range m.shared {
		heights[v] = notWalked
	}
	stack := []frame{{items: []any{v}}} // the first frame stands for no container
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
		items := parts(item)
		if len(items) == 0 {
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
		if ok || m.foreign {
			heights[item] = 0
		}
		if len(stack) > m.opts.MaxDepth {
			return true
		}
		stack = append(stack, frame{items: items, value: item})
	}
}

// notWalked is the height of a container before the walk comes to it; it is 0 during the walk over what is in it.
const notWalked = -1

// parts returns the values in v, nil if it is no container.
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
