package tagged

import (
	"github.com/djangobridge/djangobridge/py"
)

// container writes v if it may contain other values.
func (d *dumper) container(v any) *UnsupportedError {
	if isNil(v) {
		return unsupported(v, nilValue)
	}
	if m := d.open[v]; m != nil {
		if m.id == 0 {
			d.marks = append(d.marks, mark{at: m.at, id: len(d.marks) + 1})
			m.id = len(d.marks)
		}
		return d.leaf(tagRef, v, int64(m.id))
	}
	again := d.limiter.Begin(v, len(d.out))
	if err := d.bounded(v); err != nil {
		return err
	}
	if d.open == nil {
		d.open = map[any]*mark{}
	}
	m := &mark{at: len(d.out)}
	d.open[v] = m
	err := d.contents(v)
	delete(d.open, v)
	if m.id > 0 {
		d.out = append(d.out, ']', '}')
	}
	if again {
		d.limiter.End(len(d.out))
	}
	return err
}

func isNil(v any) bool {
	switch v := v.(type) {
	case *py.List:
		return v == nil
	case *py.Dict:
		return v == nil
	case *py.Tuple:
		return v == nil
	case *py.Set:
		return v == nil
	case *py.FrozenSet:
		return v == nil
	case *py.Object:
		return v == nil
	}
	return false
}

func (d *dumper) contents(v any) *UnsupportedError {
	items := func(items []any) func() *UnsupportedError {
		return func() *UnsupportedError { return d.list(items) }
	}
	switch v := v.(type) {
	case *py.List:
		return d.list(v.Items)
	case *py.Tuple:
		return d.tag(tagTuple, items(v.Items))
	case *py.Set:
		return d.tag(tagSet, items(members(v)))
	case *py.FrozenSet:
		return d.tag(tagFrozenSet, items(members(&v.Set)))
	case *py.Object:
		return d.tag(tagObject, func() *UnsupportedError { return d.object(v) })
	case *py.Dict:
		if isPlain(v) {
			return d.plainDict(v)
		}
		pairs := make([]py.Pair, 0, v.Len())
		for key, value := range v.All() {
			pairs = append(pairs, py.Pair{Key: key, Value: value})
		}
		return d.tag(tagDict, func() *UnsupportedError { return d.pairs(pairs) })
	}
	return nil
}

func members(s *py.Set) []any {
	items := make([]any, 0, s.Len())
	for item := range s.All() {
		items = append(items, item)
	}
	return items
}

// isPlain reports whether d can be written as an object.
func isPlain(d *py.Dict) bool {
	for key := range d.All() {
		text, ok := key.(string)
		if !ok || d.Len() == 1 && isTag(text) || surrogateParts(text) != nil {
			return false
		}
	}
	return true
}

func (d *dumper) list(items []any) *UnsupportedError {
	if err := d.begin('['); err != nil {
		return err
	}
	for i, item := range items {
		if i > 0 {
			d.out = append(d.out, ',')
		}
		if err := d.value(item); err != nil {
			return err
		}
	}
	d.end(']')
	return nil
}

func (d *dumper) plainDict(v *py.Dict) *UnsupportedError {
	if err := d.begin('{'); err != nil {
		return err
	}
	first := true
	for key, value := range v.All() {
		if !first {
			d.out = append(d.out, ',')
		}
		first = false
		if err := d.scalar(key); err != nil {
			return err
		}
		d.out = append(d.out, ':')
		if err := d.value(value); err != nil {
			return err
		}
	}
	d.end('}')
	return nil
}

func (d *dumper) pairs(pairs []py.Pair) *UnsupportedError {
	if err := d.begin('['); err != nil {
		return err
	}
	for i, p := range pairs {
		if i > 0 {
			d.out = append(d.out, ',')
		}
		if err := d.list([]any{p.Key, p.Value}); err != nil {
			return err
		}
	}
	d.end(']')
	return nil
}

// object writes the keys of an object that carry information.
func (d *dumper) object(o *py.Object) *UnsupportedError {
	if err := d.begin('{'); err != nil {
		return err
	}
	field := func(key string, write func() *UnsupportedError) func() *UnsupportedError {
		return func() *UnsupportedError {
			if d.out[len(d.out)-1] != '{' {
				d.out = append(d.out, ',')
			}
			d.out = append(append(append(d.out, '"'), key...), '"', ':')
			return write()
		}
	}
	value := func(key string, v any) func() *UnsupportedError {
		return field(key, func() *UnsupportedError { return d.value(v) })
	}
	list := func(key string, items []any) func() *UnsupportedError {
		return field(key, func() *UnsupportedError { return d.list(items) })
	}
	args, x := o.Args, o.Extras()
	if args == nil {
		args = py.NewTuple()
	}
	var fields []func() *UnsupportedError
	class, named := o.Callable.(*py.Global)
	switch {
	case o.Construction == py.ConstructPersistent && len(args.Items) == 1:
		fields = append(fields, value(keyPersistent, args.Items[0]))
		args = py.NewTuple()
	case o.Construction == py.ConstructPersistent || o.Construction > py.ConstructInstance ||
		o.Callable == nil || named && class == nil:
		return unsupported(o, "does not say how it is made")
	case named:
		fields = append(fields, field(keyClass, func() *UnsupportedError { return d.name(class) }))
	default:
		fields = append(fields, value(keyCallable, o.Callable))
	}
	if o.Construction == py.ConstructNew || o.Construction == py.ConstructNewEx {
		fields = append(fields, value(keyNew, true))
	}
	if o.Construction == py.ConstructInstance {
		fields = append(fields, value(keyOldStyle, true))
	}
	if len(args.Items) > 0 {
		fields = append(fields, list(keyArgs, args.Items))
	}
	if o.Construction == py.ConstructNewEx {
		kwargs := x.Kwargs
		if kwargs == nil {
			kwargs = py.NewDict(0)
		}
		fields = append(fields, value(keyKwargs, kwargs))
	}
	if x.HasState {
		fields = append(fields, value(keyState, x.State))
		if x.Setter != nil {
			fields = append(fields, value(keySetter, x.Setter))
		}
	}
	if len(x.Items) > 0 {
		fields = append(fields, list(keyItems, x.Items))
	}
	if len(x.Pairs) > 0 {
		fields = append(fields, field(keyPairs, func() *UnsupportedError { return d.pairs(x.Pairs) }))
	}
	for _, write := range fields {
		if err := write(); err != nil {
			return err
		}
	}
	d.end('}')
	return nil
}
