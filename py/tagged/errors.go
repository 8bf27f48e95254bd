package tagged

import (
	"strconv"

	"github.com/djangobridge/djangobridge/py"
)

// A TagError reports an unknown tag, or a tag with the wrong content.
type TagError struct {
	Path    string // such as `["cart"][2]`; empty for the value itself
	Tag     string // such as "$bytes"
	Problem string // such as "must be base64 with padding"
}

func (e *TagError) Error() string {
	s := "tagged: "
	if e.Path != "" {
		s += "at " + e.Path + ": "
	}
	return s + quoteShort(e.Tag) + " " + e.Problem
}

const (
	maxPath = 200 // maximum length of a path in an error, in bytes
	maxTag  = 40  // maximum length of a tag in an error, in bytes
)

// within prepends a step to the path.
func (e *TagError) within(step string) *TagError {
	if len(e.Path) < maxPath {
		e.Path = step + e.Path
	}
	return e
}

func quoteShort(s string) string {
	if len(s) > maxTag {
		return strconv.QuoteToASCII(s[:maxTag]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

// An UnsupportedError reports a value that cannot be written. It contains nothing of the
// value.
type UnsupportedError struct {
	Type    string // its Python type; see [py.TypeName]
	Problem string // such as "is nested too deeply"
	Err     error  // the cause, a [*pyjson.UnsupportedError]; may be nil
}

func (e *UnsupportedError) Error() string {
	s := "tagged: " + e.Type + " " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *UnsupportedError) Unwrap() error { return e.Err }

func unsupported(v any, problem string) *UnsupportedError {
	return &UnsupportedError{Type: py.TypeName(v), Problem: problem}
}
