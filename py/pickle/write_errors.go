package pickle

import (
	"slices"

	"github.com/djangobridge/djangobridge/internal/valuepath"
	"github.com/djangobridge/djangobridge/py"
)

// An UnsupportedError reports a value that cannot be pickled. It contains no values, but
// the keys that lead to the value.
type UnsupportedError struct {
	Path    string // from the value given to Dumps to the failing part, such as "cart.items[2]"; empty for the value itself
	Type    string // its Python type; see [py.TypeName]
	Problem string // such as "cannot be pickled"
}

func (e *UnsupportedError) Error() string {
	return "pickle: " + valuepath.Message(e.Path, e.Type, e.Problem)
}

const (
	notPicklable  = "cannot be pickled"
	notStr        = "is not UTF-8"
	notHashable   = "cannot be a key or a member of a set"
	nestedTooDeep = "is nested in more than 10000 levels" // MaxDepth
	intTooLarge   = "is too large"
	badYear       = "is outside the years 1 to 9999"
	badDate       = "is not a day of the years 1 to 9999"
	badOffset     = "has an offset of a day or more"
	badTZInfo     = "is not a tzinfo object"
	badTime       = "is not a time of day"
	badDelta      = "is not in Python's normal form"
	badName       = "has a name that this protocol cannot write"
	badCallable   = "has no callable"
	badID         = "has no persistent id"
)

func unsupported(v any, problem string) *UnsupportedError {
	return &UnsupportedError{Type: py.TypeName(v), Problem: problem}
}

// in records, on the way back from an error, the position of the value in its container.
func (w *writer) in(err *UnsupportedError, step any) *UnsupportedError {
	if err != nil {
		w.steps = append(w.steps, step)
	}
	return err
}

// path joins the steps recorded by in, the innermost one first.
func path(steps []any) string {
	path := valuepath.Path{TypeName: py.TypeName}
	for _, step := range slices.Backward(steps) {
		if path.Add(step); path.Full() {
			break
		}
	}
	return path.String()
}
