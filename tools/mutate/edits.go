package main

import (
	"slices"
	"strings"
)

// edits are changes of a text, collected from the outside to the inside.
type edits struct {
	at map[int]*edit
}

// edit is the change at one offset: ends of nodes, then beginnings, then a replaced
// token.
type edit struct {
	suffix, prefix string
	skip           int // number of bytes of the old text to drop
}

func (e *edits) get(offset int) *edit {
	if e.at == nil {
		e.at = map[int]*edit{}
	}
	if e.at[offset] == nil {
		e.at[offset] = &edit{}
	}
	return e.at[offset]
}

// wrap inserts text around a range. Later ranges are inside earlier ones or beside them.
func (e *edits) wrap(start, end int, prefix, suffix string) {
	e.get(start).prefix += prefix
	last := e.get(end)
	last.suffix = suffix + last.suffix
}

// replace replaces a token.
func (e *edits) replace(start, length int, text string) {
	e.get(start).prefix += text
	e.get(start).skip = length
}

func (e *edits) apply(text []byte) []byte {
	offsets := make([]int, 0, len(e.at))
	for offset := range e.at {
		offsets = append(offsets, offset)
	}
	slices.Sort(offsets)
	var out strings.Builder
	done := 0
	for _, offset := range offsets {
		change := e.at[offset]
		out.Write(text[done:offset])
		out.WriteString(change.suffix + change.prefix)
		done = offset + change.skip
	}
	out.Write(text[done:])
	return []byte(out.String())
}
