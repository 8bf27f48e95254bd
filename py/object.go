package py

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Global is a Python object that a pickle names and does not contain: a class or a function, by the module and the
// qualified name under which it is imported. Nothing is ever imported or called here: it is a name.
type Global struct {
	Module, Name string
}

// PyType implements [Typed].
func (*Global) PyType() string { return "type" }

// String returns the dotted name.
func (g *Global) String() string { return g.Module + "." + g.Name }

// HashKey implements [Hashable].
func (g *Global) HashKey() any { return *g }

// Str2 is a str of Python 2, which is bytes of an encoding that only the program knew. As
// a dict key an ASCII one equals the str of the same text, as in Python 2.
type Str2 string

// PyType implements [Typed].
func (Str2) PyType() string { return "str" }

// HashKey implements [Hashable].
func (s Str2) HashKey() any {
	if text, ok := s.Text(); ok {
		return text
	}
	return s
}

// Text returns s as text, and whether it is ASCII, which is text in every encoding that
// Python 2 knew.
func (s Str2) Text() (text string, ok bool) {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	return string(s), true
}

// A Construction is how Python constructs an [Object].
type Construction uint8

// The ways to construct an object.
const (
	ConstructCall       Construction = iota // Callable(*Args)
	ConstructNew                            // Callable.__new__(Callable, *Args)
	ConstructNewEx                          // Callable.__new__(Callable, *Args, **Kwargs)
	ConstructPersistent                     // the program's persistent_load(Args.Items[0])
	ConstructInstance                       // an instance of an old-style class of Python 2; without Args, Callable is not called
)

// An Object is a Python object of a class that has no form of its own here, or is not in that form (see [Native]): what is
// needed to make it again, as its pickle has it. It is data; nothing is called.
type Object struct {
	Construction Construction
	Callable     any    // a *[Global] as a rule
	Args         *Tuple // never nil
	Extra        *Extra // nil if there is nothing in it, as for most objects; see [Object.Extras]
}

// An Extra is what Python needs besides to make an [Object]. It is apart because sessions are full of objects that are made by
// a call and nothing else.
type Extra struct {
	Kwargs   *Dict  // ConstructNewEx only
	HasState bool   // whether State is given to anything; State may be None
	State    any    // what __setstate__ or the instance's dict gets
	Setter   any    // what is called with the object and State instead; nil as a rule
	Items    []any  // what append or extend gets
	Pairs    []Pair // what item assignment gets
}

// Extras returns what o.Extra points to, the zero Extra if that is nil.
func (o *Object) Extras() Extra {
	if o.Extra == nil {
		return Extra{}
	}
	return *o.Extra
}

// A Pair is a key and a value.
type Pair struct{ Key, Value any }

// onlyState reports whether there is nothing but a state, if that.
func (x *Extra) onlyState() bool { return x.Setter == nil && len(x.Items)+len(x.Pairs) == 0 }

// HashKey implements [Hashable]: what makes two objects equal only their class knows, so that each is equal to itself alone.
func (o *Object) HashKey() any { return o }

// Class is the dotted name of what makes the object, which is its class as a rule; "" if that is not a name.
func (o *Object) Class() string {
	if o == nil {
		return ""
	}
	if g, ok := o.Callable.(*Global); ok && g != nil {
		return g.String()
	}
	return ""
}

// PyType implements [Typed]: the name of the class if it is one that can stand in an error, else "object".
func (o *Object) PyType() string {
	class := o.Class()
	name := class[strings.LastIndexByte(class, '.')+1:]
	if name == "" || len(name) > maxTypeName || strings.ContainsFunc(name, isNoNamePart) {
		return "object"
	}
	return name
}

const maxTypeName = 100 // bytes

func isNoNamePart(r rune) bool {
	return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// ClonePy implements [Cloner]. Its order is that in which the reader of pickles looks how deep a value nests: in another
// order, values that contain themselves could be nested deeper.
func (o *Object) ClonePy(seen func(any), clone func(any) any) any {
	c := &Object{Construction: o.Construction}
	seen(c)
	c.Callable = clone(o.Callable)
	c.Args, _ = clone(o.Args).(*Tuple)
	if o.Extra != nil {
		c.Extra = &Extra{HasState: o.Extra.HasState}
		o.Extra.clone(c.Extra, clone)
	}
	return c
}

func (x *Extra) clone(c *Extra, clone func(any) any) {
	c.State = clone(x.State)
	c.Setter = clone(x.Setter)
	for _, item := range x.Items {
		c.Items = append(c.Items, clone(item))
	}
	if x.Kwargs != nil {
		c.Kwargs, _ = clone(x.Kwargs).(*Dict)
	}
	for _, p := range x.Pairs {
		c.Pairs = append(c.Pairs, Pair{clone(p.Key), clone(p.Value)})
	}
}
