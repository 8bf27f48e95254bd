package tagged

import (
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// MaxDepth is how many objects and arrays of tagged JSON may stand within each other.
const MaxDepth = pyjson.MaxDepth

// Dumps returns v as tagged JSON, ASCII on one line. The error is an [*UnsupportedError] for what is no Python value and
// for a value that contains itself.
func Dumps(v any) ([]byte, error) {
	out, err := appendValue(nil, v, 0)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func appendValue(dst []byte, v any, depth int) ([]byte, *UnsupportedError) {
	v = py.Resolve(v)
	if problem := unwritable(v, depth); problem != "" {
		return dst, &UnsupportedError{Type: py.TypeName(v), Problem: problem}
	}
	if name, content := tag(v); name != "" {
		dst = append(append(append(dst, `{"`...), name...), `":`...)
		dst, err := appendValue(dst, content, depth+1)
		return append(dst, '}'), err
	}
	switch v := v.(type) {
	case *py.List:
		return appendList(dst, v, depth)
	case *py.Dict:
		return appendDict(dst, v, depth)
	}
	return appendScalar(dst, v)
}

func appendList(dst []byte, list *py.List, depth int) ([]byte, *UnsupportedError) {
	dst = append(dst, '[')
	for i, item := range list.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err *UnsupportedError
		if dst, err = appendValue(dst, item, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendDict(dst []byte, d *py.Dict, depth int) ([]byte, *UnsupportedError) {
	dst = append(dst, '{')
	first := true
	for key, value := range d.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var err *UnsupportedError
		if dst, err = appendScalar(dst, key); err != nil {
			return dst, err
		}
		if dst, err = appendValue(append(dst, ':'), value, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendScalar writes what pyjson writes in the same form.
func appendScalar(dst []byte, v any) ([]byte, *UnsupportedError) {
	out, err := pyjson.AppendDumps(dst, v)
	if err != nil {
		return dst, &UnsupportedError{Type: py.TypeName(v), Problem: "cannot be written", Err: err}
	}
	return out, nil
}

// unwritable says what is wrong with a value of a type that can be written.
func unwritable(v any, depth int) string {
	// What is neither list nor dict takes one level at most, for its tag.
	if depth >= MaxDepth {
		return "is nested too deeply, or in a value that contains itself"
	}
	switch v := v.(type) {
	case *py.List:
		if v == nil {
			return "is a nil pointer"
		}
	case *py.Dict:
		if v == nil {
			return "is a nil pointer"
		}
	case py.DateTime:
		// Go's times reach further than Python's, and its zones too.
		if _, err := py.ParseISOFormat(v.ISOFormat()); err != nil {
			return "is outside what Python can represent"
		}
	}
	return ""
}
