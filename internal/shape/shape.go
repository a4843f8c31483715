// Package shape measures the form of a tree of Go code, so that a test can hold
// it to a budget: functions, files and interfaces stay small, every exported
// name is explained, nothing at package level changes, and there is as much
// test as code.
package shape

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Size is the measure of one thing, in lines or in methods.
type Size struct {
	Where string // file:line and a name
	N     int
}

// Report is the form of a tree of code. Files named _test.go count as test, and
// so do the lines of packages that only tests import; all others are code.
type Report struct {
	Functions  []Size // lines of each function in code
	Files      []Size // lines of each file of code
	Interfaces []Size // methods and embedded interfaces of each
	// Undocumented, Inits and Assigned name what has no doc comment though it
	// is exported, init functions, and package variables that something
	// changes after they were made.
	Undocumented, Inits, Assigned []string
	CodeLines, TestLines          int
}

// Measure reads all Go files under root but those in testdata folders and in
// folders whose names start with a dot.
func Measure(root string) (*Report, error) {
	r := new(Report)
	fset := token.NewFileSet()
	packages := make(map[string][]*ast.File)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == "testdata" || d.Name()[0] == '.'):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read the code: %w", err)
		}
		if r.add(fset, f) {
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], f)
		}
		return nil
	})
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		r.Assigned = append(r.Assigned, assigned(fset, packages[dir])...)
	}
	return r, err
}

// add measures a file and reports whether it is code.
func (r *Report) add(fset *token.FileSet, f *ast.File) bool {
	file := fset.File(f.FileStart)
	lines := file.LineCount()
	if strings.HasSuffix(file.Name(), "_test.go") {
		r.TestLines += lines
		return false
	}
	if isSupport(file.Name()) {
		r.TestLines += lines
	} else {
		r.CodeLines += lines
	}
	r.Files = append(r.Files, Size{file.Name(), lines})
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			r.function(fset, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				r.spec(fset, d, spec)
			}
		}
	}
	return true
}

// isSupport reports whether a file belongs to a package that only tests import:
// it is held to the form of code, but its lines are test.
func isSupport(name string) bool {
	dir := filepath.Base(filepath.Dir(name))
	return strings.HasSuffix(dir, "test") || dir == "testenv"
}

func (r *Report) function(fset *token.FileSet, d *ast.FuncDecl) {
	where := at(fset, d, d.Name.Name)
	lines := fset.Position(d.End()).Line - fset.Position(d.Pos()).Line + 1
	r.Functions = append(r.Functions, Size{where, lines})
	if d.Recv == nil && d.Name.Name == "init" {
		r.Inits = append(r.Inits, where)
	}
	if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
		r.Undocumented = append(r.Undocumented, where)
	}
}

// exportedReceiver reports whether d is a function or a method of an exported
// type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		exported = exported || ok && id.IsExported()
		return !ok
	})
	return exported
}

func (r *Report) spec(fset *token.FileSet, d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		r.names(fset, []*ast.Ident{s.Name}, d.Doc, s.Doc, s.Comment)
		if i, ok := s.Type.(*ast.InterfaceType); ok {
			r.Interfaces = append(r.Interfaces, Size{at(fset, s, s.Name.Name), i.Methods.NumFields()})
		}
	case *ast.ValueSpec:
		r.names(fset, s.Names, d.Doc, s.Doc, s.Comment)
	}
}

// names notes exported names of which no comment tells.
func (r *Report) names(fset *token.FileSet, names []*ast.Ident, docs ...*ast.CommentGroup) {
	if slices.ContainsFunc(docs, func(c *ast.CommentGroup) bool { return c != nil }) {
		return
	}
	for _, n := range names {
		if n.IsExported() {
			r.Undocumented = append(r.Undocumented, at(fset, n, n.Name))
		}
	}
}

func at(fset *token.FileSet, n ast.Node, name string) string {
	p := fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d %s", p.Filename, p.Line, name)
}
