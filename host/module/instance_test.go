package module_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

// What object_call of the acrobat does, by the length of its input.
const (
	doNothing = iota
	doRecurse // for ever, without a byte of linear memory
	doLoop    // for ever
	doGrow    // to the limit and beyond it, and traps there
	doGrowOne // by a page, and writes to its end
	doCount   // in memory and in a global, and gives the two as its status if they differ
	doTrap
	doStatus // gives an unknown status
)

// acrobat is a guest that does what its input's length says. Its counter is at
// address 16; the page that doGrowOne adds is marked at its last word.
func acrobat(maxPages uint32) []byte {
	const recurse = 4 // its index: one import, then what guest puts first
	count := code(
		i32(16), i32(16), load, i32(1), add, store, // memory[16]++
		[]byte{0x23, 0}, i32(1), add, []byte{0x24, 0}, // global 0 ++
	)
	a := guest(
		asmFunc{"", tII, 0, code(param, i32(1), add, callFunc(recurse), i32(1), add)},
		asmFunc{"object_call", tII, 1, code(
			when(doRecurse, i32(0), callFunc(recurse), drop),
			when(doLoop, []byte{0x03, 0x40, 0x0c, 0}, end),
			when(doGrow, []byte{0x03, 0x40}, i32(1), grow, i32(-1), eq, eqz, []byte{0x0d, 0},
				end, unreachable),
			when(doGrowOne, i32(1), grow, i32(16), []byte{0x74}, i32(65532), add, // its last word
				[]byte{0x21, 1, 0x20, 1}, load, []byte{0x04, 0x40}, unreachable, end, // wants zeros
				[]byte{0x20, 1}, i32(7), store),
			when(doCount, count, i32(16), load, []byte{0x23, 0}, eq, eqz, []byte{0x04, 0x40},
				unreachable, end),
			when(doTrap, count, unreachable),
			when(doStatus, i32(99), ret),
			i32(0),
		)},
	)
	a.globals, a.maxPages = 1, maxPages
	return a.bytes()
}

// enter calls object_call. Whatever it logs or asks for is forbidden.
func enter(t testing.TB, i *module.Instance, what int, limit time.Duration) error {
	t.Helper()
	var c hostfunc.Call
	c.Begin(nil, nil, limit)
	defer c.End()
	return i.Enter(&c, 0, []uint64{uint64(what)})
}

// ways are how instances can come to be.
var ways = map[string]module.Options{
	"image":       {MemoryLimit: 1 << 20},
	"plain":       {MemoryLimit: 1 << 20, NoImages: true},
	"interpreter": {MemoryLimit: 1 << 20, Interpreter: true},
}

// guestStart starts a module as a guest is, and nobody hears what it registers.
var guestStart = module.Start{Exports: []string{"object_call"},
	Run: func(i *module.Instance) error {
		var c hostfunc.Call
		c.Begin(nil, nil, time.Minute)
		defer c.End()
		_, err := i.Call(&c, "_initialize")
		return err
	}}

// start compiles a module and starts it.
func start(e *module.Engine, wasm []byte) (*module.Image, error) {
	source, err := e.Read(wasm)
	if err != nil {
		return nil, err
	}
	if problems := source.Check(); len(problems) > 0 {
		return nil, problems[0]
	}
	code, err := source.Compile(context.Background())
	if err != nil {
		return nil, err
	}
	defer code.Close()
	return code.Start(context.Background(), guestStart)
}

func eachWay(t *testing.T, fn func(t *testing.T, v *module.Image)) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			v, err := start(newEngine(t, o), acrobat(0))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(v.Close)
			fn(t, v)
		})
	}
}

func get(t testing.TB, v *module.Image) *module.Instance {
	t.Helper()
	i, err := v.Get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestInstanceBreaks ends calls in every way that breaks an instance. The next
// instance is as good as new.
func TestInstanceBreaks(t *testing.T) {
	eachWay(t, func(t *testing.T, v *module.Image) {
		for _, c := range []struct {
			what  int
			want  error
			limit time.Duration
		}{
			{doRecurse, module.ErrTrap, time.Minute}, // the stack's end comes first
			{doLoop, module.ErrCPULimit, 20 * time.Millisecond},
			{doGrow, module.ErrMemoryLimit, time.Minute},
			{doTrap, module.ErrTrap, time.Minute},
		} {
			i := get(t, v)
			if err := enter(t, i, c.what, c.limit); !errors.Is(err, c.want) {
				t.Errorf("%d: error %v, want %v", c.what, err, c.want)
			}
			v.Put(i)
			i = get(t, v)
			checkFresh(t, i)
			if err := enter(t, i, doCount, time.Second); err != nil {
				t.Errorf("after %d: %v", c.what, err)
			}
			v.Put(i)
		}
	})
}

// checkFresh wants an instance to hold the image and no more.
func checkFresh(t testing.TB, i *module.Instance) {
	t.Helper()
	if got := i.MemoryBytes(); got != module.WasmPageBytes {
		t.Errorf("a fresh instance has %d bytes of memory", got)
	}
	if got, _ := i.Memory().ReadUint32Le(16); got != 0 {
		t.Errorf("a fresh instance has counted to %d", got)
	}
}

// TestInstanceReuse counts and grows in one instance, puts it back and wants a
// clean one, many times: the pool gives the same instance again.
func TestInstanceReuse(t *testing.T) {
	eachWay(t, func(t *testing.T, v *module.Image) {
		for range 3 {
			i := get(t, v)
			checkFresh(t, i)
			for _, what := range []int{doCount, doGrowOne, doCount, doGrowOne} {
				if err := enter(t, i, what, time.Second); err != nil {
					t.Fatalf("%d: %v", what, err)
				}
			}
			for i.MemoryBytes() < 1<<20 {
				if err := enter(t, i, doGrowOne, time.Second); err != nil {
					t.Fatalf("at %d bytes: %v", i.MemoryBytes(), err)
				}
			}
			v.Put(i)
		}
	})
}

// TestSuspend sets the memory of three guests aside in turn, in one instance,
// and wants each to find its own count, its globals and its grown pages again.
func TestSuspend(t *testing.T) {
	v, err := start(newEngine(t, ways["image"]), acrobat(0))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	states := make([]*module.State, 3)
	i := get(t, v)
	for round := range uint32(10) {
		for n := range states {
			if states[n] != nil {
				if err := i.Resume(states[n]); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := i.Memory().ReadUint32Le(16); got != round {
				t.Errorf("guest %d remembers a count of %d, want %d", n, got, round)
			}
			if want := uint64(1+int(round)*n) * module.WasmPageBytes; i.MemoryBytes() != want {
				t.Errorf("guest %d has %d bytes of memory, want %d", n, i.MemoryBytes(), want)
			}
			if err := enter(t, i, doCount, time.Second); err != nil { // looks at the global as well
				t.Fatal(err)
			}
			for range n { // the guests differ in what they grow by
				if i.MemoryBytes() == 1<<20 {
					continue
				}
				if err := enter(t, i, doGrowOne, time.Second); err != nil {
					t.Fatal(err)
				}
			}
			if states[n], err = i.Suspend(nil); err != nil {
				t.Fatal(err)
			}
			checkFresh(t, i)
		}
		if round == 6 {
			break // the third guest is near the limit
		}
	}
	v.Release(i)
	if got := states[0].Bytes(); got > 200 {
		t.Errorf("a count and a global take %d bytes", got)
	}
}

// TestMaxMemory lets a guest grow to the maximum that it declares itself: the memory
// is set aside and put back as any other.
func TestMaxMemory(t *testing.T) {
	v, err := start(newEngine(t, ways["image"]), acrobat(2))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for range 3 {
		i := get(t, v)
		checkFresh(t, i)
		if err := enter(t, i, doGrowOne, time.Second); err != nil {
			t.Fatal(err)
		}
		state, err := i.Suspend(nil)
		if err != nil {
			t.Fatal(err)
		}
		checkFresh(t, i)
		if err := i.Resume(state); err != nil {
			t.Fatal(err)
		}
		if i.MemoryBytes() != 2*module.WasmPageBytes {
			t.Errorf("resumed with %d bytes", i.MemoryBytes())
		}
		if got, _ := i.Memory().ReadUint32Le(2*module.WasmPageBytes - 4); got != 7 {
			t.Errorf("the grown page's end holds %d", got)
		}
		v.Put(i)
	}
}

// TestStraightBulk: a guest without a loop that fills and copies memory, and grows
// it by nothing, is ended by its CPU limit as well.
func TestStraightBulk(t *testing.T) {
	const size = 1 << 20
	memory := func(op ...byte) []byte { return code(i32(0), i32(0), i32(size), []byte{0xfc}, op) }
	for name, instr := range map[string][]byte{
		"fill": memory(11, 0), "copy": memory(10, 0, 0), "grow": code(i32(0), grow, drop),
	} {
		g := guest(asmFunc{"object_call", tII, 0, code(bytes.Repeat(instr, 1000), i32(0))})
		g.pages = size / module.WasmPageBytes
		for way, o := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				v, err := start(newEngine(t, o), g.bytes())
				if err != nil {
					t.Fatal(err)
				}
				defer v.Close()
				i := get(t, v)
				defer i.Close()
				if err := enter(t, i, 0, time.Nanosecond); !errors.Is(err, module.ErrCPULimit) {
					t.Errorf("ended with %v", err)
				}
			})
		}
	}
}

// TestDeclaredMaximum: a memory that is at the maximum of its module grows no further.
func TestDeclaredMaximum(t *testing.T) {
	g := guest(asmFunc{"object_call", tII, 0, code(
		i32(1), grow, drop, i32(16), i32(1), grow, store, i32(0))})
	g.pages, g.maxPages = 1, 2
	for way, o := range ways {
		t.Run(way, func(t *testing.T) {
			v, err := start(newEngine(t, o), g.bytes())
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			i := get(t, v)
			defer i.Close()
			if err := enter(t, i, 0, time.Minute); err != nil {
				t.Fatal(err)
			}
			got, _ := i.Memory().ReadUint32Le(16)
			if int32(got) != -1 || i.MemoryBytes() != 2*module.WasmPageBytes {
				t.Errorf("memory.grow gave %d, the memory has %d bytes",
					int32(got), i.MemoryBytes())
			}
		})
	}
}
