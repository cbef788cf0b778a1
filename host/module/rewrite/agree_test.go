package rewrite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// goCalls are how often run is called in one instance, and with what.
var goCalls = []uint64{0, 1, 2}

// An outcome is what can be seen of a call: its trap with the functions that were running,
// memory, globals, and what it has paid.
type outcome struct {
	trap, trace string
	memory      []byte
	globals     []uint64
	fuel        int64
	watch       watch
}

// A watch is what was seen of the stack pointer while a module ran as it is.
type watch struct {
	// outside says that a stack pointer was so near to an end of memory that a frame may not
	// have been wholly in memory: a pass may let the function trap as it is entered.
	outside bool
	// moved says that a call has not left the stack pointer where it was, as Go's calls do
	// where the host calls the guest meanwhile.
	moved bool
}

// goFuel is what a module may use at once, and goRefills how often it gets that in one call:
// what a wrong pass makes may never end. A bulk instruction, before it traps, may pay for a
// length of gigabytes.
const (
	goFuel    = 1 << 24
	goRefills = 8
)

// A machine runs a module in one of wazero's engines.
type machine struct {
	mod     api.Module
	depth   int
	refills int   // in this call
	paid    int64 // and what was paid before the last of them
	watch   watch
	module  *goModule // what watch is of; nil: nothing watches
	before  []uint32  // the stack pointer at the calls that run
}

// newMachine instantiates a module, which has the import that the passes put in or not.
func newMachine(ctx context.Context, cfg wazero.RuntimeConfig, wasm []byte) (*machine, error) {
	m := &machine{}
	rt := wazero.NewRuntimeWithConfig(ctx, cfg.WithMemoryLimitPages(goMaxPages))
	var err error
	for _, im := range []struct {
		module, name string
		fn           any
	}{
		{"env", "enter", m.enter},
		{testOptions.FuelModule, testOptions.FuelName, m.refill},
	} {
		_, oneErr := rt.NewHostModuleBuilder(im.module).NewFunctionBuilder().WithFunc(im.fn).
			Export(im.name).Instantiate(ctx)
		err = errors.Join(err, oneErr)
	}
	if err == nil {
		m.mod, err = rt.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig())
	}
	if err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	return m, nil
}

func (m *machine) close(t testing.TB) {
	if err := m.mod.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// refill gives more fuel.
func (m *machine) refill(_ context.Context, mod api.Module) {
	fuel := mod.ExportedGlobal(testOptions.FuelGlobal).(api.MutableGlobal)
	m.paid += goFuel - int64(fuel.Get())
	fuel.Set(goFuel)
	if m.refills++; m.refills > goRefills {
		panic(errSpent)
	}
}

// enter calls run while a function runs, on the same stack, a few levels deep.
func (m *machine) enter(ctx context.Context, mod api.Module, x uint32) uint32 {
	if m.depth == 3 {
		return x
	}
	m.depth++
	defer func() { m.depth-- }()
	if _, err := mod.ExportedFunction("run").Call(ctx, uint64(16+x)); err != nil {
		panic(err)
	}
	return x + uint32(m.depth)
}

// NewFunctionListener implements experimental.FunctionListenerFactory.
func (m *machine) NewFunctionListener(api.FunctionDefinition) experimental.FunctionListener {
	return m
}

// Before implements experimental.FunctionListener.
func (m *machine) Before(_ context.Context, mod api.Module, def api.FunctionDefinition,
	_ []uint64, _ experimental.StackIterator) {
	m.before = append(m.before, m.look(mod, len(m.before) > 0))
}

// After implements experimental.FunctionListener. A function of Go's type takes its return
// address off the stack; if it unwinds, nobody looks at the stack pointer but run.
func (m *machine) After(_ context.Context, mod api.Module, def api.FunctionDefinition,
	results []uint64) {
	now, before := m.look(mod, true), m.before[len(m.before)-1]
	if m.before = m.before[:len(m.before)-1]; len(m.before) == 0 {
		return
	}
	if def.Index() >= goCold && uint32(results[0]) == 0 {
		before += 8
	}
	if def.Index() == goEnter || def.Index() == goRun || len(results) > 0 &&
		(def.Index() < goCold || uint32(results[0]) == 0) {
		m.watch.moved = m.watch.moved || now != before
	}
}

// Abort implements experimental.FunctionListener.
func (m *machine) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}

// look returns where the stack pointer is, and notes that if there is a stack.
func (m *machine) look(mod api.Module, stack bool) uint32 {
	sp := uint32(mod.ExportedGlobal("sp").Get())
	size := int64(mod.Memory().Size())
	if stack && (int64(sp) < m.module.below || int64(sp)+m.module.above > size) {
		m.watch.outside = true
	}
	return sp
}

// call calls run once.
func (m *machine) call(arg uint64) (o outcome) {
	ctx := context.Background()
	fuel, metered := m.mod.ExportedGlobal(testOptions.FuelGlobal).(api.MutableGlobal)
	if metered {
		fuel.Set(goFuel)
		m.refills, m.paid = 0, 0
	}
	_, err := m.mod.ExportedFunction("run").Call(ctx, arg)
	if err != nil {
		o.trace = err.Error()
		if _, trap, found := strings.Cut(o.trace, "wasm error: "); found {
			o.trap, _, _ = strings.Cut(trap, "\n")
		} else {
			o.trap = o.trace
		}
	}
	memory, _ := m.mod.Memory().Read(0, m.mod.Memory().Size())
	o.memory, o.watch = bytes.Clone(memory), m.watch
	if metered {
		o.fuel = m.paid + goFuel - int64(fuel.Get())
		for i := range goGlobals {
			o.globals = append(o.globals,
				m.mod.ExportedGlobal(fmt.Sprint(testOptions.GlobalPrefix, i)).Get())
		}
	}
	return o
}

// run calls run until there is a trap.
func (m *machine) run(calls int) (outcomes []outcome) {
	for _, arg := range goCalls[:calls] {
		o := m.call(arg)
		if outcomes = append(outcomes, o); o.trap != "" {
			break
		}
	}
	return outcomes
}

const outOfBounds = "out of bounds memory access"

// differ says how outcomes are not what they have to be. The plain ones are of the module
// as it is; none are those of the module without passes. What looks early whether a frame is
// in memory traps early where it is not.
func differ(got, plain, none []outcome, early bool) error {
	for i, o := range got {
		if early && plain[i].watch.outside && o.trap == outOfBounds {
			return nil
		}
		if err := differs(o, plain[i], none[min(i, len(none)-1)]); err != nil {
			return fmt.Errorf("call %d: %w", i, err)
		}
	}
	if len(got) < len(plain) {
		return fmt.Errorf("%d calls, want %d", len(got), len(plain))
	}
	return nil
}

func differs(got, plain, none outcome) error {
	at := 0
	for at < min(len(got.memory), len(plain.memory)) && got.memory[at] == plain.memory[at] {
		at++
	}
	switch {
	case got.trap != plain.trap:
		return fmt.Errorf("trap %q, want %q", got.trap, plain.trap)
	case at < max(len(got.memory), len(plain.memory)):
		return fmt.Errorf("memory differs at %d of %d and %d", at, len(got.memory),
			len(plain.memory))
	case !slices.Equal(got.globals, none.globals):
		return fmt.Errorf("globals %d, want %d", got.globals, none.globals)
	case got.fuel != none.fuel:
		return fmt.Errorf("%d of fuel, want %d", got.fuel, none.fuel)
	case got.trace != none.trace:
		return fmt.Errorf("trace %s\nwant %s", got.trace, none.trace)
	}
	return nil
}

// plainOutcomes runs a module as it is, with wazero's interpreter.
func plainOutcomes(t testing.TB, given []byte) []outcome {
	wasm, g := goModuleOf(given, true)
	watcher := &machine{module: g}
	ctx := experimental.WithFunctionListenerFactory(context.Background(), watcher)
	m, err := newMachine(ctx, wazero.NewRuntimeConfigInterpreter(), wasm)
	if err != nil {
		t.Fatalf("choices %x: %v\nmodule %x", given, err, wasm) // it does not validate
	}
	defer m.close(t)
	var outcomes []outcome
	for _, arg := range goCalls {
		o := m.call(arg)
		o.watch = watcher.watch
		if outcomes = append(outcomes, o); o.trap != "" {
			break
		}
	}
	return outcomes
}

// A run is a set of passes and an engine.
type run struct {
	set    Passes
	engine string
}

// runs are each set of passes, compiled, of which that without passes is the first, and
// all passes, interpreted.
func runs() (list []run) {
	for _, set := range PassSets() {
		list = append(list, run{set, "compiler"})
	}
	return append(list, run{AllPasses, "interpreter"})
}

// agree compares the module that choices make with what the passes make of it, in each run.
func agree(t testing.TB, given []byte, list []run) (plain []outcome, err error) {
	plain = plainOutcomes(t, given)
	wasm, _ := goModuleOf(given, false)
	var none []outcome
	for _, r := range list {
		out := instrumentWith(t, wasm, r.set)
		m, err := newMachine(context.Background(), engines[r.engine](), out.Wasm)
		if err != nil {
			return plain, fmt.Errorf("choices %x, %v: %w", given, r.set, err)
		}
		got := m.run(len(plain))
		m.close(t)
		if none == nil {
			none = got
		}
		if err := differ(got, plain, none, r.set&^ColdArms != 0); err != nil {
			return plain, fmt.Errorf("choices %x, %v, %s: %w", given, r.set, r.engine, err)
		}
	}
	return plain, nil
}

// FuzzPasses runs random modules that are like Go's on wazero's interpreter as they are,
// and compiled as the passes make them: traps, memory, globals, fuel and traces are the
// same, but for where a stack pointer is outside of memory.
func FuzzPasses(f *testing.F) {
	for seed := range 40 {
		f.Add(choices.Given(seed))
	}
	f.Fuzz(func(t *testing.T, given []byte) {
		if _, err := agree(t, given, runs()); err != nil {
			t.Error(err)
		}
	})
}

// TestPassesAgree is a short run of FuzzPasses from seeds. Most modules must end well, or
// there is little to compare, many must move the stack while functions run, and each pass
// must find something to do in most.
func TestPassesAgree(t *testing.T) {
	modules, moved, ended := choices.Seeds(t, 200), 0, 0
	changed := map[Passes]int{}
	for seed := range modules {
		given := choices.Given(seed)
		plain, err := agree(t, given, runs())
		if err != nil {
			t.Fatal(err)
		}
		last := plain[len(plain)-1]
		moved += count(last.watch.moved)
		ended += count(last.trap == "")
		wasm, _ := goModuleOf(given, false)
		none := instrumentWith(t, wasm, NoPasses).Wasm
		for _, set := range PassSets() {
			changed[set] += count(!bytes.Equal(none, instrumentWith(t, wasm, set).Wasm))
		}
	}
	if moved < modules/20 || ended < modules/2 {
		t.Errorf("of %d modules %d moved a stack and %d ended without a trap",
			modules, moved, ended)
	}
	for _, set := range PassSets()[1:] {
		if changed[set] < modules/2 {
			t.Errorf("of %d modules %v changes %d", modules, set, changed[set])
		}
	}
	t.Logf("%d modules, %d moved a stack, %d ended, changed: %v", modules, moved, ended, changed)
}

// count is 1 for what is so.
func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
