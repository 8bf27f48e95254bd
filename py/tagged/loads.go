package tagged

import (
	"strconv"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// Loads returns the value of data, which is tagged JSON in UTF-8. The error is a
// [*pyjson.SyntaxError] or, for an unknown or misplaced tag, a [*TagError].
func Loads(data []byte) (any, error) { return LoadsString(string(data)) }

// LoadsString is [Loads] for a Python str of tagged JSON. The strings in the value may
// share its memory.
func LoadsString(s string) (any, error) {
	v, err := pyjson.LoadsString(s)
	if err != nil {
		return nil, err
	}
	l := loader{}
	v, wrong := l.value(v, nil)
	if wrong != nil {
		return nil, wrong
	}
	return v, nil
}

// A loader replaces the tags in the result of pyjson, which it owns. pyjson has limited
// the nesting.
type loader struct {
	ids      map[int64]opened // of the values that are being read
	mutables int              // how many of these are mutable and may therefore contain themselves
}

// An opened value is not filled yet.
type opened struct {
	shell    any
	mutables int // outside of it
}

// value returns the value of v. If shell is not nil, the value is built in it.
func (l *loader) value(v, shell any) (any, *TagError) {
	switch v := v.(type) {
	case *py.List:
		return v, l.mutable(func() *TagError { return l.items(v.Items) })
	case *py.Dict:
		if name, content, ok := tagOf(v); ok {
			return l.untag(name, content, shell)
		}
		return v, l.mutable(func() *TagError { return l.entries(v) })
	}
	return v, nil
}

// mutable reads the contents of a mutable value.
func (l *loader) mutable(read func() *TagError) *TagError {
	l.mutables++
	err := read()
	l.mutables--
	return err
}

// tagOf returns the tag if v is an object with a tag.
func tagOf(v *py.Dict) (name string, content any, ok bool) {
	if v.Len() != 1 {
		return "", nil, false
	}
	for key, value := range v.All() {
		name, _ = key.(string) // as all keys in JSON
		content = value
	}
	return name, content, isTag(name)
}

// items replaces the tags in each item.
func (l *loader) items(items []any) *TagError {
	for i, item := range items {
		v, err := l.value(item, nil)
		if err != nil {
			return err.within("[" + strconv.Itoa(i) + "]")
		}
		items[i] = v
	}
	return nil
}

func (l *loader) entries(d *py.Dict) *TagError {
	for key, value := range d.All() {
		v, err := l.value(value, nil)
		if err != nil {
			return err.within(step(key))
		}
		d.Set(key, v)
	}
	return nil
}

func step(key any) string {
	name, _ := key.(string)
	return "[" + quoteShort(name) + "]"
}

// id reads a value that contains itself: [number, value].
func (l *loader) id(content any) (any, *TagError) {
	problem := &TagError{Tag: tagID, Problem: "must be [number,value] with a number that no enclosing value has"}
	list, ok := content.(*py.List)
	if !ok || len(list.Items) != 2 {
		return nil, problem
	}
	n, ok := list.Items[0].(int64)
	if _, taken := l.ids[n]; !ok || taken {
		return nil, problem
	}
	shell := shellOf(list.Items[1])
	if shell == nil {
		return nil, &TagError{Tag: tagID, Problem: "has a value that cannot contain itself"}
	}
	if l.ids == nil {
		l.ids = map[int64]opened{}
	}
	l.ids[n] = opened{shell, l.mutables}
	v, err := l.value(list.Items[1], shell)
	delete(l.ids, n)
	if err != nil {
		return nil, err.within("[1]").within(step(tagID))
	}
	return v, nil
}

// shellOf returns the empty value that v will fill, or nil if v cannot contain other
// values.
func shellOf(v any) any {
	switch v := v.(type) {
	case *py.List:
		return v
	case *py.Dict:
		name, _, ok := tagOf(v)
		if !ok {
			return v
		}
		switch name {
		case tagTuple:
			return &py.Tuple{}
		case tagSet:
			return &py.Set{}
		case tagFrozenSet:
			return &py.FrozenSet{}
		case tagDict:
			return &py.Dict{}
		case tagObject:
			return &py.Object{}
		}
	}
	return nil
}

// ref returns the enclosing value with this number.
func (l *loader) ref(content any) (any, *TagError) {
	n, ok := content.(int64)
	around, known := l.ids[n]
	if !ok || !known {
		return nil, &TagError{Tag: tagRef, Problem: "must be the number of an enclosing value"}
	}
	switch around.shell.(type) {
	case *py.Tuple, *py.FrozenSet:
		if l.mutables == around.mutables {
			return nil, &TagError{Tag: tagRef, Problem: "is in a tuple or frozenset that is made of itself"}
		}
	}
	return around.shell, nil
}
