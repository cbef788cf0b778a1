package build_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/build"
)

const lintGuest = `package main

import (
	"time"

	g "github.com/cairn-dev/cairn/guest"
)

func main() {}

func init() {
	g.RegisterObject("Thing", NewThing)
	g.RegisterObject("Other", func(*g.State, *g.Env) (*Other, error) { return nil, nil })
	register("Plain", NewPlain)
}

func register(string, any) {}

type Thing struct{ base }

func NewThing(*g.State, *g.Env) (*Thing, error) { return &Thing{}, nil }

func (t *Thing) Two() (int, string, error)             { return 0, "", nil }
func (t *Thing) TwoWithout() (int, string)             { return 0, "" }
func (t *Thing) Func(f func())                         {}
func (t *Thing) Chan() chan int                        { return nil }
func (t *Thing) Named(n named) error                   { return nil }
func (t *Thing) Hidden() (hidden, error)               { return hidden{}, nil }
func (t *Thing) Hiddens() []*hidden                    { return nil }
func (t *Thing) Deep() map[string][]struct{ X chan int } { return nil }
func (t *Thing) Complex(c complex128)                  {}
func (t *Thing) Keys() map[bool]int                    { return nil }
func (t *Thing) Variadic(f ...func())                  {}

// What follows is in order.
func (t *Thing) Good(a int, s string, m map[int]float64, more ...[]byte) (*shown, error) { return nil, nil }
func (t *Thing) Nothing()                        {}
func (t *Thing) Error() error                    { return nil }
func (t *Thing) Time() (time.Time, error)        { return time.Time{}, nil }
func (t *Thing) Tree() tree                      { return tree{} }
func (t *Thing) Itself() text                    { return text{} }
func (t *Thing) Any(x any) any                   { return x }
func (t *Thing) Left() left                      { return left{} }
func (t *Thing) Empty() struct{}                 { return struct{}{} }
func (t *Thing) Fetch(*g.Request) (*g.Response, error) { return nil, nil }
func (t *Thing) private() (int, int)             { return 0, 0 }

type base struct{}

func (base) Promoted() (int, int) { return 0, 0 }

type named func()
type hidden struct{ a, b int }
type shown struct{ A int }
type tree struct{ Left, Right *tree }
type text struct{ a int }

func (text) MarshalText() ([]byte, error) { return nil, nil }

type left struct {
	A int
	F func() ` + "`json:\"-\"`" + `
}

type Other struct{}

func (o Other) Pair() (int, int) { return 0, 0 }

type Plain struct{}

func NewPlain() *Plain { return nil }

func (p *Plain) Pair() (int, int) { return 0, 0 }
`

// TestLint wants a place and a reason for each method that no stub can call as it
// stands, and nothing of those that can.
func TestLint(t *testing.T) {
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": lintGuest,
		"other.go": "//go:build linux\n\npackage main\n\n" +
			"func (t *Thing) Native() (int, int) { return 0, 0 }\n"})
	warnings, err := build.Lint(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Two cannot be called by a stub: it returns 2 values",
		"TwoWithout cannot be called by a stub: it returns 2 values",
		"Func cannot be given its parameter 1 by a stub: func() is a function",
		"Chan does not give its result to a stub: chan int is a channel",
		"Named cannot be given its parameter 1 by a stub: named is a function",
		"Hidden does not give its result to a stub: hidden has no exported fields",
		"Hiddens does not give its result to a stub: hidden has no exported fields",
		"Deep does not give its result to a stub: its field X: chan int is a channel",
		"Complex cannot be given its parameter 1 by a stub: JSON has no complex128",
		"Keys does not give its result to a stub: map[bool]int has keys",
		"Variadic cannot be given its parameter 1 by a stub: func() is a function",
		"Promoted cannot be called by a stub", "Pair cannot be called by a stub",
	}
	for i, w := range warnings {
		if i >= len(want) || !strings.HasPrefix(w.Message, "the method "+want[i]) {
			t.Errorf("%d: %s", i, w)
		}
	}
	if len(warnings) != len(want) {
		t.Errorf("%d warnings, want %d", len(warnings), len(want))
	}
	if len(warnings) > 0 && !strings.HasPrefix(warnings[0].String(),
		filepath.Join(dir, "main.go")+":23:17: ") {
		t.Errorf("the place is %s", warnings[0])
	}
}

// TestLintSamples wants nothing of the programs of this tree, nor of what is no
// package, and an error for no folder.
func TestLintSamples(t *testing.T) {
	folders, err := filepath.Glob("../../testdata/*/main.go")
	if err != nil || len(folders) < 5 {
		t.Fatalf("%v, %v", folders, err)
	}
	for _, main := range folders {
		want := 0
		if strings.Contains(main, "/probe/") {
			want = 1 // Pair, which a promise is about
		}
		if warnings, err := build.Lint(filepath.Dir(main)); err != nil || len(warnings) != want {
			t.Errorf("%s: %v, %v", main, warnings, err)
		}
	}
	if warnings, err := build.Lint(write(t,
		map[string]string{"main.go": "package main\nfunc {"})); len(warnings) > 0 {
		t.Errorf("does not parse: %v, %v", warnings, err)
	}
	if _, err := build.Lint(filepath.Join(os.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("no folder, and no error")
	}
}
