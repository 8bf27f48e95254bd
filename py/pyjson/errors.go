package pyjson

import (
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/expansion"
	"github.com/djangobridge/djangobridge/py"
)

// A SyntaxError is what the reading functions return for text that Python would refuse. It contains nothing of the text.
type SyntaxError struct {
	Offset   int    // in bytes from the start of the text
	Expected string // what should have stood there, such as "a value" or "',' or '}'"
}

func (e *SyntaxError) Error() string {
	return "pyjson: offset " + strconv.Itoa(e.Offset) + ": expected " + e.Expected
}

// An UnsupportedError is what the writing functions return for a value that Python could not write as JSON. It contains
// no values, but the keys that lead to the value. Python raises TypeError or ValueError.
type UnsupportedError struct {
	Path    string // from the value given to Dumps to the one at fault, such as "cart.items[2]"; empty if it is that value
	Type    string // its Python type, see [py.TypeName]; of a key: the type of the key
	Problem string // such as "is not JSON serializable"
}

func (e *UnsupportedError) Error() string {
	if e.Path == "" {
		return "pyjson: " + e.Type + " " + e.Problem
	}
	return "pyjson: " + e.Path + ": " + e.Type + " " + e.Problem
}

const (
	notSerializable = "is not JSON serializable"
	notKey          = "cannot be a key"
	notStr          = "is not UTF-8"
	containsItself  = "contains itself"
	tooDeep         = "is nested in more than 100000 levels" // MaxDepth
	tooLarge        = "has more than 4300 digits"            // MaxIntDigits
)

// TooMuchExpansion is the problem of a value that Python would write, given enough memory;
// see [Dumps].
const TooMuchExpansion = expansion.Problem

// The longest key and the longest path that an error shows, in bytes.
const (
	maxPathKey = 40
	maxPath    = 200
)

// appendPath appends one step to a path: a key or an index.
func appendPath(path []byte, step any) []byte {
	switch step := step.(type) {
	case int:
		path = append(path, '[')
		path = strconv.AppendInt(path, int64(step), 10)
		return append(path, ']')
	case string:
		if len(step) > maxPathKey {
			return append(appendPath(path, step[:maxPathKey]), "..."...)
		}
		if !isIdentifier(step) {
			path = append(path, '[')
			path = strconv.AppendQuoteToASCII(path, step)
			return append(path, ']')
		}
		if len(path) > 0 {
			path = append(path, '.')
		}
		return append(path, step...)
	default: // keys of other types are rare
		path = append(path, "["...)
		path = append(path, py.TypeName(step)...)
		return append(path, " key]"...)
	}
}

func isIdentifier(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}
