package pickle

import (
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

// An UnsupportedError is what [Dumps] returns for a value that has no pickle. It contains no values, but the keys that
// lead to the value.
type UnsupportedError struct {
	Path    string // from the value given to Dumps to the one at fault, such as "cart.items[2]"; empty if it is that value
	Type    string // its Python type, see [py.TypeName]
	Problem string // such as "cannot be pickled"
}

func (e *UnsupportedError) Error() string {
	if e.Path == "" {
		return "pickle: " + e.Type + " " + e.Problem
	}
	return "pickle: " + e.Path + ": " + e.Type + " " + e.Problem
}

const (
	notPicklable  = "cannot be pickled"
	notStr        = "is not UTF-8"
	notHashable   = "cannot be a key or a member of a set"
	nestedTooDeep = "is nested in more than 10000 levels" // MaxDepth
	intTooLarge   = "is too large"
	badYear       = "is outside the years 1 to 9999"
	badDate       = "is no day of the years 1 to 9999"
	badOffset     = "has an offset of a day or more"
	badTZInfo     = "is no tzinfo"
	badTime       = "is no time of day"
	badDelta      = "is not in the form that Python keeps it in"
	badName       = "has a name that this protocol cannot write"
	badCallable   = "has no callable"
	badID         = "has no persistent id"
)

func unsupported(v any, problem string) *UnsupportedError {
	return &UnsupportedError{Type: py.TypeName(v), Problem: problem}
}

// The longest key and the most steps that an error shows.
const (
	maxPathKey   = 40
	maxPathSteps = 10
)

// in notes on the way back from an error where in its container the value stood.
func (w *writer) in(err *UnsupportedError, step any) *UnsupportedError {
	if err != nil {
		w.steps = append(w.steps, step)
	}
	return err
}

// path puts together what in collected, the innermost step first.
func path(steps []any) string {
	var b strings.Builder
	end := max(0, len(steps)-maxPathSteps)
	for i := len(steps) - 1; i >= end; i-- {
		switch step := steps[i].(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if len(step) > maxPathKey {
				step = step[:maxPathKey] + "..."
			}
			if !isIdentifier(step) {
				b.WriteString("[" + strconv.QuoteToASCII(step) + "]")
				continue
			}
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		default: // keys of other types are rare
			b.WriteString("[" + py.TypeName(step) + " key]")
		}
	}
	if end > 0 {
		b.WriteString("...")
	}
	return b.String()
}

func isIdentifier(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}
