package pickle

import "github.com/djangobridge/djangobridge/py"

// isTooDeep reports whether v nests deeper than max. What a value contains may be put into it long after it was put into
// others, so only a walk over what was read can tell. It is taken only if there are enough containers to nest that deep.
// The way back into a container that is being walked does not count.
func isTooDeep(v any, limit int) bool {
	type frame struct {
		items  []any // still to be walked
		value  any
		height int // of what was walked, so far
	}
	heights := map[any]int{} // of containers that were walked; 0 while they are
	var stack []frame
	if items := parts(v); len(items) > 0 {
		stack = append(stack, frame{items: items, value: v})
		heights[v] = 0
	}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.items) == 0 {
			height := top.height + 1
			heights[top.value] = height
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				below := &stack[len(stack)-1]
				below.height = max(below.height, height)
			}
			if height > limit {
				return true
			}
			continue
		}
		item := top.items[0]
		top.items = top.items[1:]
		items := parts(item)
		if len(items) == 0 {
			continue
		}
		if height, ok := heights[item]; ok {
			top.height = max(top.height, height)
			continue
		}
		heights[item] = 0
		stack = append(stack, frame{items: items, value: item})
		if len(stack) > limit {
			return true
		}
	}
	return false
}

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
		items := append([]any{v.Callable, v.Args, v.State}, v.Items...)
		if v.Kwargs != nil {
			items = append(items, v.Kwargs)
		}
		for _, p := range v.Pairs {
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
