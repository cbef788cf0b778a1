package rewrite

import (
	"fmt"
	"slices"
	"strings"
)

// The passes arrange code so that the compiler makes less of it: they change neither
// what a function does nor what it pays. Each works on one function behind the meter,
// and leaves alone what it cannot prove to be as it needs it. None takes away a way that the
// code can go, but those that flow.go says: its facts are of the code before the passes.
//
// Half of what wazero 1.12 makes of a guest are bounds checks and the ways out of them.
// It leaves a check out where the same SSA value was checked before on all ways (known
// safe bounds, in lowerer's memOpSetup, internal/engine/wazevo/frontend/lower.go), and
// there are shapes of code in which it forgets that. A wazero that forgets less makes
// the passes useless, and not wrong; see BenchmarkPasses.

// Passes is a set of passes.
type Passes uint

// The passes, in the order in which they run. Each has its reason in the file of its
// name.
const (
	ColdArms Passes = 1 << iota
	FrameBase

	NoPasses  Passes = 0
	AllPasses        = ColdArms | FrameBase
)

// passes are all of them.
var passes = []struct {
	pass Passes
	name string
	run  func(*program, *function)
}{
	{ColdArms, "cold", (*program).coldArms},
	{FrameBase, "frame", (*program).frameBase},
}

// PassSets returns the sets that a test compares: no pass, each alone, and all.
func PassSets() []Passes {
	sets := []Passes{NoPasses}
	for pass := Passes(1); pass < AllPasses; pass <<= 1 {
		sets = append(sets, pass)
	}
	return append(sets, AllPasses)
}

// String returns the names of the passes, "none" or "all".
func (p Passes) String() string {
	switch p {
	case NoPasses:
		return "none"
	case AllPasses:
		return "all"
	}
	var names []string
	for _, pass := range passes {
		if p&pass.pass != 0 {
			names = append(names, pass.name)
		}
	}
	return strings.Join(names, "+")
}

// ParsePasses reads what String writes.
func ParsePasses(text string) (Passes, error) {
	for _, set := range []Passes{NoPasses, AllPasses} {
		if text == set.String() {
			return set, nil
		}
	}
	set := NoPasses
	for name := range strings.SplitSeq(text, "+") {
		before := set
		for _, pass := range passes {
			if pass.name == name {
				set |= pass.pass
			}
		}
		if set == before {
			return 0, fmt.Errorf("rewrite: no other pass is named %q in %q", name, text)
		}
	}
	return set, nil
}

// A program is what the passes know of the whole module, as it is compiled: with the
// fuel's import, type and global.
type program struct {
	types      []FuncType
	funcs      []uint32 // the type of each function, imported ones first
	globals    []globalType
	imported   uint32 // functions; the last of them is the fuel's
	fuelGlobal uint32

	neverZero []bool // by function; see never.go

	code []instr // scratch of passes that write code anew
	cold []bool  // scratch of coldArms

	fromGo        bool // the module has Go's mark
	squares, work int  // what the passes may still add to the shapes; see affordable
	framer        framer
}

// newProgram looks at all functions once.
func (w *writer) newProgram() *program {
	m := w.m
	p := &program{types: m.types, imported: uint32(m.importedFuncs) + 1,
		globals:    append(m.globals[:len(m.globals):len(m.globals)], globalType{I64, true}),
		fuelGlobal: uint32(len(m.globals))}
	if int(w.fuelType) == len(m.types) {
		p.types = append(m.types[:len(m.types):len(m.types)], FuncType{})
	}
	p.squares = (squaresBase + squaresPerByte*m.size) / passShare
	p.work = (workBase + workPerByte*m.size) / passShare
	for i := range m.sections {
		p.fromGo = p.fromGo || m.sections[i].id == secCustom && m.sections[i].name == "go:buildid"
	}
	p.funcs = append(p.funcs, m.funcs[:m.importedFuncs]...)
	p.funcs = append(append(p.funcs, w.fuelType), m.funcs[m.importedFuncs:]...)
	p.neverZero = slices.Insert(m.neverZero(), m.importedFuncs, false)
	return p
}

// typeOf returns the type of a function.
func (p *program) typeOf(f uint32) *FuncType { return &p.types[p.funcs[f]] }

// arrange appends a metered body to out as the passes make it.
func (p *program) arrange(out []byte, f *function, index uint32, set Passes, body []byte) []byte {
	if set == 0 || !f.decode(index, p.typeOf(index), body) {
		return append(out, body...)
	}
	for _, pass := range passes {
		if set&pass.pass != 0 {
			pass.run(p, f)
		}
	}
	return f.encode(out)
}
