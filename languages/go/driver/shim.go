package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"strings"
)

const forms = "Handler(w http.ResponseWriter, r *http.Request), handler(request *mayfly.Request), handler(ctx *mayfly.Context), " +
	"exec(input string) string, or main()"

// found is what a package has that may answer requests.
type found struct {
	name    string // of the package
	handler *ast.FuncDecl
	value   string // a variable, as an http.Handler
	exec    *ast.FuncDecl
	main    bool
	listens bool // main is a server's
}

// scan looks through the files of a package; what is wrong in one is an error with its place.
func scan(folder, entry string) (*found, error) {
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	what := &found{}
	files := token.NewFileSet()
	for _, each := range names {
		if each.IsDir() || !strings.HasSuffix(each.Name(), ".go") || strings.HasSuffix(each.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(path.Join(folder, each.Name()))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(files, strings.TrimPrefix(path.Join(folder, each.Name()), "/"), text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if each.Name() == entry {
			what.name = file.Name.Name
		}
		what.look(file)
	}
	return what, nil
}

func (what *found) look(file *ast.File) {
	for _, declared := range file.Decls {
		switch declared := declared.(type) {
		case *ast.FuncDecl:
			if declared.Recv != nil {
				continue
			}
			switch declared.Name.Name {
			case "Handler", "handler":
				what.handler = declared
			case "Exec", "exec":
				what.exec = declared
			case "main":
				what.main = true
			}
		case *ast.GenDecl:
			for _, spec := range declared.Specs {
				if value, is := spec.(*ast.ValueSpec); is && len(value.Names) == 1 && strings.ToLower(value.Names[0].Name) == "handler" {
					what.value = value.Names[0].Name
				}
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if call, is := node.(*ast.SelectorExpr); is && call.Sel.Name == "ListenAndServe" {
			what.listens = true
		}
		return true
	})
}

// shim is a file of the package that says what is to be called; an error when there is nothing.
func (what *found) shim(entry string) (string, error) {
	call := ""
	switch {
	case what.handler != nil:
		var err error
		if call, err = handlerCall(what.handler); err != nil {
			return "", fmt.Errorf("%s:1:1: %w", entry, err)
		}
	case what.value != "":
		call = fmt.Sprintf("mayflyShim.Serve(%s.ServeHTTP)", what.value)
	case what.exec != nil:
		call = fmt.Sprintf("mayflyShim.ServeText(func(input string) (string, error) { %s })", wrapped(what.exec, "input", `"", nil`))
	case what.main:
		call = "mayflyShim.ServeMain(main)"
	default:
		return "", fmt.Errorf("%s:1:1: there is no handler: mayfly looks for %s", entry, forms)
	}
	return fmt.Sprintf("package %s\n\nimport mayflyShim %q\n\nfunc init() { %s }\n", what.name, shimPath, call), nil
}

func handlerCall(handler *ast.FuncDecl) (string, error) {
	kinds := []string{}
	for _, field := range handler.Type.Params.List {
		for range max(len(field.Names), 1) {
			kinds = append(kinds, typeName(field.Type))
		}
	}
	name := handler.Name.Name
	switch {
	case len(kinds) == 2 && kinds[0] == "ResponseWriter" && kinds[1] == "Request":
		return fmt.Sprintf("mayflyShim.Serve(%s)", name), nil
	case len(kinds) == 1 && kinds[0] == "Context":
		return fmt.Sprintf("mayflyShim.ServeContext(func(ctx *mayflyShim.Context) (any, error) { %s })", wrapped(handler, "ctx", "nil, nil")), nil
	case len(kinds) == 1 && kinds[0] == "Request":
		return fmt.Sprintf("mayflyShim.ServeRequest(func(request *mayflyShim.Request) (any, error) { %s })", wrapped(handler, "request", "nil, nil")), nil
	case len(kinds) == 0:
		return fmt.Sprintf("mayflyShim.ServeRequest(func(request *mayflyShim.Request) (any, error) { %s })", wrapped(handler, "", "nil, nil")), nil
	}
	return "", fmt.Errorf("%s(%s) is none that mayfly calls: it looks for %s", name, strings.Join(kinds, ", "), forms)
}

// wrapped calls a function that has no results, one, an error, or one and an error.
func wrapped(function *ast.FuncDecl, argument, nothing string) string {
	call := fmt.Sprintf("%s(%s)", function.Name.Name, argument)
	results := function.Type.Results
	switch {
	case results == nil || results.NumFields() == 0:
		return fmt.Sprintf("%s; return %s", call, nothing)
	case results.NumFields() == 1 && typeName(results.List[0].Type) == "error":
		return fmt.Sprintf("failed := %s; return %s, failed", call, strings.TrimSuffix(nothing, ", nil"))
	case results.NumFields() == 1:
		return fmt.Sprintf("return %s, nil", call)
	default:
		return fmt.Sprintf("result, failed := %s; return result, failed", call)
	}
}

func typeName(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.StarExpr:
		return typeName(expression.X)
	case *ast.SelectorExpr:
		return expression.Sel.Name
	case *ast.Ident:
		return expression.Name
	}
	return "?"
}
