package pickle

import (
	"strings"

	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// global writes the name of a class or function.
func (w *writer) global(v *py.Global) *UnsupportedError {
	w.boundary()
	if w.protocol >= 3 && isOfPython2(v.Module) {
		module, name := python3Name(v.Module, v.Name)
		v = &py.Global{Module: module, Name: name}
	}
	if number, ok := w.memo.findGlobal(v); ok {
		w.get(number)
		return nil
	}
	if v.Module == "" || v.Name == "" { // Python would not find it
		return unsupported(v, badName)
	}
	if w.protocol >= 4 {
		// CPython memoizes its own strings, so classes of one module may or may not share
		// its name. The strings in v, as they were read, have the same effect.
		if err := w.str(w.moduleName(v)); err != nil {
			return err
		}
		w.boundary()
		if err := w.str(v.Name); err != nil {
			return err
		}
		w.buf = append(w.buf, opStackGlobal)
	} else if parent, name, nested := cutLast(v.Name); nested {
		if err := w.getattr(&py.Global{Module: v.Module, Name: parent}, name); err != nil {
			return err
		}
	} else if err := w.globalLine(v); err != nil {
		return err
	}
	w.memo.addGlobal(v, w.memoizeNew())
	return nil
}

// isOfPython2 reports whether module is one of the two that every Python 2 has and whose
// names no module of Python 3 shares.
func isOfPython2(module string) bool { return module == builtins2 || module == exceptions2 }

// moduleName returns the string to write for the module of v. The types of builtins and
// datetime share one string. Some of them are also written for values that did not
// contain it: bytearray, complex, datetime.
func (w *writer) moduleName(v *py.Global) string {
	if !isStaticType(v) {
		return v.Module
	}
	first := &w.memo.builtins
	if v.Module == datetimeModule {
		first = &w.memo.datetime
	}
	if _, ok := w.memo.find(textIdentity(v.Module, kindStr)); !ok && *first != "" {
		return *first
	}
	*first = v.Module
	return v.Module
}

// isStaticType reports whether v is a type built into CPython. The functions of builtins
// have another string.
func isStaticType(v *py.Global) bool {
	if v.Module == builtins {
		switch v.Name {
		case "getattr", "iter", "eval", "exec", "print", "open", "compile", "len", "repr", "sorted", "next", "__import__":
			return false
		}
		return true
	}
	return v.Module == datetimeModule
}

// The module of the built-in names, in Python 3 and in Python 2.
const (
	builtins  = "builtins"
	builtins2 = "__builtin__"
)

// exceptions2 is the module of the exceptions in Python 2.
const exceptions2 = "exceptions"

func cutLast(name string) (parent, last string, nested bool) {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i], strings.Clone(name[i+1:]), true
	}
	return "", name, false
}

// getattr writes the attribute of a class as getattr(class, name), the form of nested
// classes in protocols below 4.
func (w *writer) getattr(class *py.Global, name string) *UnsupportedError {
	if err := w.builtin("getattr"); err != nil {
		return err
	}
	if err := w.global(class); err != nil {
		return err
	}
	if err := w.str(name); err != nil {
		return err
	}
	w.reduce(opTuple2)
	return nil
}

func (w *writer) globalLine(v *py.Global) *UnsupportedError {
	module, name := v.Module, v.Name
	if w.protocol < 3 {
		module, name = python2Name(module, name)
	}
	for _, s := range []string{module, name} {
		// A line feed would end the name, and the rest would be read as opcodes.
		if strings.IndexByte(s, '\n') >= 0 || !wtf8.Valid(s) || w.protocol < 3 && !isASCII(s) {
			return unsupported(v, badName)
		}
	}
	w.buf = append(w.buf, opGlobal)
	w.buf = append(w.buf, module...)
	w.buf = append(w.buf, '\n')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '\n')
	return nil
}

// object writes the construction of an object, then its items, its pairs and its state.
func (w *writer) object(v *py.Object) *UnsupportedError {
	id := pointerIdentity(v, kindOther)
	if w.again(id) {
		return nil
	}
	if err := w.construction(v); err != nil {
		return err
	}
	if v.Construction == py.ConstructPersistent { // the program looks it up each time
		return nil
	}
	if w.made(id) {
		return nil
	}
	if v.Extra == nil {
		return nil
	}
	if err := w.appends(v.Extra.Items); err != nil {
		return err
	}
	if err := w.setItems(v.Extra.Pairs); err != nil {
		return err
	}
	return w.state(v.Extra, id)
}

// state writes the state of an object: BUILD, or a call of its setter whose result is
// dropped.
func (w *writer) state(v *py.Extra, id identity) *UnsupportedError {
	if !v.HasState {
		return nil
	}
	if v.Setter != nil {
		if err := w.save(v.Setter); err != nil {
			return w.in(err, "setter")
		}
		w.again(id)
	}
	if err := w.save(v.State); err != nil {
		return w.in(err, "state")
	}
	if v.Setter != nil {
		w.buf = append(w.buf, opTuple2, opReduce, opPop)
	} else {
		w.buf = append(w.buf, opBuild)
	}
	return nil
}

// made memoizes an object that was just constructed. If its own arguments already did so,
// the second copy is dropped and made returns true.
func (w *writer) made(id identity) bool {
	if number, ok := w.memo.find(id); ok {
		w.buf = append(w.buf, opPop)
		w.get(number)
		return true
	}
	w.memoize(id)
	return false
}

func (w *writer) construction(v *py.Object) *UnsupportedError {
	args := v.Args
	if args == nil {
		args = &py.Tuple{}
	}
	if v.Construction == py.ConstructPersistent {
		if len(args.Items) != 1 {
			return unsupported(v, badID)
		}
		err := w.save(args.Items[0])
		w.buf = append(w.buf, opBinPersID)
		return err
	}
	if v.Callable == nil {
		return unsupported(v, badCallable)
	}
	if isOfItems(args) {
		args = w.ownArgs(v, args)
		defer func() { w.within[v]-- }()
	}
	if v.Construction == py.ConstructInstance {
		return w.instance(v, args)
	}
	if v.Construction == py.ConstructNewEx && w.protocol < 4 {
		return w.newByPartial(v, args)
	}
	if err := w.save(v.Callable); err != nil {
		return w.in(err, "callable")
	}
	if err := w.save(args); err != nil {
		return w.in(err, "args")
	}
	switch v.Construction {
	case py.ConstructNew:
		w.buf = append(w.buf, opNewObj)
	case py.ConstructNewEx:
		if err := w.kwargs(v.Extras().Kwargs); err != nil {
			return err
		}
		w.buf = append(w.buf, opNewObjEx)
	default:
		w.buf = append(w.buf, opReduce)
	}
	return nil
}

// instance writes an instance of an old-style class as Python 2 does. Python 3 reads this
// in every protocol, too.
func (w *writer) instance(v *py.Object, args *py.Tuple) *UnsupportedError {
	w.buf = append(w.buf, opMark)
	if err := w.save(v.Callable); err != nil {
		return w.in(err, "callable")
	}
	for i, arg := range args.Items {
		if err := w.save(arg); err != nil {
			return w.in(w.in(err, i), "args")
		}
	}
	w.buf = append(w.buf, opObj)
	return nil
}

func (w *writer) kwargs(v *py.Dict) *UnsupportedError {
	if v == nil {
		v = &py.Dict{}
	}
	return w.in(w.save(v), "kwargs")
}

// newByPartial writes the equivalent of NEWOBJ_EX for protocols below 4:
// partial(class.__new__, class, *args, **kwargs)().
func (w *writer) newByPartial(v *py.Object, args *py.Tuple) *UnsupportedError {
	var function any
	if class, ok := v.Callable.(*py.Global); ok { // a name is always one object
		function = &py.Global{Module: class.Module, Name: class.Name + ".__new__"}
	} else {
		getattr := &py.Global{Module: builtins, Name: "getattr"}
		function = &py.Object{Callable: getattr, Args: py.NewTuple(v.Callable, "__new__")}
	}
	if err := w.partial(function, v, args); err != nil {
		return err
	}
	w.buf = append(w.buf, opEmptyTuple, opReduce)
	return nil
}

// partial writes functools.partial(function, class, *args, **kwargs) as its __reduce__
// does: constructed from the function alone, with the rest as its state.
func (w *writer) partial(function any, v *py.Object, args *py.Tuple) *UnsupportedError {
	kwargs := v.Extras().Kwargs
	if kwargs == nil {
		kwargs = &py.Dict{}
	}
	bound := append([]any{v.Callable}, args.Items...)
	return w.save(&py.Object{
		Callable: &py.Global{Module: "functools", Name: "partial"},
		Args:     py.NewTuple(function),
		Extra: &py.Extra{
			HasState: true, State: py.NewTuple(function, py.NewTuple(bound...), kwargs.Copy(), nil),
		},
	})
}

// appends writes the items of an object. A last batch of one item is written with APPEND,
// unlike in a list.
func (w *writer) appends(items []any) *UnsupportedError {
	for start := 0; start < len(items); start += batchSize {
		end := min(start+batchSize, len(items))
		if err := w.listItems(items[start:end]); err != nil {
			return err
		}
	}
	return nil
}

// setItems writes the pairs of an object in batches, as appends does.
func (w *writer) setItems(pairs []py.Pair) *UnsupportedError {
	for start := 0; start < len(pairs); start += batchSize {
		batch := pairs[start:min(start+batchSize, len(pairs))]
		if len(batch) > 1 {
			w.buf = append(w.buf, opMark)
		}
		for _, p := range batch {
			if err := w.save(p.Key); err != nil {
				return w.in(err, p.Key)
			}
			if err := w.save(p.Value); err != nil {
				return w.in(err, p.Key)
			}
		}
		if len(batch) > 1 {
			w.buf = append(w.buf, opSetItems)
		} else {
			w.buf = append(w.buf, opSetItem)
		}
	}
	return nil
}
