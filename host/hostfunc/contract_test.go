package hostfunc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

// TestContracts compares the comment above each function of the ABI, its contract,
// with the function's row in abi.Imports: the parameters, and the statuses that the
// function may answer.
func TestContracts(t *testing.T) {
	docs := contracts(t)
	for _, f := range functions {
		doc, ok := docs[goName(f.Name)]
		if !ok {
			t.Errorf("no function's comment says that it is the host function of %s", f.Name)
			continue
		}
		params, answers := readContract(doc)
		if !slices.Equal(params, f.Params) {
			t.Errorf("%s: its contract has the parameters %q, its row %q", f.Name, params, f.Params)
		}
		var want []string
		for s := abi.StatusOK; s <= abi.StatusError; s++ {
			if f.May(s) {
				want = append(want, s.String())
			}
		}
		slices.Sort(want)
		slices.Sort(answers)
		if !slices.Equal(answers, want) {
			t.Errorf("%s: its contract has the statuses %v, its row %v", f.Name, answers, want)
		}
	}
}

// goName is the name of the constant for an import, as FuncStorageGet, in small
// letters and without an underscore.
func goName(name string) string { return "func" + strings.ReplaceAll(name, "_", "") }

// contracts returns the comments of the package's functions that say which host
// function they are.
func contracts(t *testing.T) map[string]string {
	t.Helper()
	is := regexp.MustCompile(`^(\w+) is the host function abi\.(Func\w+)\.`)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if m := is.FindStringSubmatch(fn.Doc.Text()); m != nil && m[1] == fn.Name.Name {
				docs[strings.ToLower(m[2])] = fn.Doc.Text()
			}
		}
	}
	return docs
}

// readContract returns what the lists below the headings Parameters and Result
// name.
func readContract(doc string) (params, answers []string) {
	part := ""
	for line := range strings.SplitSeq(doc, "\n") {
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			part = heading
		}
		item, ok := strings.CutPrefix(line, "  - ")
		names, _, colon := strings.Cut(item, ":")
		switch {
		case !ok, !colon:
		case part == "Parameters":
			params = append(params, strings.Split(names, ", ")...)
		case part == "Result":
			answers = append(answers, statusNamed(names))
		}
	}
	return params, answers
}

// statusNamed turns StatusNotFound into NOT_FOUND.
func statusNamed(constant string) string {
	name := strings.TrimPrefix(constant, "Status")
	if name == "OK" {
		return name
	}
	return strings.ToUpper(regexp.MustCompile(`(.)([A-Z])`).ReplaceAllString(name, "${1}_$2"))
}
