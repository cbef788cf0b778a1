package abi_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

func spec(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// named returns the string constants of func.go with a prefix.
func named(t *testing.T, prefix string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "func.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		return true
	})
	return names
}

// TestSpecHasEveryStatus looks for the numbers in the table of SPEC.md.
func TestSpecHasEveryStatus(t *testing.T) {
	text := spec(t)
	for s := abi.StatusOK; s <= abi.StatusError; s++ {
		if row := fmt.Sprintf("\n| %d | `%s` | ", s, s); !strings.Contains(text, row) {
			t.Errorf("the table of statuses lacks %q", row)
		}
	}
	if got := abi.Status(8).String(); got != "STATUS_8" {
		t.Errorf("the name of an unknown status is %s", got)
	}
}

// TestNumbers holds what may never change.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"Version", abi.Version, 1},
		{"StatusOK", int(abi.StatusOK), 0},
		{"StatusNotFound", int(abi.StatusNotFound), 1},
		{"StatusTooSmall", int(abi.StatusTooSmall), 2},
		{"StatusFault", int(abi.StatusFault), 3},
		{"StatusInvalid", int(abi.StatusInvalid), 4},
		{"StatusTooLarge", int(abi.StatusTooLarge), 5},
		{"StatusForbidden", int(abi.StatusForbidden), 6},
		{"StatusError", int(abi.StatusError), 7},
		{"ClassHasFetch", abi.ClassHasFetch, 1},
		{"ClassHasAlarm", abi.ClassHasAlarm, 2},
		{"WriteUnconfirmed", abi.WriteUnconfirmed, 1},
		{"ResetDropAlarm", abi.ResetDropAlarm, 1},
		{"ListReverse", abi.ListReverse, 1},
		{"ListHasStart", abi.ListHasStart, 2},
		{"ListHasStartAfter", abi.ListHasStartAfter, 4},
		{"ListHasEnd", abi.ListHasEnd, 8},
		{"ListHasLimit", abi.ListHasLimit, 16},
		{"TargetName", abi.TargetName, 0},
		{"TargetID", abi.TargetID, 1},
		{"MaxKeyBytes", abi.MaxKeyBytes, 2048},
		{"MaxValueBytes", abi.MaxValueBytes, 2 << 20},
		{"MaxMessageBytes", abi.MaxMessageBytes, 32 << 20},
		{"MaxBatchBytes", abi.MaxBatchBytes, 64 << 20},
		{"MaxNameBytes", abi.MaxNameBytes, 1024},
		{"MaxClassBytes", abi.MaxClassBytes, 255},
		{"MaxClasses", abi.MaxClasses, 1000},
		{"MaxCallDepth", abi.MaxCallDepth, 32},
		{"MaxLists", abi.MaxLists, 16},
		{"MaxTransactionDepth", abi.MaxTransactionDepth, 64},
		{"MaxCriticalDepth", abi.MaxCriticalDepth, 64},
		{"MaxCriticalMillis", abi.MaxCriticalMillis, 30_000},
		{"MaxLogBytesPerCall", abi.MaxLogBytesPerCall, 256 << 10},
	} {
		if c.got != c.want {
			t.Errorf("%s is %d, want %d", c.name, c.got, c.want)
		}
	}
}

func TestParseID(t *testing.T) {
	const lower = "dd0ad57b24bdf9cd367bb3c0512b58bb1587e3e8cc2ae6bdb809d4938fbcc20c"
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{lower, true},
		{strings.ToUpper(lower), true},
		{"", false},
		{lower[:63], false},
		{lower + "0", false},
		{lower[:63] + "g", false},
		{" " + lower[:63], false},
		{strings.Repeat("é", 32), false},
	} {
		id, ok := abi.ParseID(c.text)
		if ok != c.ok || ok && id.String() != lower || !ok && id != (abi.ID{}) {
			t.Errorf("ParseID(%q) = %s, %v", c.text, id, ok)
		}
	}
}

// TestAppendix holds the example of SPEC.md to the file that host's tests run.
func TestAppendix(t *testing.T) {
	wat, err := os.ReadFile("testdata/example.wat")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(spec(t), "\n```wat\n"+string(wat)+"```\n") {
		t.Error("the appendix of SPEC.md is not testdata/example.wat")
	}
}
