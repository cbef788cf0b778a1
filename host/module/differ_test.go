package module_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/host/internal/choices"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// differCalls is how often the guest is called in one instance.
const differCalls = 3

// An outcome is what can be seen of a call: its trap, and the memory, in which a
// call leaves its results and the globals.
type outcome struct {
	trap   string
	memory []byte
}

// trapOf is the part of an error that both engines write.
func trapOf(err error) string {
	if err == nil {
		return ""
	}
	_, trap, found := strings.Cut(err.Error(), "wasm error: ")
	if !found {
		return err.Error()
	}
	trap, _, _ = strings.Cut(trap, "\n")
	return trap
}

// reference runs a module with wazero's interpreter, as it is.
func reference(ctx context.Context, wasm []byte) (outcomes []outcome, err error) {
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer rt.Close(ctx)
	_, err = rt.NewHostModuleBuilder("cairn_v1").NewFunctionBuilder().
		WithFunc(func(_, _, _ uint32) uint32 { return 0 }).Export("class_register").Instantiate(ctx)
	if err != nil {
		return nil, err
	}
	mod, err := rt.InstantiateWithConfig(ctx, wasm,
		wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		return nil, err
	}
	for i := range differCalls {
		_, err := mod.ExportedFunction("object_call").Call(ctx, uint64(i))
		outcomes = append(outcomes, outcome{trapOf(err), whole(mod.Memory())})
		if err != nil {
			break
		}
	}
	return outcomes, nil
}

func whole(m api.Memory) []byte {
	b, _ := m.Read(0, m.Size())
	return bytes.Clone(b)
}

// differs compares what the module does in one of our ways with its outcomes. An
// instance that has an image is set aside and put back between two calls.
func differs(t testing.TB, e *module.Engine, wasm []byte, want []outcome) error {
	v, err := start(e, wasm)
	if err != nil {
		return err
	}
	defer v.Close()
	i := get(t, v)
	defer i.Close()
	image, _ := v.Taken()
	for n, want := range want {
		got := outcome{trapOf(enter(t, i, n, time.Minute)), whole(i.Memory())}
		if got.trap != want.trap {
			return fmt.Errorf("call %d: trap %q, want %q", n, got.trap, want.trap)
		}
		if at := firstDifference(got.memory, want.memory); at >= 0 {
			return fmt.Errorf("call %d: memory differs at %d of %d and %d",
				n, at, len(got.memory), len(want.memory))
		}
		if !image || got.trap != "" {
			continue
		}
		state, err := i.Suspend(nil)
		if err != nil {
			return err
		}
		if err := i.Resume(state); err != nil {
			return err
		}
	}
	return nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// A differ has an engine for each way of running a module, and one for each set of passes
// that hosts do not take.
type differ map[string]*module.Engine

func newDiffer(t testing.TB) differ {
	d := differ{}
	for name, o := range ways {
		d[name] = newEngine(t, o)
	}
	for _, set := range rewrite.PassSets() {
		if set != testguest.Passes() {
			compiler := module.NewCompiler(0).WithPasses(set)
			t.Cleanup(compiler.Close)
			d[set.String()] = newEngine(t, module.Options{MemoryLimit: 1 << 20, NoImages: true,
				Compiler: compiler})
		}
	}
	return d
}

// check runs the module that the choices make in every way.
func (d differ) check(t testing.TB, given []byte) {
	wasm := generate(given)
	want, err := reference(context.Background(), wasm)
	if err != nil {
		t.Fatalf("choices %x: %v", given, err)
	}
	for name, e := range d {
		if err := differs(t, e, wasm, want); err != nil {
			t.Errorf("choices %x, %s: %v\nmodule %x", given, name, err, wasm)
		}
	}
}

// FuzzEngines runs random modules on wazero's interpreter as they are, and on
// compiler and interpreter as the host runs them, with and without an image, and as each
// set of passes makes them: values, globals, memory and traps are the same. FuzzPasses of
// the rewriter has the modules that passes are made for.
func FuzzEngines(f *testing.F) {
	d := newDiffer(f)
	for seed := range byte(20) {
		f.Add([]byte{seed})
	}
	// Two registers lost: a copysign and a select, see split.go of the rewriter.
	f.Add([]byte("\x04\xa6\xd6\";'B"))
	f.Fuzz(func(t *testing.T, given []byte) { d.check(t, given) })
}

// TestEnginesAgree is a short run of FuzzEngines from seeds.
func TestEnginesAgree(t *testing.T) {
	d := newDiffer(t)
	for seed := range choices.Seeds(t, 100) {
		if d.check(t, []byte{byte(seed), byte(seed >> 8), 2}); t.Failed() {
			return
		}
	}
}
