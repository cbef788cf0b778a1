package hostfunc

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// WASI error numbers that our own functions answer.
const (
	errnoSuccess = 0
	errnoBadf    = 8
	errnoFault   = 21
	errnoInval   = 28
)

// WASI is what guests import WASI's functions from.
const WASI = wasi_snapshot_preview1.ModuleName

// buildWASI makes wasi_snapshot_preview1: wazero's own, which gives a guest no
// files, no arguments and no sockets, with our functions for what a guest can
// see of the world and for what could hold the host.
func buildWASI(rt wazero.Runtime) wazero.HostModuleBuilder {
	b := rt.NewHostModuleBuilder(WASI)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	const i32, i64 = api.ValueTypeI32, api.ValueTypeI64
	for _, f := range append(descriptorFunctions(), []wasiFunction{
		{"random_get", []api.ValueType{i32, i32}, randomGet},
		{"clock_time_get", []api.ValueType{i32, i64, i32}, clockTimeGet},
		{"fd_write", []api.ValueType{i32, i32, i32, i32}, fdWrite},
		{"poll_oneoff", []api.ValueType{i32, i32, i32, i32}, pollOneoff},
	}...) {
		run := f.run
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			c := callOf(ctx)
			c.charge()
			stack[0] = run(c, stack)
		}), f.params, []api.ValueType{i32}).Export(f.name)
	}
	return b
}

// randomGet is random_get(buf_ptr, buf_len). What it gives while the guest
// starts is part of the image that all instances share; see SPEC.md.
func randomGet(c *Call, args []uint64) uint64 {
	buf, ok := c.view(args[0], args[1])
	if !ok {
		return errnoFault
	}
	c.World.Random(buf)
	return errnoSuccess
}

// clockTimeGet is clock_time_get(id, precision, time_ptr) for the wall clock,
// 0, and the monotonic one, 1.
func clockTimeGet(c *Call, args []uint64) uint64 {
	clock := uint32(args[0])
	if clock > 1 {
		return errnoInval
	}
	if !c.Memory.WriteUint64Le(uint32(args[2]), uint64(c.World.now(clock))) {
		return errnoFault
	}
	return errnoSuccess
}

// maxStdioWrite bounds one fd_write: its thousand ranges can all be the whole of
// linear memory. WASI lets a write take less than it was given.
const maxStdioWrite = 64 << 10

// fdWrite is fd_write(fd, iovs_ptr, iovs_len, written_ptr). Standard output and
// standard error go to the host's log, line by line.
func fdWrite(c *Call, args []uint64) uint64 {
	fd, count := uint32(args[0]), uint32(args[2])
	if fd == 0 || c.Descriptors.find(args[0]) == nil {
		return errnoBadf
	}
	if count > 1024 {
		return errnoInval
	}
	iovs, ok := c.view(args[1], uint64(count)*8)
	if !ok {
		return errnoFault
	}
	written := uint32(0)
	for ; len(iovs) > 0; iovs = iovs[8:] {
		ptr, length := binary.LittleEndian.Uint32(iovs), binary.LittleEndian.Uint32(iovs[4:])
		text, ok := c.Memory.Read(ptr, length)
		if !ok {
			return errnoFault
		}
		text = text[:min(length, maxStdioWrite-written)]
		c.writeStdio(fd, text)
		written += uint32(len(text))
	}
	if !c.Memory.WriteUint32Le(uint32(args[3]), written) {
		return errnoFault
	}
	return errnoSuccess
}

// Sizes of WASI's subscription and event records.
const (
	subscriptionBytes = 48
	eventBytes        = 32
)

// pollOneoff is poll_oneoff(in_ptr, out_ptr, count, written_ptr): a sleep until
// the first clock subscription, and an error for everything else, as a guest
// has no files. Sleeping counts as computing, so the CPU limit ends it.
func pollOneoff(c *Call, args []uint64) uint64 {
	count := uint32(args[2])
	if count == 0 || count > 64 {
		return errnoInval
	}
	in, ok1 := c.view(args[0], uint64(count)*subscriptionBytes)
	out, ok2 := c.view(args[1], uint64(count)*eventBytes)
	if !ok1 || !ok2 || !c.Memory.WriteUint32Le(uint32(args[3]), count) {
		return errnoFault
	}
	sleep := time.Duration(-1)
	for i := range int(count) {
		sub, event := in[i*subscriptionBytes:], out[i*eventBytes:(i+1)*eventBytes]
		userdata, tag := binary.LittleEndian.Uint64(sub), sub[8]
		timeout := time.Duration(min(binary.LittleEndian.Uint64(sub[24:]), 1<<62))
		if tag == 0 && binary.LittleEndian.Uint16(sub[40:])&1 != 0 { // an absolute time
			timeout = max(0, timeout-c.World.now(binary.LittleEndian.Uint32(sub[16:])))
		}
		clear(event)
		binary.LittleEndian.PutUint64(event, userdata)
		event[10] = tag
		if tag != 0 {
			binary.LittleEndian.PutUint16(event[8:], errnoBadf)
			timeout = 0
		}
		if sleep < 0 || timeout < sleep {
			sleep = timeout
		}
	}
	c.sleep(sleep)
	return errnoSuccess
}
