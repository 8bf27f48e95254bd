package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// walker finds the mutants of a package and inserts their switches into the text of its
// files.
type walker struct {
	*source
	file        *sourceFile
	tokens      *token.File
	function    string // the declaration around the current node
	results     *types.Tuple
	conditions  []ast.Expr              // forced to both values
	besideError []*ast.BasicLit         // returned along with an error
	inherited   map[ast.Expr]types.Type // types of the operands of constants, which have no types of their own
	mutants     []mutant
	edits       edits
	outputs     map[string][]byte // by path
}

// walk returns all mutants of a package, and its files with all of them inside.
func walk(s *source) ([]mutant, map[string][]byte) {
	w := &walker{source: s, outputs: map[string][]byte{}, inherited: map[ast.Expr]types.Type{}}
	for _, file := range s.files {
		w.file, w.tokens, w.edits = file, s.fset.File(file.tree.FileStart), edits{}
		for _, declaration := range file.tree.Decls {
			w.declaration(declaration)
		}
		w.outputs[file.path] = w.edits.apply(file.text)
	}
	return w.mutants, w.outputs
}

// declaration visits functions. For package variables it visits only the functions in
// their values: constants, and code that runs when the program starts, are not mutated.
func (w *walker) declaration(declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Body == nil {
			return
		}
		w.function = nameOf(d)
		w.results = w.info.Defs[d.Name].Type().(*types.Signature).Results() //nolint:forcetypeassert // a function's type
		ast.Inspect(d.Body, w.visit)
	case *ast.GenDecl:
		w.function = "var"
		ast.Inspect(d, func(n ast.Node) bool {
			if literal, ok := n.(*ast.FuncLit); ok {
				w.literal(literal)
				return false
			}
			return true
		})
	}
}

// literal visits the body of a function literal, whose return statements are its own.
func (w *walker) literal(literal *ast.FuncLit) {
	around := w.results
	w.results = w.info.TypeOf(literal).(*types.Signature).Results() //nolint:forcetypeassert // a function's type
	ast.Inspect(literal.Body, w.visit)
	w.results = around
}

// visit adds the mutants of one node. It returns false to keep ast.Inspect from the
// node's children.
func (w *walker) visit(n ast.Node) bool {
	if e, ok := n.(ast.Expr); ok {
		if w.info.Types[e].IsType() || w.isFloatShift(e) {
			return false
		}
		w.inherit(e)
	}
	switch n := n.(type) {
	case *ast.FuncLit:
		w.literal(n)
		return false
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.CompositeLit:
		w.elements(n)
		return false
	case *ast.CallExpr:
		return w.call(n)
	case *ast.BlockStmt:
		w.statements(n.List)
	case *ast.CaseClause:
		w.statements(n.Body)
	case *ast.CommClause:
		w.statements(n.Body)
	case *ast.IfStmt:
		w.condition(n.Cond, true)
	case *ast.ForStmt:
		if n.Cond != nil {
			w.condition(n.Cond, false) // an endless loop would only cost time
		}
	case *ast.SwitchStmt:
		if n.Tag == nil {
			w.cases(n.Body)
		}
	case *ast.ReturnStmt:
		w.returned(n)
	case *ast.AssignStmt:
		w.assignment(n)
	case *ast.BinaryExpr:
		w.binary(n)
	case *ast.UnaryExpr:
		w.not(n)
	case *ast.BasicLit:
		w.integer(n)
	case *ast.Ident:
		w.boolean(n)
	}
	return true
}

// elements visits a composite literal. The keys of arrays must be constants, and the
// names of fields are not values.
func (w *walker) elements(n *ast.CompositeLit) {
	_, isMap := w.info.TypeOf(n).Underlying().(*types.Map)
	for _, element := range n.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok && !isMap {
			element = pair.Value
		}
		ast.Inspect(element, w.visit)
	}
}

// call excludes the capacities of make, which no test can observe.
func (w *walker) call(n *ast.CallExpr) bool {
	if name, ok := n.Fun.(*ast.Ident); !ok || name.Name != "make" || len(n.Args) < 3 {
		return true
	}
	ast.Inspect(n.Args[1], w.visit)
	return false
}

func (w *walker) offset(pos token.Pos) int { return w.tokens.Offset(pos) }

func (w *walker) text(n ast.Node) string {
	return string(w.file.text[w.offset(n.Pos()):w.offset(n.End())])
}

// add registers the mutant that replaces the text between two positions, and returns its
// number as text.
func (w *walker) add(from, to token.Pos, replacement string) string {
	m := w.describe(w.offset(from), w.offset(to), replacement)
	m.id = len(w.mutants) + 1
	w.mutants = append(w.mutants, m)
	return strconv.Itoa(m.id)
}

// wrap inserts code around a node.
func (w *walker) wrap(n ast.Node, prefix, suffix string) {
	w.edits.wrap(w.offset(n.Pos()), w.offset(n.End()), prefix, suffix)
}

// typeOf returns the type of an expression. Untyped constants get the type of the
// constant around them.
func (w *walker) typeOf(e ast.Expr) types.Type {
	t := w.info.TypeOf(e)
	if basic, ok := t.(*types.Basic); !ok || basic.Info()&types.IsUntyped == 0 {
		return t
	}
	if around := w.inherited[e]; around != nil {
		return around
	}
	return types.Default(t)
}

// inherit passes the type of a constant to its operands.
func (w *walker) inherit(e ast.Expr) {
	if w.info.Types[e].Value == nil {
		return
	}
	t := w.typeOf(e)
	switch e := e.(type) {
	case *ast.ParenExpr:
		w.inherited[e.X] = t
	case *ast.UnaryExpr:
		w.inherited[e.X] = t
	case *ast.BinaryExpr:
		w.inherited[e.X] = t
		if e.Op != token.SHL && e.Op != token.SHR {
			w.inherited[e.Y] = t
		}
	}
}

// isFloatShift reports whether an expression is a constant such as 1<<53 used as a float,
// which is allowed only for constants.
func (w *walker) isFloatShift(e ast.Expr) bool {
	shift, ok := e.(*ast.BinaryExpr)
	if !ok || shift.Op != token.SHL || w.info.Types[e].Value == nil {
		return false
	}
	basic, ok := w.typeOf(e).Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsInteger == 0
}

// typeName returns the source text of a type at a position. The result is false for types
// that have no name there.
func (w *walker) typeName(t types.Type, pos token.Pos) (string, bool) {
	name := types.TypeString(t, func(p *types.Package) string {
		if p == w.types {
			return ""
		}
		return p.Name()
	})
	value, err := types.Eval(w.fset, w.types, pos, "*new("+name+")")
	return name, err == nil && types.Identical(value.Type, t)
}
