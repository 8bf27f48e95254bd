package tagged

import "github.com/djangobridge/djangobridge/py"

// object reads the description of an object. If shell is not nil, the object is built in
// it.
func (l *loader) object(content, shell any) (any, *TagError) {
	keys, ok := content.(*py.Dict)
	if !ok {
		return nil, &TagError{Tag: tagObject, Problem: "must be an object"}
	}
	o, ok := shell.(*py.Object)
	if !ok {
		o = &py.Object{}
	}
	r := objectReader{l: l, o: o}
	err := l.mutable(func() *TagError {
		for key, value := range keys.All() {
			name, _ := key.(string)
			if err := r.key(name, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		if problem := r.finish(); problem != "" {
			err = &TagError{Tag: tagObject, Problem: problem}
		}
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// An objectReader fills an object from its keys, which may be in any order.
type objectReader struct {
	l         *loader
	o         *py.Object
	ways      int // number of keys that say how to construct the object
	isNew     bool
	isOld     bool
	hasArgs   bool
	hasSetter bool
	id        any
}

func (r *objectReader) key(name string, content any) *TagError {
	o := r.o
	var err *TagError
	problem := ""
	switch name {
	case keyClass:
		r.ways++
		o.Callable, problem = global(content)
	case keyCallable:
		r.ways++
		o.Callable, err = r.l.value(content, nil)
	case keyPersistent:
		r.ways++
		o.Construction = py.ConstructPersistent
		r.id, err = r.l.value(content, nil)
	case keyNew:
		if r.isNew, _ = content.(bool); !r.isNew {
			problem = "must be true"
		}
	case keyOldStyle:
		if r.isOld, _ = content.(bool); !r.isOld {
			problem = "must be true"
		}
	case keyArgs:
		r.hasArgs = true
		var items []any
		items, problem, err = r.list(content)
		o.Args = py.NewTuple(items...)
	case keyKwargs:
		var v any
		if v, err = r.l.value(content, nil); err == nil {
			var ok bool
			if r.extra().Kwargs, ok = v.(*py.Dict); !ok {
				problem = "must be a dict"
			}
		}
	case keyState:
		r.extra().HasState = true
		o.Extra.State, err = r.l.value(content, nil)
	case keySetter:
		r.hasSetter = true
		r.extra().Setter, err = r.l.value(content, nil)
	case keyItems:
		r.extra().Items, problem, err = r.list(content)
	case keyPairs:
		var items []any
		if items, problem, err = r.list(content); err == nil && problem == "" {
			var ok bool
			if r.extra().Pairs, ok = pairsOf(items); !ok {
				problem = "must be a list of [key,value] pairs"
			}
		}
	default:
		problem = "is not one of its keys"
	}
	if problem != "" {
		return &TagError{Tag: tagObject, Problem: "has a wrong key " + quoteShort(name) + ": it " + problem}
	}
	if err != nil {
		return err.within(step(name)).within(step(tagObject))
	}
	return nil
}

func (r *objectReader) list(content any) ([]any, string, *TagError) {
	list, ok := content.(*py.List)
	if !ok {
		return nil, "must be a list", nil
	}
	return list.Items, "", r.l.items(list.Items)
}

// extra returns the Extra of the object.
func (r *objectReader) extra() *py.Extra {
	if r.o.Extra == nil {
		r.o.Extra = &py.Extra{}
	}
	return r.o.Extra
}

// finish checks that the keys fit together.
func (r *objectReader) finish() string {
	o := r.o
	x := o.Extras()
	switch {
	case r.ways != 1:
		return `must have one of "class", "callable" and "persistent"`
	case o.Construction == py.ConstructPersistent && (r.isNew || r.isOld || r.hasArgs || x.Kwargs != nil):
		return `has "persistent" beside what would make it`
	case r.isNew && r.isOld:
		return `has "new" and "oldstyle"`
	case x.Kwargs != nil && !r.isNew:
		return `has "kwargs" but not "new"`
	case r.hasSetter && (!x.HasState || x.Setter == nil):
		return `has "setter" but no "state"`
	}
	if o.Construction == py.ConstructPersistent {
		o.Args = py.NewTuple(r.id)
		return ""
	}
	switch {
	case x.Kwargs != nil:
		o.Construction = py.ConstructNewEx
	case r.isNew:
		o.Construction = py.ConstructNew
	case r.isOld:
		o.Construction = py.ConstructInstance
	}
	if o.Args == nil {
		o.Args = py.NewTuple()
	}
	if o.Callable == nil {
		return `has null as "callable"`
	}
	return ""
}
