// Package valuepath writes the path from a Python value to one of its parts, such as
// cart.items[2], for error messages.
package valuepath

import (
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

// The longest path and the longest key that an error shows, in bytes.
const (
	MaxLength = 200
	MaxKey    = 40
)

// A Path is a path, from the outermost container on. The zero Path is the value itself.
type Path struct{ text []byte }

// Add appends a step: the index of an item, an int, or the key of an entry. A key that is
// not a short identifier is quoted, and one that is not a string is shown by its type.
// Steps beyond [MaxLength] are ignored.
func (p *Path) Add(step any) {
	if p.Full() {
		return
	}
	switch step := step.(type) {
	case int:
		p.text = append(p.text, '[')
		p.text = strconv.AppendInt(p.text, int64(step), 10)
		p.text = append(p.text, ']')
	case string:
		p.addKey(step)
	default: // keys of other types are rare
		p.text = append(p.text, "["...)
		p.text = append(p.text, py.TypeName(step)...)
		p.text = append(p.text, " key]"...)
	}
}

func (p *Path) addKey(key string) {
	shown := key[:min(len(key), MaxKey)]
	if isIdentifier(shown) {
		if len(p.text) > 0 {
			p.text = append(p.text, '.')
		}
		p.text = append(p.text, shown...)
	} else {
		p.text = append(p.text, '[')
		p.text = strconv.AppendQuoteToASCII(p.text, shown)
		p.text = append(p.text, ']')
	}
	if len(shown) < len(key) {
		p.text = append(p.text, "..."...)
	}
}

// Full reports whether the path is longer than what String shows.
func (p *Path) Full() bool { return len(p.text) > MaxLength }

// String returns the path. It shows at most [MaxLength] bytes and ends in "..." if there
// are more.
func (p *Path) String() string {
	if p.Full() {
		return string(p.text[:MaxLength]) + "..."
	}
	return string(p.text)
}

// Message returns the text of an error about a part of a value: its path, which may be
// empty, its Python type and the problem with it.
func Message(path, typeName, problem string) string {
	if path != "" {
		path += ": "
	}
	return path + typeName + " " + problem
}

func isIdentifier(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}
