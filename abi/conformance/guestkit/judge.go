package guestkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/cairn-dev/cairn/abi"
)

// Run judges a guest in a test: what is wrong fails it, notes are logged.
func Run(t *testing.T, wasm []byte, script Script) {
	t.Helper()
	r, err := Judge(t.Context(), wasm, script)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Note {
			t.Log(f)
		} else {
			t.Error(f)
		}
	}
	t.Logf("%d plays, %d entries, %d imports answered otherwise, %d nested entries",
		r.Plays, r.Entries, r.Faults, r.Nested)
}

// memoryPages is the most that an instance may have, 128 MiB.
const memoryPages = 2048

// ErrScript says that a script cannot be read.
var ErrScript = errors.New("script")

// judge holds what all plays have in common.
type judge struct {
	ctx       context.Context // of Judge, which judge does not outlive
	runtime   wazero.Runtime
	compiled  wazero.CompiledModule
	classes   []class
	worker    bool
	instances int
	hangs     bool
	// unpreparable: image_prepare fails.
	unpreparable bool
	report       *Report
}

// Judge plays a script with a guest in every way of the package comment. An empty
// script is a few requests that any guest should live through. The error says
// that there is nothing to judge: the script cannot be read, the module cannot
// be started.
func Judge(ctx context.Context, wasm []byte, script Script) (*Report, error) {
	j := &judge{ctx: ctx, report: &Report{Findings: []Finding{}}}
	// Slow, and the one way to end a guest that loops.
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(memoryPages).
		WithCloseOnContextDone(true)
	j.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	defer j.runtime.Close(context.WithoutCancel(ctx))
	if err := j.load(ctx, wasm); err != nil {
		return nil, err
	}
	if err := j.meet(); err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(script)) == "" {
		script = probe(j.classes, j.worker)
		j.report.Probed = true
	}
	p, err := script.parse()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScript, err)
	}
	j.plays(ctx, p)
	return j.report, ctx.Err()
}

// load compiles the module.
func (j *judge) load(ctx context.Context, wasm []byte) (err error) {
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, j.runtime); err != nil {
		return err
	}
	if err = declare(ctx, j.runtime); err != nil {
		return err
	}
	if j.compiled, err = j.runtime.CompileModule(ctx, wasm); err != nil {
		return fmt.Errorf("the module is not valid: %w", err)
	}
	if j.compiled.ExportedMemories()[abi.ExportMemory] == nil {
		return errors.New("the module lacks the export memory")
	}
	return nil
}

// meet starts the module twice, and wants it to register the same.
func (j *judge) meet() error {
	for n, how := range []way{{}, {unprepared: true}} {
		w := newWorld(j, &plan{}, how)
		in, err := w.start(nil)
		if err != nil {
			return err
		}
		if n == 0 {
			j.classes, j.worker = in.classes, in.worker
		} else if !slices.Equal(j.classes, in.classes) || j.worker != in.worker {
			w.wrong("G3", "the guest registers %v the first time it starts and %v the second",
				j.classes, in.classes)
		}
		w.close()
	}
	if len(j.classes) == 0 && !j.worker {
		return errors.New("the module registers neither a Worker nor a class")
	}
	return nil
}

// flags are those of a class.
func (j *judge) flags(name string) uint32 {
	for _, c := range j.classes {
		if c.name == name {
			return c.flags
		}
	}
	return 0
}

// plays goes through the ways.
func (j *judge) plays(ctx context.Context, p *plan) {
	base := j.play(p, way{})
	if j.hangs {
		return
	}
	j.traps(base, "")
	j.same(base, j.play(p, way{name: "image_prepare is not called", unprepared: true}))
	if forgotten := j.play(p.restarted(),
		way{name: "memory is forgotten before each step", unprepared: true}); !j.hangs {
		for k := range p.steps {
			if got := forgotten.answers[2*k+1]; got != base.answers[k] && p.steps[k].want == "" {
				j.report.add(Finding{Rule: "G5", Note: true,
					Step: p.steps[k].line, Way: forgotten.world.way.name,
					Text: fmt.Sprintf("the answer is %.200s, and %.200s where memory is kept",
						got, base.answers[k])})
			}
		}
	}
	if !j.hangs {
		j.same(base, j.play(p, way{name: "with nested entries", nested: true, unprepared: true}))
	}
	j.large(p)
	for _, f := range j.faults(base) {
		if j.hangs || ctx.Err() != nil {
			return
		}
		j.faulted(p, base, f)
	}
}

// same wants another way to give the same answers.
func (j *judge) same(base, other *outcome) {
	rule := ""
	if other.world.way.nested {
		rule = "G6"
	}
	for k, got := range other.answers {
		if got != base.answers[k] && other.world.plan.steps[k].want == "" {
			j.report.add(Finding{Rule: rule, Step: other.world.plan.steps[k].line,
				Way: other.world.way.name,
				Text: fmt.Sprintf("the answer is %.200s, and %.200s otherwise",
					got, base.answers[k])})
		}
	}
}

// traps notes steps that trap in a play where nothing was answered otherwise.
func (j *judge) traps(o *outcome, why string) {
	for k := range o.answers {
		if o.trapped(k) {
			j.report.add(Finding{Note: true, Step: o.world.plan.steps[k].line,
				Way:  o.world.way.name,
				Text: fmt.Sprintf("the guest traps%s: %.200s", why, o.answers[k])})
		}
	}
}

// largeBytes is what is added to messages, and repeats how often.
const (
	largeBytes = 100 << 10
	repeats    = 60
)

// large sends more than a small guest has memory for, many times.
func (j *judge) large(p *plan) {
	if j.hangs {
		return
	}
	enlarged := p.enlarged(largeBytes)
	once := enlarged.steps
	calls := 0
	for _, s := range once {
		if s.words[0] == "call" && len(s.words[4]) > largeBytes {
			calls++
		}
	}
	for n := 1; n < repeats; n++ {
		for _, s := range once {
			if s.words[0] == "call" {
				enlarged.steps = append(enlarged.steps, s)
			}
		}
	}
	o := j.play(enlarged, way{name: fmt.Sprintf("with %d KiB more in each message", largeBytes>>10),
		unprepared: true})
	if j.hangs {
		return
	}
	j.traps(o, "")
	if n := len(o.largest); calls > 0 {
		perRound := (n - len(once)) / (repeats - 1)
		grown := int(o.largest[n-1]) - int(o.largest[n-1-20*perRound])
		if grown > 20*calls*largeBytes*8/10 {
			j.report.add(Finding{Note: true, Way: o.world.way.name,
				Text: fmt.Sprintf("memory grows with every call, by %d KiB "+
					"in 20 rounds: what a call takes is never free again", grown>>10)})
		}
	}
}
