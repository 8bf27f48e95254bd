package pyjson

import (
	"github.com/djangobridge/djangobridge/internal/repeats"
	"github.com/djangobridge/djangobridge/py"
)

// isInProportion reports whether the text of v is not too long for what is in it. What else is wrong with v does not count.
func isInProportion(v any) bool {
	p := proportion{inside: map[any]bool{}}
	return p.value(v)
}

// A proportion goes through a value as writing it would.
type proportion struct {
	meter  repeats.Meter
	length int    // of the text, about
	text   []byte // of one scalar
	inside map[any]bool
}

func (p *proportion) value(v any) bool {
	switch v := v.(type) {
	case *py.List, *py.Tuple:
		items, _ := itemsOf(v)
		return p.container(v, func() bool {
			for _, item := range items {
				if !p.value(item) {
					return false
				}
			}
			return true
		})
	case *py.Dict:
		if v == nil {
			return true
		}
		return p.container(v, func() bool {
			for key, item := range v.All() {
				if !p.value(key) || !p.value(item) {
					return false
				}
			}
			return true
		})
	case Raw:
		return p.scalar(v, len(v))
	case py.Lazy:
		return p.value(resolve(v))
	}
	p.text, _ = appendScalar(p.text[:0], v)
	return p.scalar(v, len(p.text))
}

func (p *proportion) container(v any, each func() bool) bool {
	if p.inside[v] || len(p.inside) >= MaxDepth {
		return true
	}
	p.inside[v] = true
	again := p.meter.Begin(v, p.length)
	p.length += len("[]")
	ok := !p.meter.TooLong(p.length) && each()
	if again {
		p.meter.End(p.length)
	}
	delete(p.inside, v)
	return ok
}

func (p *proportion) scalar(v any, length int) bool {
	p.length += length
	p.meter.Text(v, p.length-length, p.length)
	p.length += len(",")
	return !p.meter.TooLong(p.length)
}

// resolve returns what v stands for; for a nil pointer a value that is not serializable.
func resolve(v py.Lazy) any {
	r := py.Resolve(v)
	if _, isLazy := r.(py.Lazy); isLazy {
		return nilPointer(py.TypeName(v))
	}
	return r
}

// A nilPointer is the name of a type.
type nilPointer string

// PyType implements [py.Typed].
func (n nilPointer) PyType() string { return string(n) }
