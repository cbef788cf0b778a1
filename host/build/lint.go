package build

import (
	"errors"
	"fmt"
	"go/ast"
	gobuild "go/build"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// Warning is something about a guest that builds and does not do what it looks like.
type Warning struct {
	Pos     token.Position
	Message string
}

// String returns FILE:LINE:COL: message.
func (w Warning) String() string { return w.Pos.String() + ": " + w.Message }

// guestPath is the package that classes are registered with.
const guestPath = "github.com/cairn-dev/cairn/guest"

// reservedMethods have a meaning of their own, and signatures that the compiler or
// the SDK checks.
var reservedMethods = []string{"Fetch", "Alarm", "Connect", "WebSocketMessage", "WebSocketClose",
	"WebSocketError"}

// Lint looks for methods of a Go guest's classes that no stub can call, or whose
// values do not cross as one would think. dir is the package's folder. Only that
// package is looked at: types of others pass. A package that does not parse has no
// warnings, as the compiler will say what is wrong.
func Lint(dir string) ([]Warning, error) {
	context := gobuild.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = "wasip1", "wasm", false
	pkg, err := context.ImportDir(dir, 0)
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	l := linter{fset: token.NewFileSet(), info: types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
	}}
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		f, err := parser.ParseFile(l.fset, filepath.Join(dir, name), nil,
			parser.SkipObjectResolution)
		if err != nil {
			return nil, nil
		}
		files = append(files, f)
	}
	// Nothing is known of what is imported.
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	l.pkg, _ = config.Check(pkg.ImportPath, l.fset, files, &l.info)
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 2 && l.registers(call.Fun) {
				l.class(call.Args[1])
			}
			return true
		})
	}
	slices.SortFunc(l.warnings, func(a, b Warning) int {
		if a.Pos.Filename != b.Pos.Filename {
			return strings.Compare(a.Pos.Filename, b.Pos.Filename)
		}
		return a.Pos.Offset - b.Pos.Offset
	})
	return slices.Compact(l.warnings), nil // a class may be registered twice
}

// nothing imports no package.
type nothing struct{}

// Import implements types.Importer.
func (nothing) Import(path string) (*types.Package, error) {
	return nil, errors.New("not looked at")
}

type linter struct {
	fset     *token.FileSet
	info     types.Info
	pkg      *types.Package
	warnings []Warning
}

// registers reports whether a call's function is guest.RegisterObject.
func (l *linter) registers(fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.IndexExpr:
		return l.registers(f.X)
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		if !ok || f.Sel.Name != "RegisterObject" {
			return false
		}
		name, ok := l.info.Uses[x].(*types.PkgName)
		return ok && name.Imported().Path() == guestPath
	}
	return false
}

// class looks at the class that a constructor makes.
func (l *linter) class(constructor ast.Expr) {
	made, ok := l.info.TypeOf(constructor).(*types.Signature)
	if !ok || made.Results().Len() == 0 {
		return
	}
	t := made.Results().At(0).Type()
	methods := types.NewMethodSet(t)
	for i := range methods.Len() {
		m, ok := methods.At(i).Obj().(*types.Func)
		if ok && m.Exported() && m.Pkg() == l.pkg && !slices.Contains(reservedMethods, m.Name()) {
			l.method(m)
		}
	}
}

// method looks at what stubs can call.
func (l *linter) method(m *types.Func) {
	s := m.Signature()
	warn := func(format string, args ...any) {
		l.warnings = append(l.warnings, Warning{l.fset.Position(m.Pos()),
			fmt.Sprintf("the method %s ", m.Name()) + fmt.Sprintf(format, args...)})
	}
	results := s.Results().Len()
	if results > 0 && isError(s.Results().At(results-1).Type()) {
		results--
	}
	if results > 1 {
		warn("cannot be called by a stub: it returns %d values, and one and an error is what "+
			"there may be (return a struct)", results)
		return
	}
	for i := range s.Params().Len() {
		t := s.Params().At(i).Type()
		if why := l.crosses(t, nil); why != "" {
			warn("cannot be given its parameter %d by a stub: %s", i+1, why)
		}
	}
	if results == 1 {
		if why := l.crosses(s.Results().At(0).Type(), nil); why != "" {
			warn("does not give its result to a stub: %s", why)
		}
	}
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// crosses says why values of a type do not become JSON, or come back from it; "" where
// they do, or where that is not known.
func (l *linter) crosses(t types.Type, seen []types.Type) string {
	if slices.Contains(seen, t) || l.marshals(t) {
		return ""
	}
	seen = append(seen, t)
	name := types.TypeString(t, types.RelativeTo(l.pkg))
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return name + " is a function, which JSON has not"
	case *types.Chan:
		return name + " is a channel, which JSON has not"
	case *types.Basic:
		if u.Info()&types.IsComplex != 0 || u.Kind() == types.UnsafePointer {
			return "JSON has no " + name
		}
	case *types.Pointer:
		return l.crosses(u.Elem(), seen)
	case *types.Slice:
		return l.crosses(u.Elem(), seen)
	case *types.Array:
		return l.crosses(u.Elem(), seen)
	case *types.Map:
		if key, ok := u.Key().Underlying().(*types.Basic); ok &&
			key.Info()&(types.IsString|types.IsInteger) == 0 &&
			key.Kind() != types.Invalid && !l.marshals(u.Key()) {
			return name + " has keys that JSON has not"
		}
		return l.crosses(u.Elem(), seen)
	case *types.Struct:
		return l.structure(name, u, seen)
	}
	return ""
}

// structure is crosses for a struct.
func (l *linter) structure(name string, s *types.Struct, seen []types.Type) string {
	visible := 0
	for i := range s.NumFields() {
		f := s.Field(i)
		if tag, _, _ := strings.Cut(tagOf(s.Tag(i)), ","); tag == "-" ||
			!f.Exported() && !f.Embedded() {
			continue
		}
		visible++
		if why := l.crosses(f.Type(), seen); why != "" && f.Exported() {
			return "its field " + f.Name() + ": " + why
		}
	}
	if visible == 0 && s.NumFields() > 0 {
		return name + " has no exported fields, so that it crosses as {}"
	}
	return ""
}

// tagOf is a field's json tag.
func tagOf(tag string) string {
	_, rest, ok := strings.Cut(tag, `json:"`)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// marshals reports whether a type says itself what it is as JSON or text.
func (l *linter) marshals(t types.Type) bool {
	for _, name := range []string{"MarshalJSON", "MarshalText"} {
		obj, _, _ := types.LookupFieldOrMethod(t, true, l.pkg, name)
		if _, ok := obj.(*types.Func); ok {
			return true
		}
	}
	return false
}
