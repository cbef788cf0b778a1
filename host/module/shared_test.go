package module_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

// sharing returns an engine of a compiler, and counts what is compiled for it.
func sharing(t *testing.T, c *module.Compiler, memory uint64) (e *module.Engine, compiled *int) {
	compiled = new(int)
	return newEngine(t, module.Options{Compiler: c, MemoryLimit: memory,
		After: func(time.Duration, func()) func() bool {
			*compiled++
			return func() bool { return true }
		}}), compiled
}

func compile(t *testing.T, e *module.Engine, wasm []byte) *module.Image {
	t.Helper()
	v, err := start(e, wasm)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCompilerShared compiles a module once for two engines, whose instances know
// nothing of each other, and for an engine that comes while the code is kept.
func TestCompilerShared(t *testing.T) {
	c := module.NewCompiler(1)
	defer c.Close()
	first, compiled := sharing(t, c, 0)
	second, again := sharing(t, c, 0)
	a, b := compile(t, first, acrobat(0)), compile(t, second, acrobat(0))
	for _, v := range []*module.Image{a, b} {
		i := get(t, v)
		checkFresh(t, i)
		if err := enter(t, i, doCount, time.Second); err != nil {
			t.Error(err)
		}
		if got, _ := i.Memory().ReadUint32Le(16); got != 1 {
			t.Errorf("counted to %d, want 1", got)
		}
		v.Put(i)
		v.Close() // of the first, while the second one runs its code
	}
	third, more := sharing(t, c, 0)
	compile(t, third, acrobat(0)).Close()
	if *compiled != 1 || *again != 0 || *more != 0 {
		t.Errorf("compiled %d, %d and %d times", *compiled, *again, *more)
	}
	compile(t, third, guest().bytes()).Close() // takes the place of the one that was kept
	compile(t, third, acrobat(0)).Close()
	if *more != 2 {
		t.Errorf("compiled %d times after another module, want 2", *more)
	}
}

// TestCompilerSharedLimits refuses a module that another engine runs, by the limit of
// the engine that is asked.
func TestCompilerSharedLimits(t *testing.T) {
	c := module.NewCompiler(0)
	defer c.Close()
	large, _ := sharing(t, c, 0)
	small, _ := sharing(t, c, module.WasmPageBytes)
	wasm := guest()
	wasm.pages = 2
	v := compile(t, large, wasm.bytes())
	defer v.Close()
	var refused *module.CompileError
	if v, err := start(small, wasm.bytes()); !errors.As(err, &refused) {
		t.Errorf("a module of two pages where the limit is one: %v, %v", v, err)
	}
}

// TestCompilerSharedWorld calls what each engine put in the place of a function.
func TestCompilerSharedWorld(t *testing.T) {
	c := module.NewCompiler(0)
	defer c.Close()
	var calls [2]int
	for n := range calls {
		e, err := module.NewEngine(context.Background(),
			module.Options{Compiler: c, System: hostfunc.System{
				Wrap: func(_ string, run hostfunc.Function) hostfunc.Function {
					return func(c *hostfunc.Call, args []uint64) abi.Status {
						calls[n]++
						return run(c, args)
					}
				},
			}})
		if err != nil {
			t.Fatal(err)
		}
		v := compile(t, e, guest().bytes()) // registers its class
		defer v.Close()
		if calls[n] == 0 {
			t.Errorf("engine %d was not asked: %v", n, calls)
		}
	}
}
