package djangobridge_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	qualifiedName = regexp.MustCompile(`^\*?(?:[a-z]+\.)?[A-Z]\w*(?:\.[A-Z]\w*)*`)
	ofDjango      = regexp.MustCompile(`_|\.[A-Z]\d+$`) // constants of Python, and names of system checks
	notForUsers   = regexp.MustCompile(`^(compat_test|examples|tools)/|\binternal/`)
	checkName     = regexp.MustCompile("`([a-z-]+)`")
)

// goNames are the exported names of the module's packages: "pkg.Name" of declarations, and
// "pkg.Type.Name" of fields and methods.
type goNames struct {
	packages, all map[string]bool
	types         map[string][]string // packages by the name of a type
}

// TestNamesInDocsExist checks that each name of a package or a type of this module that
// the documentation contains is declared.
func TestNamesInDocsExist(t *testing.T) {
	t.Parallel()
	names := declaredNames(t)
	found := 0
	for _, file := range markdownFiles(t) {
		if file == "CHANGELOG.md" { // which has names that are gone
			continue
		}
		text := fencedCode.ReplaceAllString(readFile(t, file), "")
		for _, code := range inlineCode.FindAllString(text, -1) {
			name := strings.TrimPrefix(qualifiedName.FindString(strings.Trim(code, "`")), "*")
			if name == "" || ofDjango.MatchString(name) {
				continue
			}
			found++
			if !names.has(strings.Split(name, ".")) {
				t.Errorf("%s: nothing is called %s", file, name)
			}
		}
	}
	if found < 300 {
		t.Errorf("found %d names only", found)
	}
}

// has reports whether a name exists, or belongs to something else than this module.
func (n *goNames) has(parts []string) bool {
	if !n.packages[parts[0]] {
		if len(parts) == 1 {
			return true
		}
		from := n.types[parts[0]]
		return len(from) == 0 || slices.ContainsFunc(from, func(in string) bool { return n.has(append([]string{in}, parts...)) })
	}
	return n.all[strings.Join(parts[:min(len(parts), 3)], ".")]
}

// declaredNames reads all packages for users.
func declaredNames(t *testing.T) *goNames {
	t.Helper()
	names := &goNames{packages: map[string]bool{}, all: map[string]bool{}, types: map[string][]string{}}
	for _, file := range repositoryFiles(t, ".go") {
		if strings.HasSuffix(file, "_test.go") || notForUsers.MatchString(file) {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, readFile(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if pkg := tree.Name.Name; pkg != "main" {
			names.packages[pkg] = true
			for _, d := range tree.Decls {
				names.declare(pkg, d)
			}
		}
	}
	return names
}

// declare adds the names of a declaration.
func (n *goNames) declare(pkg string, d ast.Decl) {
	if f, ok := d.(*ast.FuncDecl); ok {
		name := f.Name.Name
		if f.Recv != nil {
			receiver := f.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			if named, ok := receiver.(*ast.Ident); ok {
				name = named.Name + "." + name
			}
		}
		n.all[pkg+"."+name] = true
		return
	}
	for _, spec := range d.(*ast.GenDecl).Specs {
		switch s := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range s.Names {
				n.all[pkg+"."+name.Name] = true
			}
		case *ast.TypeSpec:
			n.all[pkg+"."+s.Name.Name] = true
			if s.Name.IsExported() {
				n.types[s.Name.Name] = append(n.types[s.Name.Name], pkg)
			}
			for _, field := range fieldsOf(s.Type) {
				n.all[pkg+"."+s.Name.Name+"."+field] = true
			}
		}
	}
}

// fieldsOf returns the names of the fields of a struct, or of the methods of an interface.
func fieldsOf(of ast.Expr) []string {
	var list *ast.FieldList
	switch of := of.(type) {
	case *ast.StructType:
		list = of.Fields
	case *ast.InterfaceType:
		list = of.Methods
	default:
		return nil
	}
	var names []string
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// TestDoctorChecksAreListed compares the names of the doctor's checks with those on its
// page.
func TestDoctorChecksAreListed(t *testing.T) {
	t.Parallel()
	const page = "docs/doctor.md"
	_, table, _ := strings.Cut(readFile(t, page), "\n## Checks\n")
	listed := map[string]bool{}
	for line := range strings.Lines(table) {
		if first, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | "); isRow {
			for _, name := range checkName.FindAllStringSubmatch(first, -1) {
				listed[name[1]] = true
			}
		}
	}
	checks, literals := doctorChecks(t)
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		if !listed[name] {
			t.Errorf("%s lacks the check %s", page, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !literals[name] {
			t.Errorf("%s: there is no check %s", page, name)
		}
	}
	if len(checks) < 30 {
		t.Errorf("found %d checks only", len(checks))
	}
}

// doctorChecks returns the texts that the doctor passes as a parameter "check" or calls
// so, and all of its texts.
func doctorChecks(t *testing.T) (checks, literals map[string]bool) {
	t.Helper()
	var trees []*ast.File
	at := map[string]int{} // where functions have the parameter
	for _, file := range repositoryFiles(t, ".go") {
		if path.Dir(file) != "internal/doctor" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, readFile(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree)
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names := fieldsOf(&ast.StructType{Fields: f.Type.Params})
				if i := slices.Index(names, "check"); i >= 0 {
					at[f.Name.Name] = i
				}
			}
		}
	}
	checks, literals = map[string]bool{}, map[string]bool{}
	add := func(to map[string]bool, e ast.Expr) {
		if text, ok := e.(*ast.BasicLit); ok && text.Kind == token.STRING {
			value, _ := strconv.Unquote(text.Value)
			to[value] = true
		}
	}
	for _, tree := range trees {
		ast.Inspect(tree, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.BasicLit:
				add(literals, node)
			case *ast.ValueSpec:
				if node.Names[0].Name == "check" && len(node.Values) > 0 {
					add(checks, node.Values[0])
				}
			case *ast.CallExpr:
				called := ""
				switch f := node.Fun.(type) {
				case *ast.SelectorExpr:
					called = f.Sel.Name
				case *ast.Ident:
					called = f.Name
				}
				if i, ok := at[called]; ok && i < len(node.Args) {
					add(checks, node.Args[i])
				}
			}
			return true
		})
	}
	return checks, literals
}
