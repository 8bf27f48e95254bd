// Package valuepath writes the path from a Python value to one of its parts, such as
// cart.items[2], for error messages.
package valuepath

import (
	"strconv"
	"strings"
)

// The longest path and the longest key that an error shows, in bytes.
const (
	MaxLength = 200
	MaxKey    = 40
)

// A Part is a step to something other than an item or the value of an entry.
type Part string

// The parts of containers that have no steps of their own.
const (
	Key    Part = "key"
	Member Part = "member"
)

// A Path is a path, from the outermost container on. A path without steps is the value
// itself.
type Path struct {
	// TypeName returns the name of the Python type of a key: py.TypeName, which this
	// package cannot import.
	TypeName func(key any) string

	text []byte
}

// Add appends a step: the index of an item, an int, or the key of an entry, or a [Part]. A
// key that is not a short identifier is quoted, and one that is not a string is shown by
// its type. Steps beyond [MaxLength] are ignored.
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
	case Part:
		p.addInBrackets(string(step))
	default: // keys of other types are rare
		p.addInBrackets(p.TypeName(step) + " key")
	}
}

// Join returns the path followed by rest, which is empty or a path from there on.
func (p *Path) Join(rest string) string {
	if rest != "" && rest[0] != '[' {
		p.addDot()
	}
	p.text = append(p.text, rest...)
	return p.String()
}

func (p *Path) addInBrackets(text string) {
	p.text = append(p.text, '[')
	p.text = append(p.text, text...)
	p.text = append(p.text, ']')
}

// addDot separates an identifier from the step before it.
func (p *Path) addDot() {
	if len(p.text) > 0 {
		p.text = append(p.text, '.')
	}
}

func (p *Path) addKey(key string) {
	shown := key[:min(len(key), MaxKey)]
	if isIdentifier(shown) {
		p.addDot()
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
