package py

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Global is a class or function that a pickle refers to by module and qualified name.
// Nothing is ever imported or called; a Global is only the name.
type Global struct {
	Module, Name string
}

// PyType implements [Typed].
func (*Global) PyType() string { return "type" }

// String returns the dotted name.
func (g *Global) String() string { return g.Module + "." + g.Name }

// HashKey implements [Hashable].
func (g *Global) HashKey() any { return *g }

// Str2 is a str of Python 2: bytes in an encoding that only the program knows. As a dict
// key, an ASCII one equals the str of the same text, as in Python 2.
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

// Text returns s as text and reports whether it is ASCII. ASCII is the same text in every
// encoding that Python 2 supports.
func (s Str2) Text() (text string, ok bool) {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	return string(s), true
}

// A Construction is the way in which Python constructs an [Object].
type Construction uint8

// The ways of constructing an object.
const (
	ConstructCall       Construction = iota // Callable(*Args)
	ConstructNew                            // Callable.__new__(Callable, *Args)
	ConstructNewEx                          // Callable.__new__(Callable, *Args, **Kwargs)
	ConstructPersistent                     // the program's persistent_load(Args.Items[0])
	ConstructInstance                       // an instance of an old-style class of Python 2; without Args, Callable is not called
)

// An Object is a Python object of a class that has no Go type in this package, or that
// has not been converted to it (see [Native]). It describes how to construct the object,
// as in its pickle. It is only data; nothing is called.
type Object struct {
	Construction Construction
	Callable     any    // usually a *[Global]
	Args         *Tuple // never nil
	Extra        *Extra // nil if empty, as for most objects; see [Object.Extras]
}

// An Extra is what Python needs to construct an [Object] besides the callable and its
// arguments. It is a separate struct because most objects in sessions need only a call.
type Extra struct {
	Kwargs   *Dict  // ConstructNewEx only
	HasState bool   // whether there is a State, which may be None
	State    any    // passed to __setstate__, or the instance's dict
	Setter   any    // called with the object and State instead; usually nil
	Items    []any  // passed to append or extend
	Pairs    []Pair // passed to item assignment
}

// Extras returns *o.Extra, or the zero Extra if o.Extra is nil.
func (o *Object) Extras() Extra {
	if o.Extra == nil {
		return Extra{}
	}
	return *o.Extra
}

// A Pair is a key and a value.
type Pair struct{ Key, Value any }

// onlyState reports whether x contains nothing except possibly a state.
func (x *Extra) onlyState() bool { return x.Setter == nil && len(x.Items)+len(x.Pairs) == 0 }

// HashKey implements [Hashable]. Only its class knows what an object equals, so each
// Object is equal only to itself.
func (o *Object) HashKey() any { return o }

// Class returns the dotted name of the callable, which is usually the object's class, or
// "" if the callable is not a name.
func (o *Object) Class() string {
	if o == nil {
		return ""
	}
	if g, ok := o.Callable.(*Global); ok && g != nil {
		return g.String()
	}
	return ""
}

// PyType implements [Typed]. It returns the name of the class if that is safe to show in
// an error, and otherwise "object".
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

// ClonePy implements [Cloner]. It visits the parts in the same order in which the pickle
// reader measures nesting; in another order, values that contain themselves could be
// nested more deeply.
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
