package hostfunc

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/abi"
)

// memoryModule is a module with one page of memory, exported as "m".
var memoryModule = []byte("\x00asm\x01\x00\x00\x00\x05\x03\x01\x00\x01\x07\x05\x01\x01m\x02\x00")

// newMemory returns a page of linear memory, filled with 0xaa.
func newMemory(t testing.TB) api.Memory {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { rt.Close(ctx) })
	mod, err := rt.Instantiate(ctx, memoryModule)
	if err != nil {
		t.Fatal(err)
	}
	memory := mod.Memory()
	memory.Write(0, bytes.Repeat([]byte{0xaa}, pageBytes))
	return memory
}

const pageBytes = 64 << 10

// untouched is a Host that must not be asked: each of its methods panics.
type untouched struct {
	Registration
	Env
	Log
	IDs
	Stubs
	Outbound
	Storage
	Lists
	Transactions
	Alarms
	Sections
	Background
	Resets
}

// widths of what a function writes where its parameters name no length.
var widths = map[string]uint64{"len_ptr": 4, "handle_ptr": 4, "id_ptr": abi.IDBytes, "time_ptr": 8}

// TestBounds gives every function every kind of bad range, one at a time. It is
// a fault, nothing is written, and nobody is asked. A function that is new comes
// into this test by itself.
func TestBounds(t *testing.T) {
	memory := newMemory(t)
	before, _ := memory.Read(0, pageBytes)
	before = bytes.Clone(before)
	tried := 0
	for _, f := range functions {
		if !f.May(abi.StatusFault) {
			continue // to object_abort, a bad range is no reason
		}
		for i, param := range f.Params {
			if !strings.HasSuffix(param, "ptr") {
				continue
			}
			for _, bad := range badRanges(f.Params, i) {
				tried++
				args := fineArgs(f.Params)
				copy(args[i:], bad)
				what := fmt.Sprintf("%s with %s %#x", f.Name, param, bad)
				if status := run(t, f, memory, args, what); status != abi.StatusFault {
					t.Errorf("%s: %s", what, status)
				}
				if now, _ := memory.Read(0, pageBytes); !bytes.Equal(now, before) {
					t.Fatalf("%s wrote to memory", what)
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("tried %d ranges, want those of all functions", tried)
	}
}

// run calls a function with a Host that must not be asked.
func run(t *testing.T, f function, memory api.Memory, args []uint64, what string) abi.Status {
	t.Helper()
	var c Call
	c.Memory = memory
	c.Begin(untouched{}, []byte("input"), 0)
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s went on: %v", what, r)
		}
		c.can = abilities{}
		c.End()
	}()
	return f.run(&c, args)
}

// fineArgs are ranges within memory that overlap nowhere.
func fineArgs(params []string) []uint64 {
	args := make([]uint64, len(params), len(params)+1)
	for i, param := range params {
		switch {
		case strings.HasSuffix(param, "ptr"):
			args[i] = uint64(256 * (i + 1))
		case strings.HasSuffix(param, "len"), strings.HasSuffix(param, "cap"):
			args[i] = 32
		}
	}
	return args
}

// badRanges returns what takes the place of a pointer, and of the length after
// it where it has one.
func badRanges(params []string, i int) [][]uint64 {
	if width := widths[params[i]]; width > 0 {
		return [][]uint64{{pageBytes}, {pageBytes - width + 1}, {1<<32 - width}, {1<<32 - 1}}
	}
	const fine = 256
	return [][]uint64{
		{pageBytes, 1}, {pageBytes - 1, 2}, {pageBytes + 1, 0}, {0, pageBytes + 1},
		{1<<32 - 1, 1}, {1<<32 - 1, 1<<32 - 1}, {1 << 31, 1 << 31},
		{fine, 1<<32 - fine}, {fine, 1<<32 - fine + 1}, {fine, 1<<32 - 1}, // the end wraps
	}
}

// TestBoundsOfWASI does the same for the functions of WASI that are ours.
func TestBoundsOfWASI(t *testing.T) {
	memory := newMemory(t)
	world := NewWorld(System{Random: func([]byte) { t.Error("random bytes were drawn") }})
	const outside = pageBytes - 1
	for name, fn := range map[string]func(c *Call) uint64{
		"random_get": func(c *Call) uint64 { return randomGet(c, []uint64{outside, 2}) },
		"random_get wraps": func(c *Call) uint64 {
			return randomGet(c, []uint64{16, 1<<32 - 16})
		},
		"clock_time_get": func(c *Call) uint64 {
			return clockTimeGet(c, []uint64{1, 0, pageBytes - 7})
		},
		"fd_write iovs": func(c *Call) uint64 {
			return fdWrite(c, []uint64{1, pageBytes - 7, 1, 0})
		},
		// The range begins at 0xaaaaaaaa.
		"fd_write range": func(c *Call) uint64 { return fdWrite(c, []uint64{1, 0, 1, 64}) },
		"fd_read": func(c *Call) uint64 {
			return fdRead(c, []uint64{0, 0, 1, pageBytes - 3})
		},
		"fd_fdstat_get": func(c *Call) uint64 {
			return fdStatGet(c, []uint64{1, pageBytes - 23})
		},
		"fd_filestat_get": func(c *Call) uint64 {
			return fdFileStatGet(c, []uint64{1, pageBytes - 63})
		},
		"poll_oneoff in": func(c *Call) uint64 {
			return pollOneoff(c, []uint64{pageBytes - 47, 0, 1, 128})
		},
		"poll_oneoff out": func(c *Call) uint64 {
			return pollOneoff(c, []uint64{0, pageBytes - 31, 1, 128})
		},
		"poll_oneoff written": func(c *Call) uint64 {
			return pollOneoff(c, []uint64{0, 64, 1, pageBytes - 3})
		},
		"poll_oneoff in, wraps": func(c *Call) uint64 {
			return pollOneoff(c, []uint64{1<<32 - 1, 0, 64, 128})
		},
	} {
		var c Call
		c.Memory = memory
		c.Begin(nil, nil, 0)
		c.World = world
		if got := fn(&c); got != errnoFault {
			t.Errorf("%s: errno %d, want %d", name, got, errnoFault)
		}
		c.End()
	}
}
