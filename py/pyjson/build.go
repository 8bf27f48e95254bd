package pyjson

import (
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

// builder makes Python values of text that scanValue has accepted, and relies on it.
type builder struct {
	s       string
	enc     encoding
	values  []any   // items, and keys and values by turns, of the containers that are open
	open    []level // those containers
	scratch []byte
}

type level struct {
	first  int // the place of its first item in values
	isDict bool
}

// build returns the value that begins at s[i].
func build(s string, i int, enc encoding) any {
	// Most values that are asked for are small; these do for them without an allocation.
	var values [16]any
	var open [4]level
	b := builder{s: s, enc: enc, values: values[:0], open: open[:0]}
	return b.build(i)
}

func (b *builder) build(i int) any {
	s := b.s
	for {
		var v any
		switch c := s[i]; c {
		case ' ', '\n', '\r', '\t', ',', ':':
			i++
			continue
		case '{', '[':
			b.open = append(b.open, level{len(b.values), c == '{'})
			i++
			continue
		case '}', ']':
			v = b.close()
			i++
		case '"':
			end, _ := scanString(s, i)
			var text string
			text, b.scratch = unquote(s[i:end], b.enc, b.scratch)
			v, i = text, end
		default:
			end, _ := scanScalar(s, i)
			v, i = buildScalar(s[i:end]), end
		}
		if len(b.open) == 0 {
			return v
		}
		b.values = append(b.values, v)
	}
}

// close makes the innermost open container of its values.
func (b *builder) close() any {
	last := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	values := b.values[last.first:]
	b.values = b.values[:last.first]
	if !last.isDict {
		return py.NewList(append([]any(nil), values...)...)
	}
	d := py.NewDict(len(values) / 2)
	for i := 0; i < len(values); i += 2 {
		d.Set(values[i], values[i+1])
	}
	return d
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
	if s[len(s)-1] > '9' || strings.ContainsAny(s, ".eE") { // the words end in a letter
		return parseFloat(s)
	}
	return parseInt(s)
}
