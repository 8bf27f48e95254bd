package pickle

import "github.com/djangobridge/djangobridge/py"

// reduce pushes the result of a call.
func (m *machine) reduce() (v any, problem string) {
	m.setting = m.last == opTuple2 // picklers memoize other argument tuples
	callable, args, problem := m.popCall()
	if problem != "" {
		return nil, problem
	}
	if g, ok := callable.(*py.Global); ok && m.proto < 5 {
		if plain, problem := m.plain(g, args); plain || problem != "" {
			v, _ := m.pop()
			return v, problem
		}
	}
	m.containers++
	o := m.objects.take()
	if o == nil {
		if o = first(m, &m.objects, "R"); o == nil {
			return nil, tooLarge
		}
	}
	o.Callable, o.Args = callable, args
	return o, ""
}

// A call is an object made by a call with one argument, as most are, together with its
// arguments.
type call struct {
	object py.Object
	args   single
}

// callSingle reads TUPLE1 and REDUCE together, with the MEMOIZE that may be between them.
// It returns nil and does nothing if other opcodes follow or if anything is unusual.
func (m *machine) callSingle() *py.Object {
	start := m.pos
	end := start
	memoizes := m.memoizesAt(end)
	if memoizes {
		end++
	}
	if end >= len(m.src) || m.src[end] != opReduce || m.stack.n-2 < m.fence {
		return nil
	}
	two := (*[2]any)(m.stack.all()[m.stack.n-2:])
	callable, ok := two[0].(*py.Global)
	if !ok || m.proto < 5 && (callable.Module == builtins || callable.Module == "_codecs") { // see plain
		return nil
	}
	c := m.calls.take()
	if c == nil {
		m.pos = end + 1 // after the other opcodes
		c = first(m, &m.calls, "R")
		if m.pos = start; c == nil {
			return nil
		}
	}
	c.args.items[0] = two[1]
	c.args.tuple.Items = c.args.items[:]
	c.object.Callable, c.object.Args = callable, &c.args.tuple
	if memoizes && !m.memo.dense.push(&c.args.tuple) {
		return nil
	}
	m.drop(2)
	m.containers += 2
	m.pos = end + 1
	return &c.object
}

// popCall pops the arguments and the callable below them.
func (m *machine) popCall() (callable any, args *py.Tuple, problem string) {
	if m.stack.n-2 < m.fence {
		return nil, nil, noValue
	}
	two := m.stack.all()[m.stack.n-2:]
	m.drop(2)
	callable = two[0]
	args, ok := two[1].(*py.Tuple)
	if !ok {
		return nil, nil, "arguments that are no tuple"
	}
	if !isCallable(callable) {
		return nil, nil, badClass
	}
	return callable, args, ""
}

// plain pushes the value of a call by which a pickler writes a type that has no opcode in
// its protocol: bytes below protocol 3, sets below 4, bytearrays below 5. Other calls are
// left alone, so that each form is written back as it was.
func (m *machine) plain(g *py.Global, args *py.Tuple) (done bool, problem string) {
	switch {
	case m.proto < 3 && g.Module == "_codecs" && g.Name == "encode" && len(args.Items) == 2:
		text, _ := args.Items[0].(string)
		if text == "" || args.Items[1] != "latin1" || !m.charge(3*len(text)) {
			return false, ""
		}
		b, ok := latin1(text)
		if !ok {
			return false, ""
		}
		return true, m.push(b)
	case g.Module != builtins:
		return false, ""
	case m.proto < 3 && g.Name == "bytes" && len(args.Items) == 0:
		return true, m.push(py.Bytes(""))
	case m.proto < 5 && g.Name == "bytearray":
		return m.plainByteArray(args)
	case m.proto < 4 && (g.Name == "set" || g.Name == "frozenset") && len(args.Items) == 1:
		list, ok := args.Items[0].(*py.List)
		if !ok {
			return false, ""
		}
		return m.plainSet(list, g.Name == "frozenset")
	}
	return false, ""
}

func (m *machine) plainByteArray(args *py.Tuple) (done bool, problem string) {
	var content py.Bytes
	if len(args.Items) > 0 {
		var ok bool
		content, ok = args.Items[0].(py.Bytes)
		if len(args.Items) != 1 || !ok || content == "" {
			return false, ""
		}
	}
	if !m.charge(32 + len(content)) {
		return false, tooLarge
	}
	return true, m.push(&py.ByteArray{Bytes: []byte(content)})
}

func (m *machine) plainSet(list *py.List, frozen bool) (done bool, problem string) {
	f := &py.FrozenSet{}
	for _, item := range list.Items {
		if problem := m.add(&f.Set, item); problem != "" {
			return false, problem
		}
	}
	switch {
	case f.Len() != len(list.Items):
		return false, ""
	case frozen:
		return true, m.pushContainer(f, sizeDict)
	}
	return true, m.pushContainer(&f.Set, sizeDict)
}
