package rewrite

import (
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// faultBit is a pass that only a test knows.
const faultBit = AllPasses + 1

// faults are passes that are wrong: what somebody who changes a pass may do.
var faults = map[string]func(*program, *function){
	// Memory is looked at before a call, in which the host or others may see what was
	// there, and which may not return.
	"a check moved over a call": func(_ *program, f *function) {
		for i := 3; i < len(f.code); i++ {
			if !f.code[i].access() || f.code[i-1].op != goWrap || f.code[i-2].op != opLocalGet {
				continue
			}
			for at := i - 3; at > 0 && straight(f.code[at], f.code[i-2].imm); at-- {
				if f.code[at].op == opCall {
					f.code = slices.Insert(f.code, at, get(uint32(f.code[i-2].imm)), plain(goWrap),
						instr{op: opI32Load8U, imm: f.code[i].imm}, plain(opDrop))
					return
				}
			}
		}
	},
	"an offset one too small": damage(func(f *function, base uint32) {
		for i := 1; i < len(f.code); i++ {
			if in := &f.code[i]; in.access() && in.imm > 0 && f.code[i-1] == get(base) {
				in.imm--
			}
		}
	}),
	"a base that changed between": damage(func(f *function, base uint32) {
		for i := range f.code {
			if i > 1 && f.code[i] == set(base) && f.code[i-1].op == opI32Sub &&
				follows(f.code, i+1, opBr) {
				f.code[i] = plain(opDrop)
			}
		}
	}),
	"a guard left out": damage(func(f *function, base uint32) {
		for i := range f.code {
			if f.code[i] == get(base) &&
				follows(f.code, i+1, opI32Const, opI32Add, opI32Ne, opBrIf) {
				f.code[i+4] = plain(opDrop)
			}
		}
	}),
	"an arm that is left out": func(p *program, f *function) {
		was := p.neverZero
		p.neverZero = make([]bool, len(was))
		for i := range was {
			p.neverZero[i] = len(p.typeOf(uint32(i)).Results) == 1
		}
		p.coldArms(f)
		p.neverZero = was
	},
	"a condition turned badly": func(p *program, f *function) {
		was := opposites
		for i := range byte(4) { // lt for le
			opposites[opI64LtS+6+i%2], opposites[opI32LtS+6+i%2] = opI64LtS+2+i%2, opI32LtS+2+i%2
		}
		p.coldArms(f)
		opposites = was
	},
}

// straight reports whether an instruction leaves a local alone and goes on to the next one.
func straight(in instr, local int64) bool {
	switch in.op {
	case opBlock, opLoop, opIf, opElse, opEnd, opBr, opBrIf, opBrTable, opReturn, opUnreachable:
		return false
	}
	return in.op != opLocalSet && in.op != opLocalTee || in.imm != local
}

// damage lets the frame's pass run, and then does something to its code.
func damage(how func(f *function, base uint32)) func(*program, *function) {
	return func(p *program, f *function) {
		locals := f.locals
		if p.frameBase(f); f.locals > locals {
			how(f, locals)
		}
	}
}

// TestPassesFail puts wrong passes in the place of right ones. The random modules must
// tell.
func TestPassesFail(t *testing.T) {
	right := passes
	t.Cleanup(func() { passes = right })
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			passes = append(slices.Clip(right), right[0])
			wrong := &passes[len(passes)-1]
			wrong.pass, wrong.name, wrong.run = faultBit, "wrong", fault
			list := []run{{NoPasses, "compiler"}, {faultBit, "compiler"}}
			const most = 3000
			for seed := range most {
				if _, err := agree(t, choices.Given(seed), list); err != nil {
					t.Logf("module %d: %.300v", seed, err)
					return
				}
			}
			t.Errorf("%d modules do not differ", most)
		})
	}
}
