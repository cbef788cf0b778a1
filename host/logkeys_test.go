package host_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logKeys says under which key the log has a value, by the Go expression of the value;
// see package observe.
var logKeys = []struct {
	key   string
	value *regexp.Regexp
}{
	{"error", regexp.MustCompile(`^(\w+\.)*(err|\w+Err|Err|cause)$`)},
	{"script", regexp.MustCompile(`(?i)script\.Name$|^s\.name$`)},
	{"class", regexp.MustCompile(`(?i)class\.Name$`)},
	{"object", regexp.MustCompile(`\.ID(\.String\(\))?$`)},
	{"module", regexp.MustCompile(`Hash\(?\)?\[`)},
}

// TestLogKeys wants what the host logs to be under the same key everywhere.
func TestLogKeys(t *testing.T) {
	seen := map[string]int{}
	sourceFiles(t, func(dir, file string) {
		if !strings.HasPrefix(dir, "host") || strings.Contains(dir, "testdata") {
			return
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, _ := n.(*ast.CallExpr)
			for key, value := range logged(call) {
				seen[key]++
				for _, want := range logKeys {
					if key != want.key && want.value.MatchString(value) {
						t.Errorf("%s: %s is under %q, want %q",
							files.Position(n.Pos()), value, key, want.key)
					}
				}
			}
			return true
		})
	})
	for _, want := range logKeys {
		if seen[want.key] == 0 {
			t.Errorf("nothing is logged under %q", want.key)
		}
	}
}

// logged gives the keys of a call of a slog.Logger, with the expressions of their values.
func logged(call *ast.CallExpr) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		if call == nil {
			return
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error", "With"},
			method.Sel.Name) {
			return
		}
		args := call.Args
		if method.Sel.Name != "With" { // the message
			args = args[min(1, len(args)):]
		}
		for ; len(args) > 1; args = args[2:] {
			key, ok := args[0].(*ast.BasicLit)
			if !ok || key.Kind != token.STRING {
				return
			}
			name, err := strconv.Unquote(key.Value)
			if err != nil || !yield(name, types.ExprString(args[1])) {
				return
			}
		}
	}
}
