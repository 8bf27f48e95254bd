package pickle

import (
	"strconv"

	"github.com/djangobridge/djangobridge/py"
)

const badClass = "makes an object of what is no class or function"

// readName reads the module and the name on the next two lines.
func (m *machine) readName() (*py.Global, string) {
	module, ok1 := m.line()
	name, ok2 := m.line()
	if !ok1 || !ok2 {
		return nil, endsTooSoon
	}
	return m.global(module, name)
}

func (m *machine) global(module, name string) (*py.Global, string) {
	if !validString(module) || !validString(name) {
		return nil, badText
	}
	if m.proto < 3 {
		module, name = python3Name(module, name)
	}
	m.used += 32
	return &py.Global{Module: module, Name: name}, ""
}

func (m *machine) readGlobal() string {
	g, problem := m.readName()
	if problem == "" {
		m.push(g)
	}
	return problem
}

func (m *machine) stackGlobal() string {
	n := len(m.stack)
	if n-2 < m.fence {
		return noValue
	}
	module, ok1 := m.stack[n-2].(string)
	name, ok2 := m.stack[n-1].(string)
	if !ok1 || !ok2 {
		return "a class whose name is no text"
	}
	g, problem := m.global(module, name)
	if problem == "" {
		m.drop(2)
		m.push(g)
	}
	return problem
}

// isCallable reports whether v may be called: a name, or an object, such as a method that getattr returned.
func isCallable(v any) bool {
	switch v.(type) {
	case *py.Global, *py.Object:
		return true
	}
	return false
}

func (m *machine) pushObject(o *py.Object) {
	m.containers++
	m.used += sizeObject
	m.push(o)
}

func (m *machine) reduce() string {
	callable, args, problem := m.popCall()
	if problem != "" {
		return problem
	}
	if g, ok := callable.(*py.Global); ok {
		if plain, problem := m.plain(g, args); plain || problem != "" {
			return problem
		}
	}
	m.pushObject(&py.Object{Callable: callable, Args: args})
	return ""
}

// popCall takes the arguments and, below them, what is called.
func (m *machine) popCall() (callable any, args *py.Tuple, problem string) {
	if len(m.stack)-2 < m.fence {
		return nil, nil, noValue
	}
	top, _ := m.pop()
	callable, _ = m.pop()
	args, ok := top.(*py.Tuple)
	if !ok {
		return nil, nil, "arguments that are no tuple"
	}
	if !isCallable(callable) {
		return nil, nil, badClass
	}
	return callable, args, ""
}

// plain pushes the value that a call makes by which a pickler writes what its protocol has no opcode for: bytes below
// protocol 3, sets below 4, bytearrays below 5. Other calls are left alone, so that each form is written again as it was.
func (m *machine) plain(g *py.Global, args *py.Tuple) (done bool, problem string) {
	switch {
	case m.proto < 3 && g.Module == "_codecs" && g.Name == "encode" && len(args.Items) == 2:
		text, _ := args.Items[0].(string)
		if text == "" || args.Items[1] != "latin1" || !m.charge(len(text)) {
			return false, ""
		}
		b, ok := latin1(text)
		if ok {
			m.push(b)
		}
		return ok, ""
	case g.Module != builtins:
		return false, ""
	case m.proto < 3 && g.Name == "bytes" && len(args.Items) == 0:
		m.push(py.Bytes(""))
		return true, ""
	case m.proto < 5 && g.Name == "bytearray":
		return m.plainByteArray(args), ""
	case m.proto < 4 && (g.Name == "set" || g.Name == "frozenset") && len(args.Items) == 1:
		list, ok := args.Items[0].(*py.List)
		if !ok {
			return false, ""
		}
		return m.plainSet(list, g.Name == "frozenset")
	}
	return false, ""
}

func (m *machine) plainByteArray(args *py.Tuple) bool {
	if len(args.Items) == 0 {
		m.used += 32
		m.push(&py.ByteArray{Bytes: []byte{}})
		return true
	}
	b, ok := args.Items[0].(py.Bytes)
	if len(args.Items) != 1 || !ok || b == "" || !m.charge(32+len(b)) {
		return false
	}
	m.push(&py.ByteArray{Bytes: []byte(b)})
	return true
}

func (m *machine) plainSet(list *py.List, frozen bool) (done bool, problem string) {
	f := &py.FrozenSet{}
	for _, item := range list.Items {
		if problem := m.add(&f.Set, item); problem != "" {
			return false, problem
		}
	}
	if f.Len() != len(list.Items) {
		return false, ""
	}
	m.containers++
	m.used += sizeDict
	if frozen {
		m.push(f)
	} else {
		m.push(&f.Set)
	}
	return true, ""
}

func (m *machine) newObj() string {
	class, args, problem := m.popCall()
	if problem == "" {
		m.pushObject(&py.Object{Making: py.New, Callable: class, Args: args})
	}
	return problem
}

func (m *machine) newObjEx() string {
	if len(m.stack)-3 < m.fence {
		return noValue
	}
	top, _ := m.pop()
	kwargs, ok := top.(*py.Dict)
	if !ok {
		return "keyword arguments that are no dict"
	}
	class, args, problem := m.popCall()
	if problem == "" {
		m.pushObject(&py.Object{Making: py.NewEx, Callable: class, Args: args, Kwargs: kwargs})
	}
	return problem
}

// inst makes an instance of the class whose name follows, with the arguments down to the mark.
func (m *machine) inst() string {
	class, problem := m.readName()
	if problem != "" {
		return problem
	}
	return m.instance(class, 0)
}

// obj makes an instance of the class that stands just above the mark.
func (m *machine) obj() string {
	if len(m.marks) == 0 {
		return noMark
	}
	if len(m.stack) == m.fence {
		return noValue
	}
	class := m.stack[m.fence]
	if !isCallable(class) {
		return badClass
	}
	return m.instance(class, 1)
}

// instance takes all down to the mark, skips some of it, and makes an object with the rest as arguments. Python does not
// call a class of the old kind that needs none.
func (m *machine) instance(class any, skip int) string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	m.pushTuple(len(items) - skip)
	if m.used > m.maxUsed {
		return tooLarge
	}
	v, _ := m.pop()
	args, _ := v.(*py.Tuple)
	m.drop(skip)
	o := &py.Object{Callable: class, Args: args}
	if len(args.Items) == 0 {
		o.Making = py.New
	}
	m.pushObject(o)
	return ""
}

func (m *machine) build() string {
	if len(m.stack)-2 < m.fence {
		return noValue
	}
	state, _ := m.pop()
	top, _ := m.top()
	o, ok := top.(*py.Object)
	switch {
	case !ok:
		return "gives a state to what takes none"
	case o.HasState:
		return "gives an object a second state"
	}
	o.State, o.HasState = state, true
	return ""
}

func (m *machine) extension(code int64) string {
	g, ok := m.opts.Extensions[code]
	if !ok {
		return "extension code " + strconv.FormatInt(code, 10) + ", which has no name"
	}
	m.used += 32
	m.push(&g)
	return ""
}

func (m *machine) persistentText() string {
	id, ok := m.line()
	switch {
	case !ok:
		return endsTooSoon
	case !validString(id):
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
	const refused = "a persistent id, which only the program that wrote it knows"
	if m.opts.Persistent == nil {
		return refused
	}
	v, err := m.opts.Persistent(id)
	if err != nil {
		m.err = err
		return refused
	}
	m.push(v)
	return ""
}

// popValue drops the topmost value or mark. The result of a call is dropped where a recursive object turns out to be made
// already, and is fetched from the memo next. Elsewhere the call was there for what it does to some object.
func (m *machine) popValue() string {
	if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
		_, _ = m.popMark()
		return ""
	}
	if _, ok := m.pop(); !ok {
		return noValue
	}
	if m.last == opReduce && m.pos < len(m.src) {
		switch m.src[m.pos] {
		case opGet, opBinGet, opLongBinGet:
		default:
			return "calls a function to set the state of an object"
		}
	}
	return ""
}
