package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"slices"
	"strconv"
	"strings"
)

// condition forces a condition to false and, with both, also to true.
func (w *walker) condition(n ast.Expr, both bool) {
	if w.info.Types[n].Value != nil || !w.isBool(n) {
		return
	}
	off := w.add(n.Pos(), n.End(), "false")
	if !both {
		w.wrap(n, "!mutantOn("+off+") && (", ")")
		return
	}
	on := w.add(n.Pos(), n.End(), "true")
	w.wrap(n, "mutantOn("+on+") || !mutantOn("+off+") && (", ")")
	w.conditions = append(w.conditions, n)
}

// cases forces the conditions of a switch without a tag.
func (w *walker) cases(body *ast.BlockStmt) {
	for _, clause := range body.List {
		for _, condition := range clause.(*ast.CaseClause).List { //nolint:forcetypeassert // the clauses of a switch
			w.condition(condition, true)
		}
	}
}

// statements removes statements of a block, one at a time.
func (w *walker) statements(block []ast.Stmt) {
	for _, n := range block {
		switch n := n.(type) {
		case *ast.ExprStmt:
			if call, ok := n.X.(*ast.CallExpr); ok && isPanic(call) {
				continue // a function may end here
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE || isBlank(n.Lhs) {
				continue
			}
		case *ast.BranchStmt:
			if n.Tok != token.BREAK && n.Tok != token.CONTINUE {
				continue
			}
		case *ast.IncDecStmt, *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt:
		default:
			continue
		}
		w.wrap(n, "if !mutantOn("+w.add(n.Pos(), n.End(), removed)+") { ", " }")
	}
}

func isPanic(call *ast.CallExpr) bool {
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

// isBlank reports whether an assignment assigns to nothing but _.
func isBlank(left []ast.Expr) bool {
	for _, e := range left {
		if name, ok := e.(*ast.Ident); !ok || name.Name != "_" {
			return false
		}
	}
	return true
}

// binary changes comparisons, && and ||, + and -.
func (w *walker) binary(n *ast.BinaryExpr) {
	if w.info.Types[n].Value != nil {
		return
	}
	end := n.OpPos + token.Pos(len(n.Op.String()))
	switch n.Op {
	case token.LAND, token.LOR:
		if !w.isBool(n) || !w.isBool(n.X) || !w.isBool(n.Y) {
			return
		}
		other := map[token.Token]string{token.LAND: "||", token.LOR: "&&"}[n.Op]
		// De Morgan's law: with the switch on, all three are negated.
		on := "mutantOn(" + w.add(n.OpPos, end, other) + ") != ("
		w.wrap(n, "("+on, "))")
		w.wrap(n.X, "("+on, "))")
		w.wrap(n.Y, "("+on, "))")
	case token.EQL, token.NEQ:
		if w.isBool(n) && !w.isCondition(n) {
			other := map[token.Token]string{token.EQL: "!=", token.NEQ: "=="}[n.Op]
			w.wrap(n, "(mutantOn("+w.add(n.OpPos, end, other)+") != (", "))")
		}
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		w.order(n, end)
	case token.ADD, token.SUB:
		other := map[token.Token]string{token.ADD: "-", token.SUB: "+"}[n.Op]
		w.negate(n.Y, n.OpPos, other)
	default:
	}
}

// order moves the boundary of a comparison, and reverses it.
func (w *walker) order(n *ast.BinaryExpr, end token.Pos) {
	if _, ok := w.info.TypeOf(n.X).(*types.TypeParam); ok || !w.isBool(n) {
		return
	}
	boundary := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[n.Op]
	name := map[token.Token]string{token.LSS: "Less", token.LEQ: "AtMost", token.GTR: "Greater", token.GEQ: "AtLeast"}[n.Op]
	call := "mutant" + name + "(" + w.add(n.OpPos, end, boundary) + ", "
	if w.isCondition(n) {
		w.wrap(n, call, ")")
	} else {
		opposite := map[token.Token]string{token.LSS: ">=", token.LEQ: ">", token.GTR: "<=", token.GEQ: "<"}[n.Op]
		w.wrap(n, "(mutantOn("+w.add(n.OpPos, end, opposite)+") != "+call, "))")
	}
	w.edits.replace(w.offset(n.OpPos), int(end-n.OpPos), ", ")
}

// assignment exchanges += and -=.
func (w *walker) assignment(n *ast.AssignStmt) {
	if other, ok := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+="}[n.Tok]; ok {
		w.negate(n.Rhs[0], n.TokPos, other)
	}
}

// negate exchanges + and - by negating the right side.
func (w *walker) negate(right ast.Expr, op token.Pos, other string) {
	basic, ok := w.info.TypeOf(right).Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsNumeric == 0 || basic.Info()&types.IsComplex != 0 {
		return
	}
	instance, ok := w.typeName(w.info.TypeOf(right), right.Pos())
	if !ok {
		return
	}
	id := w.add(op, op+token.Pos(len(other)), other)
	w.wrap(right, "mutantNegated["+instance+"]("+id+", ", ")")
}

// not drops a negation.
func (w *walker) not(n *ast.UnaryExpr) {
	if n.Op == token.NOT && w.isBool(n) && w.info.Types[n].Value == nil && !w.isCondition(n) {
		w.wrap(n, "(mutantOn("+w.add(n.OpPos, n.X.Pos(), "")+") != (", "))")
	}
}

// integer adds one to a number or character.
func (w *walker) integer(n *ast.BasicLit) {
	t := w.typeOf(n)
	basic, ok := t.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 || slices.Contains(w.besideError, n) || n.Kind != token.INT && n.Kind != token.CHAR {
		return
	}
	name, ok := w.typeName(t, n.Pos())
	if !ok {
		return
	}
	if _, err := types.Eval(w.fset, w.types, n.Pos(), "("+name+")("+n.Value+")"); err != nil {
		return // part of a constant that is larger than the result
	}
	w.wrap(n, "mutantPlusOne["+name+"]("+w.add(n.Pos(), n.End(), plusOne(n.Value))+", ", ")")
}

// plusOne returns a literal that is one larger.
func plusOne(literal string) string {
	if number, err := strconv.ParseUint(literal, 0, 64); err == nil && number < math.MaxUint64 {
		return strconv.FormatUint(number+1, 10)
	}
	return literal + "+1"
}

// boolean negates true and false.
func (w *walker) boolean(n *ast.Ident) {
	value := w.info.Types[n].Value
	if n.Name != "true" && n.Name != "false" || value == nil || value.Kind() != constant.Bool || !w.isBool(n) {
		return
	}
	other := map[string]string{"true": "false", "false": "true"}[n.Name]
	w.wrap(n, "(mutantOn("+w.add(n.Pos(), n.End(), other)+") != ", ")")
}

// isBool reports whether an expression is a plain bool, which the switches can be
// compared with.
func (w *walker) isBool(n ast.Expr) bool {
	basic, ok := types.Unalias(w.info.TypeOf(n)).(*types.Basic)
	return ok && basic.Info()&types.IsBoolean != 0
}

// isCondition reports whether an expression is a whole condition. Such a condition has
// already been forced both ways, so its negation would add nothing.
func (w *walker) isCondition(n ast.Expr) bool {
	return slices.Contains(w.conditions, n)
}

// returned replaces each returned value with its zero value.
func (w *walker) returned(n *ast.ReturnStmt) {
	if len(n.Results) == 1 && w.results.Len() > 1 {
		w.forwarded(n)
		return
	}
	for i, e := range n.Results {
		if literal, ok := e.(*ast.BasicLit); ok && w.fails(n) {
			w.besideError = append(w.besideError, literal)
		}
		t := w.results.At(i).Type()
		name, ok := w.typeName(t, n.Pos())
		if !ok || w.isZero(e) || w.isBoolLiteral(e) || w.text(e) == zero(t, name) {
			continue
		}
		w.wrap(e, "mutantZero["+name+"]("+w.add(e.Pos(), e.End(), zero(t, name))+", ", ")")
	}
}

// fails reports whether a return statement returns an error. Callers ignore constants
// returned along with it.
func (w *walker) fails(n *ast.ReturnStmt) bool {
	last := len(n.Results) - 1
	return types.Identical(w.results.At(last).Type(), types.Universe.Lookup("error").Type()) && !w.isZero(n.Results[last])
}

// forwarded does the same where a call returns several results.
func (w *walker) forwarded(n *ast.ReturnStmt) {
	count := w.results.Len()
	if count > 3 {
		return
	}
	var names, ids []string
	for i := range count {
		name, ok := w.typeName(w.results.At(i).Type(), n.Pos())
		if !ok {
			return
		}
		names = append(names, name)
	}
	for i, name := range names {
		others := make([]string, count)
		for j := range others {
			others[j] = "_"
		}
		others[i] = zero(w.results.At(i).Type(), name)
		ids = append(ids, w.add(n.Results[0].End(), n.Results[0].End(), " returning "+strings.Join(others, ", ")))
	}
	arity := map[int]string{2: "Two", 3: "Three"}[count]
	w.wrap(n.Results[0], "mutantZero"+arity+"["+strings.Join(names, ", ")+"]("+strings.Join(ids, ", ")+")(", ")")
}

// isZero reports whether a value already is its zero value.
func (w *walker) isZero(e ast.Expr) bool {
	value := w.info.Types[e]
	literal, isLiteral := e.(*ast.CompositeLit)
	switch {
	case value.IsNil():
		return true
	case isLiteral:
		_, isStruct := value.Type.Underlying().(*types.Struct)
		return isStruct && len(literal.Elts) == 0
	case value.Value == nil:
		return false
	case value.Value.Kind() == constant.String:
		return constant.StringVal(value.Value) == ""
	case value.Value.Kind() == constant.Bool:
		return !constant.BoolVal(value.Value)
	default:
		return constant.Sign(value.Value) == 0
	}
}

func (w *walker) isBoolLiteral(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "true" && w.info.Types[name].Value != nil
}

// zero returns the source text of a type's zero value.
func zero(t types.Type, name string) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return "*new(" + name + ")"
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return `""`
		case u.Info()&types.IsBoolean != 0:
			return "false"
		default:
			return "0"
		}
	case *types.Struct, *types.Array:
		return name + "{}"
	default:
		return "nil"
	}
}
