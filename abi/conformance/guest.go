package conformance

import (
	"slices"

	"github.com/cairn-dev/cairn/abi"
)

// wasiModule is the other import module, WASI's.
const wasiModule = "wasi_snapshot_preview1"

// imports lists what the guest imports: all of the ABI, and some of WASI. A script
// names a function by its name.
var imports = append(importsOfABI(), []importItem{
	{module: wasiModule, name: "random_get", sig: "ii:i"},
	{module: wasiModule, name: "clock_time_get", sig: "iIi:i"},
	{module: wasiModule, name: "fd_write", sig: "iiii:i"},
	{module: wasiModule, name: "fd_read", sig: "iiii:i"},
	{module: wasiModule, name: "fd_prestat_get", sig: "ii:i"},
	{module: wasiModule, name: "path_open", sig: "iiiiiIIii:i"},
	{module: wasiModule, name: "poll_oneoff", sig: "iiii:i"},
	{module: wasiModule, name: "sched_yield", sig: ":i"},
	{module: wasiModule, name: "args_sizes_get", sig: "ii:i"},
	{module: wasiModule, name: "proc_exit", sig: "i"},
}...)

func importsOfABI() (list []importItem) {
	for _, row := range abi.Imports {
		sig := signatureOf(row.ParamTypes(), row.ResultTypes())
		list = append(list, importItem{module: abi.ModuleName, name: row.Name, sig: sig})
	}
	return list
}

func importIndex(name string) (uint32, bool) {
	n := slices.IndexFunc(imports, func(im importItem) bool { return im.name == name })
	return uint32(n), n >= 0
}

// The guest's memory. Scripts have everything from cellBase to frameBase for
// literals and buffers, and what lies above minPages once they have grown it.
//
//	+-----------------+-----------------+------------------+----------------+
//	| own use (4 KiB) | cells           | frames (3 MiB)   | large literals |
//	+-----------------+-----------------+------------------+----------------+
//	0                 cellBase          frameBase          minPages
const (
	argBase    = 0x100 // 16 slots of 8 bytes: the arguments of the next import
	lenCell    = 0x40  // where storage_get puts the length of a stored script
	orderLen   = 0x44  // how many of the letters at orderBase count
	orderBase  = 0x48  // one letter for each start function that has run
	objectLen  = 0x7fc // what object_init was told, its length before it
	objectBase = 0x800
	startTrace = 0x60 // where _initialize keeps its trace: address, length
	cellBase   = 0x1000
	frameBase  = 0x100000
	minPages   = 64
	pageBytes  = 1 << 16

	traceBytes = 0x4000 // of one entry
	maxStored  = 0x2000 // bytes of a script that lies in storage
)

// A frame begins with these cells; the input, the script and the trace follow.
const (
	frTraceEnd = 0
	frTrace    = 4
	frInput    = 8
	frInputLen = 12
	frArgs     = 16
	frArgsLen  = 20
	frScript   = 24
	frHeader   = 64
)

// Globals.
const (
	globalTop  = 0 // where the next frame goes
	globalUser = 1 // for scripts
)

// Operations of a script beside the imports, which are 1 and up.
const (
	scriptEnd = 0
	doPoke    = 0x80 + iota - 1
	doPeek
	doFill
	doGrow
	doSize
	doReturn
	doTrap
	doSpin
	doGlobalGet
	doGlobalSet
	doAdd
	doInput
	doRecurse
)

// Tags of an argument.
const (
	argConst    = 0 // the number that follows
	argLoad     = 1 // the i32 at the address that follows
	argTrace    = 2 // the trace so far
	argTraceLen = 3
	argArgs     = 4 // the arguments of the method that runs, as they came
	argArgsLen  = 5
	argLoad64   = 6
)

// Keys of scripts that lie in an object's storage.
const (
	keyInit       = "script/init"
	keyAlarm      = "script/alarm"
	keyBackground = "script/background"
)

// guestOptions say how a guest differs from the usual one.
type guestOptions struct {
	start, prepare []byte // encoded scripts of _initialize and image_prepare
	noBackground   bool
}

// guestBuilder puts the guest together.
type guestBuilder struct {
	module
	dispatch, exec, hexDecode, hexEncode, scriptOf, open, mark uint32
	overflow                                                   uint32
}

// newGuest builds the kit's guest: an interpreter of scripts, which calls
// imports with whatever a script says. It registers the classes Raw, Other and
// Plain (which answers neither fetch nor alarms) and a Worker.
func newGuest(o guestOptions) *module {
	g := &guestBuilder{}
	g.imports = slices.Clone(imports)
	g.start = -1
	g.memory = append([]byte{1}, appendU32(appendU32(nil, minPages), 4096)...)
	g.globals = 2
	g.initial = map[int]int32{globalTop: frameBase}
	g.dispatch = g.buildDispatch()
	g.overflow = g.buildOverflow()
	g.hexDecode = g.buildHexDecode()
	g.hexEncode = g.buildHexEncode()
	g.scriptOf = g.buildScriptOf()
	g.exec = g.buildExec()
	g.open = g.buildOpen()
	g.mark = g.buildMark()
	g.export(abi.ExportMemory, kindMemory, 0)
	g.buildLifecycle(o)
	g.buildEntries(o)
	return &g.module
}

// buildDispatch is (op) -> status: it calls the import that op names, with the
// arguments from argBase.
func (g *guestBuilder) buildDispatch() uint32 {
	c := &code{}
	for n, im := range imports {
		c.get(0).i32(int32(n + 1)).op(opI32Eq).ifThen()
		params, results := im.sig.split()
		for i, letter := range params {
			if letter == 'I' {
				c.i32(0).load64(uint32(argBase + 8*i))
			} else {
				c.i32(0).load(uint32(argBase + 8*i))
			}
		}
		c.call(uint32(n))
		if results == "" {
			c.i32(0)
		}
		c.op(opReturn).end()
	}
	return g.function("i:i", "", c.op(opUnreachable))
}

// buildOverflow is () -> (), which calls itself until the stack ends.
func (g *guestBuilder) buildOverflow() uint32 {
	self := uint32(len(g.imports) + len(g.functions))
	c := (&code{}).i32(0).load(0).op(opDrop).call(self).i32(0).i32(0).load(0).store(0x30)
	return g.function("", "", c)
}

// buildHexDecode is (from, to, count) -> (): count bytes from twice as many
// lower-case digits.
func (g *guestBuilder) buildHexDecode() uint32 {
	const from, to, count, digit = 0, 1, 2, 3
	c := &code{}
	nibble := func(at uint32) { // '0' is 0x30, 'a' is 0x61
		c.get(from).load8(at).set(digit)
		c.get(digit).i32(15).op(opI32And)
		c.get(digit).i32(6).op(opI32ShrU).i32(9).op(opI32Mul, opI32Add)
	}
	c.block().loop()
	c.get(count).op(opI32Eqz).brIf(1)
	c.get(to)
	nibble(0)
	c.i32(4).op(opI32Shl)
	nibble(1)
	c.op(opI32Or).store8(0)
	c.add(from, 2)
	c.add(to, 1)
	c.add(count, -1)
	c.br(0).end().end()
	return g.function("iii", "i", c)
}

// buildHexEncode is (from, to, count) -> ().
func (g *guestBuilder) buildHexEncode() uint32 {
	const from, to, count, digit = 0, 1, 2, 3
	c := &code{}
	put := func(at uint32) { // digit + '0', and 39 more from ten on
		c.set(digit).get(to).get(digit).i32('0').op(opI32Add)
		c.get(digit).i32(10).op(opI32GeU).i32(39).op(opI32Mul, opI32Add).store8(at)
	}
	c.block().loop()
	c.get(count).op(opI32Eqz).brIf(1)
	c.get(from).load8(0).i32(4).op(opI32ShrU)
	put(0)
	c.get(from).load8(0).i32(15).op(opI32And)
	put(1)
	c.add(from, 1)
	c.add(to, 2)
	c.add(count, -1)
	c.br(0).end().end()
	return g.function("iii", "i", c)
}

// buildScriptOf is (text, length, to) -> (): it decodes the script that a text
// ends with, ["hex digits"], or leaves an empty one.
func (g *guestBuilder) buildScriptOf() uint32 {
	const text, length, to, end, at = 0, 1, 2, 3, 4
	c := &code{}
	c.get(to).i32(scriptEnd).store8(0)
	c.get(length).i32(4).op(opI32LtU).ifThen().op(opReturn).end()
	c.get(text).get(length).op(opI32Add).i32(2).op(opI32Sub).set(end)
	c.get(end).load8(0).i32('"').op(opI32Ne).ifThen().op(opReturn).end()
	c.get(end).set(at)
	c.block().loop()
	c.get(at).i32(1).op(opI32Sub).load8(0).i32('"').op(opI32Eq).brIf(1)
	c.add(at, -1)
	c.br(0).end().end()
	c.get(at).get(to).get(end).get(at).op(opI32Sub).i32(1).op(opI32ShrU).call(g.hexDecode)
	c.get(to).get(end).get(at).op(opI32Sub).i32(1).op(opI32ShrU, opI32Add).i32(scriptEnd).store8(0)
	return g.function("iii", "ii", c)
}

// buildOpen is (input length) -> frame. The frame has room for the input, a
// script of half its size, the trace, and the trace in hex.
func (g *guestBuilder) buildOpen() uint32 {
	const length, frame = 0, 1
	c := &code{}
	c.global(globalTop).set(frame)
	c.get(frame).get(frame).i32(frHeader).op(opI32Add).store(frInput)
	c.get(frame).get(length).store(frInputLen)
	c.get(frame).get(frame).load(frInput).get(length).op(opI32Add).
		i32(8).op(opI32Add).store(frScript)
	c.get(frame).get(frame).load(frScript).get(length).op(opI32Add).i32(16).op(opI32Add).
		i32(-8).op(opI32And).store(frTrace)
	c.get(frame).get(frame).load(frTrace).store(frTraceEnd)
	c.get(frame).load(frTrace).i32(3*traceBytes + 64).op(opI32Add).setGlobal(globalTop)
	c.get(frame)
	return g.function("i:i", "i", c)
}

// buildMark is (letter) -> (): one more start function has run.
func (g *guestBuilder) buildMark() uint32 {
	c := (&code{}).i32(0).load(orderLen).get(0).store8(orderBase)
	c.i32(0).i32(0).load(orderLen).i32(1).op(opI32Add).store(orderLen)
	return g.function("i", "", c)
}
