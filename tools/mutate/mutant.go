package main

import (
	"fmt"
	"go/ast"
	"path"
	"path/filepath"
	"strings"
)

// mutant is one change of the source.
type mutant struct {
	id       int    // from 1, in the order of the source
	file     string // below the module's root, with slashes
	line     int
	function string
	before   string // the changed line of the source
	after    string
}

// String returns the name of the mutant in reports.
func (m mutant) String() string {
	return fmt.Sprintf("%s:%d %s: %s => %s", m.file, m.line, m.function, m.before, m.after)
}

// key returns the name of the mutant in the file of equivalent mutants. It has no line
// number, because line numbers change often.
func (m mutant) key() string {
	return fmt.Sprintf("%s %s: %s => %s", m.file, m.function, m.before, m.after)
}

// removed is the text shown for a removed statement.
const removed = "(removed)"

// describe returns the mutant that replaces the text of the file from start to end.
func (w *walker) describe(start, end int, replacement string) mutant {
	text := string(w.file.text)
	from := strings.LastIndexByte(text[:start], '\n') + 1
	line := w.fset.Position(w.tokens.Pos(start)).Line
	before, after := text[from:end], text[from:start]+replacement
	if replacement == removed {
		before, after = text[start:end], removed
	}
	if first, _, more := strings.Cut(before, "\n"); more {
		before = first + " ..."
	} else if replacement != removed {
		rest := w.restOfLine(end)
		before, after = before+rest, after+rest
	}
	return mutant{
		file: path.Join(filepath.ToSlash(w.name), filepath.Base(w.file.path)), line: line, function: w.function,
		before: strings.TrimSpace(before), after: strings.TrimSpace(after),
	}
}

// restOfLine returns the text from an offset to the end of its line, without a comment.
func (w *walker) restOfLine(offset int) string {
	rest, _, _ := strings.Cut(string(w.file.text[offset:]), "\n")
	for _, group := range w.file.tree.Comments {
		if at := w.offset(group.Pos()) - offset; at >= 0 && at < len(rest) {
			rest = rest[:at]
		}
	}
	return rest
}

// nameOf returns the name of a function with its receiver.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.IndexListExpr:
			receiver = t.X
		case *ast.Ident:
			return t.Name + "." + f.Name.Name
		default:
			return f.Name.Name
		}
	}
}
