package pyjson

import (
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

// A level is a container that is being built.
type level struct {
	first  int // index of its first item in the values
	isDict bool
}

// build returns the value that begins at s[i]. scanValue must have accepted the text.
func build(s string, i int, enc encoding) any {
	if s[i] != '{' && s[i] != '[' {
		v, _, _ := buildSimple(s, i, enc, nil)
		return v
	}
	// These are variables rather than a struct so that small containers need no
	// allocation for the stacks.
	var fewValues [16]any
	var fewLevels [4]level
	values := fewValues[:0] // items, and alternating keys and values, of the open containers
	open := fewLevels[:0]
	var scratch []byte
	for {
		var v any
		switch c := s[i]; c {
		case ' ', '\n', '\r', '\t', ',', ':':
			i++
			continue
		case '{', '[':
			open = append(open, level{len(values), c == '{'})
			i++
			continue
		case '}', ']':
			i++
			last := open[len(open)-1]
			open = open[:len(open)-1]
			v = buildContainer(values[last.first:], last.isDict)
			values = values[:last.first]
			if len(open) == 0 {
				return v
			}
		default:
			v, i, scratch = buildSimple(s, i, enc, scratch)
		}
		values = append(values, v)
	}
}

func buildContainer(values []any, isDict bool) any {
	if !isDict {
		return py.NewList(append([]any(nil), values...)...)
	}
	d := py.NewDict(len(values) / 2)
	for i := 0; i < len(values); i += 2 {
		d.Set(values[i], values[i+1])
	}
	return d
}

// buildSimple returns the value at s[i], which is not a list or dict, and its end. It may
// use scratch.
func buildSimple(s string, i int, enc encoding, scratch []byte) (v any, end int, _ []byte) {
	if s[i] == '"' {
		end, _ = scanString(s, i)
		var text string
		text, scratch = unquote(s[i:end], enc, scratch)
		return text, end, scratch
	}
	end, _ = scanScalar(s, i)
	return buildScalar(s[i:end]), end, scratch
}

func buildScalar(s string) any {
	switch s[0] {
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	}
	if n, ok := parseSmall(s); ok {
		return n
	}
	if s[len(s)-1] > '9' || strings.ContainsAny(s, ".eE") { // NaN and Infinity end in a letter
		return parseFloat(s)
	}
	return parseInt(s)
}
