package abi_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

// section is what SPEC.md says of one import, or of several under one heading.
type section struct {
	signatures map[string]string // by name
	answers    []string          // names of statuses
}

// importSections reads section 10 of SPEC.md.
func importSections(t *testing.T) (list []section) {
	t.Helper()
	signature := regexp.MustCompile("`(\\w+) (\\([^)]*\\) -> (?:\\w+|\\(\\)))`")
	_, text, _ := strings.Cut(spec(t), "\n## 10. Imports\n")
	text, _, _ = strings.Cut(text, "\n## ")
	for _, part := range strings.Split(text, "\n#### ")[1:] {
		part, _, _ = strings.Cut(part, "\n### ")
		heading, body, _ := strings.Cut(part, "\n")
		s := section{signatures: map[string]string{}}
		for _, m := range signature.FindAllStringSubmatch(heading, -1) {
			s.signatures[m[1]] = m[2]
		}
		// A sentence with a number says what a host must do, and of other imports too.
		body = regexp.MustCompile(`(?m)^- \[M\d+\].*\n(?:  .*\n)*`).ReplaceAllString(body, "")
		for status := abi.StatusOK; status <= abi.StatusError; status++ {
			if strings.Contains(body, "`"+status.String()+"`") {
				s.answers = append(s.answers, status.String())
			}
		}
		list = append(list, s)
	}
	return list
}

// TestImportsAreThoseOfSpec compares the signatures and statuses of SPEC.md with
// the table, both ways.
func TestImportsAreThoseOfSpec(t *testing.T) {
	seen := 0
	for _, s := range importSections(t) {
		may := map[string]bool{}
		for name, want := range s.signatures {
			row := abi.ImportNamed(name)
			if row == nil {
				t.Errorf("SPEC.md has %s, the table does not", name)
				continue
			}
			seen++
			if got := signatureOf(row); got != want {
				t.Errorf("%s is %s, and %s in SPEC.md", name, got, want)
			}
			for _, status := range row.Answers {
				may[status.String()] = true
			}
		}
		got := slices.Sorted(maps.Keys(may))
		slices.Sort(s.answers)
		if !slices.Equal(got, s.answers) {
			t.Errorf("%v may answer %v, and %v in SPEC.md",
				slices.Sorted(maps.Keys(s.signatures)), got, s.answers)
		}
	}
	if seen != len(abi.Imports) {
		t.Errorf("SPEC.md has %d imports of the table, want all %d", seen, len(abi.Imports))
	}
}

// signatureOf writes an import's signature as SPEC.md does.
func signatureOf(row *abi.Import) string {
	params := slices.Clone(row.Params)
	for i, p := range row.ParamTypes() {
		if p == abi.TypeI64 {
			params[i] += " i64"
		}
	}
	result := "status"
	if len(row.ResultTypes()) == 0 {
		result = "()"
	}
	return fmt.Sprintf("(%s) -> %s", strings.Join(params, ", "), result)
}

// TestExportsAreThoseOfSpec looks for the exports in the table of SPEC.md.
func TestExportsAreThoseOfSpec(t *testing.T) {
	text := spec(t)
	for _, row := range abi.Exports {
		params, result := "", ""
		for _, p := range row.Params {
			params += p + " i32"
		}
		if row.Result {
			result = "i32"
		}
		want := fmt.Sprintf("\n| `%s` | `(%s) -> (%s)` | ", row.Name, params, result)
		if !strings.Contains(text, want) {
			t.Errorf("the table of exports lacks %q", want)
		}
	}
}

// TestEveryConstantHasARow compares the constants of func.go with the tables.
func TestEveryConstantHasARow(t *testing.T) {
	var imports []string
	for _, row := range abi.Imports {
		imports = append(imports, row.Name)
	}
	exports := []string{abi.ExportMemory}
	for _, row := range abi.Exports {
		exports = append(exports, row.Name)
	}
	for prefix, rows := range map[string][]string{"Func": imports, "Export": exports} {
		names := named(t, prefix)
		slices.Sort(names)
		slices.Sort(rows)
		if !slices.Equal(rows, names) {
			t.Errorf("the rows are %q, the constants %q", rows, names)
		}
	}
}

// TestArgs wants each parameter to be part of one argument, and each argument to
// be what the rules for names in SPEC.md say.
func TestArgs(t *testing.T) {
	fixed := map[string]abi.Arg{
		"len_ptr":    {Kind: abi.KindLength, Bytes: 4},
		"handle_ptr": {Kind: abi.KindHandle, Bytes: 4},
		"id_ptr":     {Kind: abi.KindID, Bytes: abi.IDBytes},
		"time_ptr":   {Kind: abi.KindTime, Bytes: 8},
		"time_ms":    {Kind: abi.KindMillis},
	}
	for _, row := range abi.Imports {
		var made []string // what the arguments are made of
		for _, a := range row.Args() {
			if a.At != len(made) {
				t.Errorf("%s: %v begins at parameter %d, want %d", row.Name, a, a.At, len(made))
			}
			switch want, ok := fixed[a.Name]; {
			case a.Kind == abi.KindInput && a.Name == "":
				made = append(made, "ptr", "len")
			case a.Kind == abi.KindInput:
				made = append(made, a.Name+"_ptr", a.Name+"_len")
			case a.Kind == abi.KindBuffer:
				made = append(made, a.Name+"_ptr", a.Name+"_cap")
			case ok && (a.Kind != want.Kind || a.Bytes != want.Bytes):
				t.Errorf("%s: %v, want the kind and size of %v", row.Name, a, want)
				fallthrough
			default:
				made = append(made, a.Name)
				if !ok && regexp.MustCompile(`(ptr|_len|_cap|_ms)$`).MatchString(a.Name) {
					t.Errorf("%s: %v is no number", row.Name, a)
				}
			}
		}
		if !slices.Equal(made, row.Params) {
			t.Errorf("%s: the arguments are made of %q, want %q", row.Name, made, row.Params)
		}
	}
}
