package module_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/program/abi"
)

func newEngine(t testing.TB, o module.Options) *module.Engine {
	t.Helper()
	if o.Compiler == nil {
		o.Compiler = module.NewCompiler(0).WithPasses(testguest.Passes())
		t.Cleanup(o.Compiler.Close)
	}
	o.System = hostfunc.System{Now: time.Now, Random: func(b []byte) { rand.Read(b) }}
	e, err := module.NewEngine(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := e.Instances(); n != 0 {
			t.Errorf("%d instances are left", n)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// TestCompileRefuses goes through what a module can lack: the error names it.
func TestCompileRefuses(t *testing.T) {
	e := newEngine(t, module.Options{MemoryLimit: 1 << 20})
	broken := guest().bytes()
	worker := asm{imports: []asmImport{{"cairn_v1", "worker_register", tI}}, funcs: []asmFunc{
		{"abi_version", tI, 0, i32(1)}, {"_initialize", tVoid, 0, code(callFunc(0), drop)}}}
	for _, c := range []struct {
		name string
		wasm []byte
		want string
	}{
		{"nothing", nil, "the file is empty"},
		{"text", []byte("\n (module)"), "wat2wasm"},
		{"compressed", []byte("\x1f\x8b\x08"), "gunzip"},
		{"program", []byte("\x7fELF\x02"), "a program for a machine"},
		{"anything else", []byte("hello"), "such as with cairn build"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), "not for wasm32-wasip2"},
		{"cut", broken[:len(broken)-7], "is the file whole"},
		{"does not validate", guest(asmFunc{"object_call", tII, 0, nil}).bytes(),
			"does not validate"},

		{"import of a stranger", guest().importing("env", "emscripten_sleep", tVoid).bytes(),
			"imports env.emscripten_sleep"},
		{"unknown import", guest().importing("cairn_v1", "storage_frob", tI).bytes(),
			"imports cairn_v1.storage_frob"},
		{"unknown WASI", guest().importing("wasi_snapshot_preview1", "sock_teleport", tI).bytes(),
			"wasi_snapshot_preview1.sock_teleport"},
		{"later ABI", guest().importing("cairn_v2", "storage_get", tI).bytes(),
			"speaks the ABI cairn_v2, this host speaks cairn_v1"},
		{"import of another type", guest().importing("cairn_v1", "storage_get", tII).bytes(),
			"cairn_v1.storage_get as (i32) -> (i32), it is (i32, i32, i32, i32, i32) -> (i32)"},
		{"our fuel", guest().importing("cairn_fuel", "fuel_spent", tVoid).bytes(), "cairn_fuel"},
		{"export of our fuel", guest(asmFunc{"cairn_fuel", tVoid, 0, nil}).bytes(),
			`export "cairn_fuel"`},

		{"no memory", asm{noMemory: true, funcs: []asmFunc{{"abi_version", tI, 0, i32(1)}}}.bytes(),
			`lacks the export "memory"`},
		{"memory by another name", func() []byte {
			a := guest()
			a.memory = "mem"
			return a.bytes()
		}(), `lacks the export "memory"`},
		{"too large", func() []byte { a := guest(); a.pages = 17; return a.bytes() }(),
			"17 pages of memory, the limit is 16"},
		{"data outside", func() []byte {
			a := guest()
			a.dataAt = 65534
			return a.bytes()
		}(), "data segment outside its memory"},

		{"no abi_version", guest().without("abi_version").bytes(),
			`lacks the export "abi_version"`},
		{"wrong abi_version", guest(asmFunc{"abi_version", tI, 0, i32(2)}).bytes(),
			"ABI version 2, this host speaks 1"},
		{"abi_version of another type", guest(asmFunc{"abi_version", tII, 0, i32(1)}).bytes(),
			`exports "abi_version" as (i32) -> (i32)`},
		{"no object_call", guest().without("object_call").bytes(),
			`lacks the export "object_call", needed because it registers class Obj`},
		{"no object_init", guest().without("object_init").bytes(),
			`lacks the export "object_init"`},
		{"no worker_fetch", worker.bytes(),
			`lacks the export "worker_fetch", needed because it registers a Worker`},
		{"no object_fetch", guest(asmFunc{"_initialize", tVoid, 0,
			code(i32(0), i32(3), i32(1), callFunc(0), drop)}).bytes(),
			`lacks the export "object_fetch", needed because class Obj answers fetch`},
		{"registers nothing", guest(asmFunc{"_initialize", tVoid, 0, nil}).bytes(),
			"registers no Worker and no class"},
		{"traps at start", guest(asmFunc{"_initialize", tVoid, 0, unreachable}).bytes(),
			"_initialize failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := abi.Compile(context.Background(), e, c.wasm)
			var refused *module.CompileError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err == nil {
				v.Close()
			}
		})
	}
}

// TestCompileAccepts shows that what the refused modules begin as is accepted.
func TestCompileAccepts(t *testing.T) {
	e := newEngine(t, module.Options{})
	a := guest()
	a.pages = 2048 // the default limit, 128 MiB
	v, err := abi.Compile(context.Background(), e, a.bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if classes := v.Classes(); len(classes) != 1 || classes[0] != "Obj" || v.HasWorker() {
		t.Errorf("classes %q, worker %v", classes, v.HasWorker())
	}
	if !v.Suspends() {
		t.Error("it has no image")
	}
	a.pages = 2049
	if _, err := abi.Compile(context.Background(), e, a.bytes()); err == nil {
		t.Error("a module with more memory than the default limit was accepted")
	}
}

// TestEntryEnds lets entries end badly: the error says it in the words of package program,
// and the next instance is as good as new.
func TestEntryEnds(t *testing.T) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			p, err := abi.Compile(t.Context(), newEngine(t, o), acrobat(0))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				what int
				want error
			}{
				{doCount, nil},
				{doStatus, abi.ErrBadStatus}, {doCount, nil},
				{doLoop, program.ErrCPULimit}, {doCount, nil},
				{doGrow, program.ErrMemoryLimit}, {doCount, nil},
			} {
				i, err := p.Get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				checkFresh(t, i.(*abi.Instance).Instance)
				var call hostfunc.Call
				limit := time.Minute
				if c.what == doLoop {
					limit = 20 * time.Millisecond
				}
				call.Begin(nil, make([]byte, c.what), limit)
				if _, err := i.Enter(&call, program.Call); !errors.Is(err, c.want) {
					t.Errorf("%d: error %v, want %v", c.what, err, c.want)
				}
				call.End()
				i.Put()
			}
			p.Close()
			if _, err := p.Get(t.Context()); !errors.Is(err, program.ErrRetired) {
				t.Errorf("an instance of a program that is closed: %v", err)
			}
		})
	}
}
