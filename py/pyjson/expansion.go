package pyjson

import (
	"github.com/djangobridge/djangobridge/internal/expansion"
	"github.com/djangobridge/djangobridge/py"
)

// expandsTooMuch reports whether the text of v is too long for what v contains. It
// ignores anything else that is wrong with v.
func expandsTooMuch(v any) bool {
	m := measurement{inside: map[any]bool{}}
	return !m.value(v)
}

// A measurement visits the parts of a value in the order in which they are written. Its
// methods report whether the text is still within the limit.
type measurement struct {
	limiter expansion.Limiter
	length  int    // of the text, approximately
	text    []byte // scratch space for one scalar
	inside  map[any]bool
}

func (m *measurement) value(v any) bool {
	switch v := v.(type) {
	case *py.List, *py.Tuple:
		items, _ := itemsOf(v)
		return m.container(v, func() bool {
			for _, item := range items {
				if !m.value(item) {
					return false
				}
			}
			return true
		})
	case *py.Dict:
		if v == nil {
			return true
		}
		return m.container(v, func() bool {
			for key, item := range v.All() {
				if !m.value(key) || !m.value(item) {
					return false
				}
			}
			return true
		})
	case Raw:
		return m.scalar(string(v), len(v))
	case py.Lazy:
		return m.value(resolve(v))
	}
	m.text, _ = appendScalar(m.text[:0], v)
	return m.scalar(v, len(m.text))
}

func (m *measurement) container(v any, each func() bool) bool {
	if m.inside[v] || len(m.inside) >= MaxDepth {
		return true
	}
	m.inside[v] = true
	again := m.limiter.Begin(v, m.length)
	m.length += len("[]")
	ok := !m.limiter.Exceeded(m.length) && each()
	if again {
		m.limiter.End(m.length)
	}
	delete(m.inside, v)
	return ok
}

func (m *measurement) scalar(v any, length int) bool {
	m.length += length
	m.limiter.Text(v, m.length-length, m.length)
	m.length += len(",")
	return !m.limiter.Exceeded(m.length)
}

// resolve resolves v. For a nil pointer it returns a value that is not serializable.
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
