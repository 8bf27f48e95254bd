package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// source is a type-checked package without its tests.
type source struct {
	name  string // as given by the user: the folder below the module's root
	dir   string // absolute
	fset  *token.FileSet
	files []*sourceFile
	types *types.Package
	info  *types.Info
}

type sourceFile struct {
	path string // absolute
	text []byte
	tree *ast.File
}

// listed is the output of "go list" for a package.
type listed struct {
	Dir        string   `json:"Dir"`
	ImportPath string   `json:"ImportPath"`
	Export     string   `json:"Export"`
	GoFiles    []string `json:"GoFiles"`
	DepOnly    bool     `json:"DepOnly"`
}

// load parses and type-checks the package in the folder name of the module at root.
func load(root, name string) (*source, error) {
	packages, err := list(root, name)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	var found *listed
	for i, p := range packages {
		exports[p.ImportPath] = p.Export
		if !p.DepOnly {
			found = &packages[i]
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s: not a package", name)
	}
	s := &source{name: name, dir: found.Dir, fset: token.NewFileSet()}
	var trees []*ast.File
	for _, base := range found.GoFiles {
		path := filepath.Join(found.Dir, base)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read source: %w", err)
		}
		tree, err := parser.ParseFile(s.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse: %w", err)
		}
		trees = append(trees, tree)
		s.files = append(s.files, &sourceFile{path: path, text: text, tree: tree})
	}
	config := types.Config{Importer: importer.ForCompiler(s.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	s.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
	s.types, err = config.Check(found.ImportPath, s.fset, trees, s.info)
	if err != nil {
		return nil, fmt.Errorf("type-check: %w", err)
	}
	return s, nil
}

// list asks the go command for a package and everything that it imports, with the
// compiled type information.
func list(root, name string) ([]listed, error) {
	command := exec.Command("go", "list", "-export", "-deps", "-json=Dir,ImportPath,Export,GoFiles,DepOnly",
		"./"+filepath.ToSlash(name))
	command.Dir = root
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w\n%s", name, err, complaints.Bytes())
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list %s: %w", name, err)
		}
		packages = append(packages, p)
	}
}
