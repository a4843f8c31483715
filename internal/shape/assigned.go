package shape

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
)

// errNoImports is what an importer that finds nothing says.
var errNoImports = errors.New("imports are not read")

// noImports leaves all that comes from other packages without a type. Names of
// the package itself are found all the same.
type noImports struct{}

// Import implements [types.Importer].
func (noImports) Import(string) (*types.Package, error) { return nil, errNoImports }

// assigned names the package variables of one package that are changed where
// they are not declared: assigned to, whole or in part, or counted up or down.
// Their address may be taken, as kernels do with tables.
func assigned(fset *token.FileSet, files []*ast.File) (found []string) {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	// What the check complains of is due to the imports; go vet tells the rest.
	pkg, _ := config.Check("package", fset, files, info)
	note := func(targets ...ast.Expr) {
		for _, e := range targets {
			id := root(e)
			if v, ok := info.Uses[id].(*types.Var); ok && v.Parent() == pkg.Scope() {
				found = append(found, at(fset, e, id.Name))
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			note(changed(n)...)
			return true
		})
	}
	return found
}

// changed lists the expressions whose value a node changes.
func changed(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return n.Lhs
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		return []ast.Expr{n.Key, n.Value}
	}
	return nil
}

// root returns the name that an expression such as a.b[i].c starts with, or
// nil if it starts with something else.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return nil
		}
	}
}
