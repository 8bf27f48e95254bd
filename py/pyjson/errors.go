package pyjson

import (
	"strconv"

	"github.com/djangobridge/djangobridge/internal/expansion"
	"github.com/djangobridge/djangobridge/internal/valuepath"
)

// A SyntaxError reports text that Python would refuse. It contains nothing of the text.
type SyntaxError struct {
	Offset   int    // in bytes from the start of the text
	Expected string // such as "a value" or "',' or '}'"
}

func (e *SyntaxError) Error() string {
	return "pyjson: offset " + strconv.Itoa(e.Offset) + ": expected " + e.Expected
}

// An UnsupportedError reports a value that Python could not write as JSON. It contains no
// values, but the keys that lead to the value. Python raises TypeError or ValueError.
type UnsupportedError struct {
	Path    string // from the value given to Dumps to the failing part, such as "cart.items[2]"; empty for the value itself
	Type    string // its Python type, or that of the failing key; see [py.TypeName]
	Problem string // such as "is not JSON serializable"
}

func (e *UnsupportedError) Error() string {
	return "pyjson: " + valuepath.Message(e.Path, e.Type, e.Problem)
}

const (
	notSerializable = "is not JSON serializable"
	notKey          = "cannot be a key"
	notStr          = "is not UTF-8"
	containsItself  = "contains itself"
	tooDeep         = "is nested in more than 100000 levels" // MaxDepth
	tooLarge        = "has more than 4300 digits"            // MaxIntDigits
)

// TooMuchExpansion is the problem of a value that Python would write, given enough
// memory; see [Dumps].
const TooMuchExpansion = expansion.Problem
