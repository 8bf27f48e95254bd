package pickle

import (
	"strconv"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/py"
)

const badClass = "constructs an object from a value that is not a class or function"

// readName reads the module and the name on the next two lines.
func (m *machine) readName() (*py.Global, string) {
	module, ok1 := m.line()
	name, ok2 := m.line()
	if !ok1 || !ok2 || module == "" || name == "" {
		return nil, endsTooSoon // CPython's error for an empty line
	}
	if !utf8.ValidString(module) || !utf8.ValidString(name) { // surrogates are not allowed, unlike in other text
		return nil, badText
	}
	return m.global(module, name)
}

func (m *machine) global(module, name string) (*py.Global, string) {
	if m.proto < 3 {
		module, name = m.name(module, name)
	}
	g := m.globals.take()
	if g == nil {
		if g = first(m, &m.globals, "\x93"); g == nil { // the other opcode for it is a letter
			return nil, tooLarge
		}
	}
	*g = py.Global{Module: module, Name: name}
	return g, ""
}

// name returns the name of a class or function of Python 2. It is the Python 3 name,
// unless types are kept and that name could not be written back: for example int, because
// long is called int in Python 3.
func (m *machine) name(module, name string) (newModule, newName string) {
	module3, name3 := python3Name(module, name)
	if m.keepsPython2() {
		if module2, name2 := python2Name(module3, name3); module2 != module || name2 != name {
			return module, name
		}
	}
	return module3, name3
}

// keepsPython2 reports whether types that only Python 2 distinguishes are kept apart:
// long and int, str and unicode.
func (m *machine) keepsPython2() bool { return m.proto < 3 && m.opts.Encoding == encodingNone }

func (m *machine) readGlobal() string {
	g, problem := m.readName()
	if problem != "" {
		return problem
	}
	return m.push(g)
}

func (m *machine) stackGlobal() string {
	n := m.stack.n
	if n-2 < m.fence {
		return noValue
	}
	module, ok1 := m.stack.all()[n-2].(string)
	name, ok2 := m.stack.all()[n-1].(string)
	if !ok1 || !ok2 {
		return "a class whose name is not text"
	}
	g, problem := m.global(module, name)
	if problem != "" {
		return problem
	}
	m.drop(2)
	return m.push(g)
}

// isCallable reports whether v may be called: a name, or an object such as a method
// returned by getattr.
func isCallable(v any) bool {
	switch v.(type) {
	case *py.Global, *py.Object:
		return true
	}
	return false
}

// pushObject pushes a new object.
func (m *machine) pushObject(construction py.Construction, callable any, args *py.Tuple, kwargs *py.Dict) string {
	m.containers++
	o := m.objects.take()
	if o == nil {
		if o = firstOfFew(m, &m.objects, m.src[m.op:m.op+1]); o == nil {
			return tooLarge
		}
	}
	o.Construction, o.Callable, o.Args = construction, callable, args
	if kwargs != nil {
		x := m.extra(o)
		if x == nil {
			return tooLarge
		}
		x.Kwargs = kwargs
	}
	return m.push(o)
}

func (m *machine) newObj() string {
	class, args, problem := m.popCall()
	if problem != "" {
		return problem
	}
	return m.pushObject(py.ConstructNew, class, args, nil)
}

func (m *machine) newObjEx() string {
	if m.stack.n-3 < m.fence {
		return noValue
	}
	top, _ := m.pop()
	kwargs, ok := top.(*py.Dict)
	if !ok {
		return "keyword arguments that are not a dict"
	}
	class, args, problem := m.popCall()
	if problem != "" {
		return problem
	}
	return m.pushObject(py.ConstructNewEx, class, args, kwargs)
}

// inst pushes an instance of the class whose name follows, with the values above the mark
// as arguments.
func (m *machine) inst() string {
	class, problem := m.readName()
	if problem != "" {
		return problem
	}
	if !isASCII(class.Module) || !isASCII(class.Name) { // only this opcode requires ASCII
		return badText
	}
	return m.instance(class, 0)
}

// obj pushes an instance of the class just above the mark.
func (m *machine) obj() string {
	if m.marks.n == 0 {
		return noMark
	}
	if m.stack.n == m.fence {
		return noValue
	}
	class := m.stack.all()[m.fence]
	if !isCallable(class) {
		return badClass
	}
	return m.instance(class, 1)
}

// instance pops the values above the mark and skips some. The rest are the arguments of a
// new object.
func (m *machine) instance(class any, skip int) string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	args, problem := m.popTuple(len(items) - skip)
	if problem != "" {
		return problem
	}
	m.drop(skip)
	return m.pushObject(py.ConstructInstance, class, args, nil)
}

func (m *machine) build() string {
	if m.stack.n-2 < m.fence {
		return noValue
	}
	state, _ := m.pop()
	top, _ := m.top()
	o, ok := top.(*py.Object)
	if !ok {
		return "sets the state of a value that cannot have one"
	}
	x := m.extra(o)
	switch {
	case x == nil:
		return tooLarge
	case x.HasState && isContainer(state) && x.State == state:
		// Python's pure-Python pickler writes the state of an object in its own arguments
		// twice.
	case x.HasState:
		return "sets the state of an object twice"
	}
	x.State, x.HasState = state, true
	return ""
}

// extra returns o.Extra, which it allocates if necessary, or nil if there is not enough
// memory.
func (m *machine) extra(o *py.Object) *py.Extra {
	if o.Extra == nil && m.charge(sizeExtra) {
		o.Extra = &py.Extra{}
	}
	return o.Extra
}

// extension pushes the class of a code of n bytes. A code of four bytes is signed.
func (m *machine) extension(n int) string {
	u, ok := m.uint(n)
	if !ok {
		return endsTooSoon
	}
	code := int64(u)
	if n == 4 {
		code = int64(int32(u))
	}
	g, ok := m.opts.Extensions[code]
	if !ok {
		return "unknown extension code " + strconv.FormatInt(code, 10) + "; see Options.Extensions"
	}
	m.used += sizeGlobal
	return m.push(&g)
}

func (m *machine) persistentText() string {
	id, ok := m.line()
	switch {
	case !ok:
		return endsTooSoon
	case !isASCII(id):
		return badText
	}
	return m.persistent(id)
}

func (m *machine) persistentValue() string {
	id, ok := m.pop()
	if !ok {
		return noValue
	}
	return m.persistent(id)
}

func (m *machine) persistent(id any) string {
	const refused = "a persistent id, which only the program that wrote it can resolve; see Options.Persistent"
	if m.opts.Persistent == nil {
		return refused
	}
	v, err := m.opts.Persistent(id)
	if err != nil {
		m.err = err
		return refused
	}
	m.foreign = m.foreign || isContainer(v)
	return m.push(v)
}
