package conformance

import (
	"encoding/hex"

	"github.com/cairn-dev/cairn/abi"
)

// Locals of exec.
const (
	exFrame = 0
	exPC    = 1
	exTrace = 2
	exOp    = 3
	exArgs  = 4
	exSlot  = 5
	exTag   = 6
	exValue = 7 // i64
)

// buildExec is (frame) -> i32: it runs the frame's script and returns the
// status that the script wants, or -1 at its end.
func (g *guestBuilder) buildExec() uint32 {
	c := &code{}
	c.get(exFrame).load(frScript).set(exPC)
	c.get(exFrame).load(frTraceEnd).set(exTrace)
	c.loop()
	c.get(exFrame).get(exTrace).store(frTraceEnd)
	c.get(exPC).load8(0).set(exOp)
	c.add(exPC, 1)
	c.get(exOp).op(opI32Eqz).ifThen().i32(-1).op(opReturn).end()
	c.get(exOp).i32(0x80).op(opI32LtU).ifThen()
	g.execImport(c)
	c.br(1).end()
	for op, body := range g.operations() {
		c.get(exOp).i32(int32(doPoke + op)).op(opI32Eq).ifThen()
		body(c)
		c.br(1).end()
	}
	c.op(opUnreachable).end().op(opUnreachable)
	return g.function("i:i", "iiiiiiI", c)
}

// execImport reads the arguments, calls, and traces the status.
func (g *guestBuilder) execImport(c *code) {
	c.get(exPC).load8(0).set(exArgs)
	c.add(exPC, 1)
	c.i32(argBase).set(exSlot)
	c.block().loop()
	c.get(exArgs).op(opI32Eqz).brIf(1)
	c.get(exPC).load8(0).set(exTag)
	c.get(exPC).load64(1).set(exValue)
	for _, t := range []struct {
		tag   int32
		value func()
	}{
		{argLoad, func() { c.get(exValue).op(opI32WrapI64).load(0).op(opI64ExtendU) }},
		{argLoad64, func() { c.get(exValue).op(opI32WrapI64).load64(0) }},
		{argTrace, func() { c.get(exFrame).load(frTrace).op(opI64ExtendU) }},
		{argTraceLen, func() {
			c.get(exTrace).get(exFrame).load(frTrace).op(opI32Sub, opI64ExtendU)
		}},
		{argArgs, func() { c.get(exFrame).load(frArgs).op(opI64ExtendU) }},
		{argArgsLen, func() { c.get(exFrame).load(frArgsLen).op(opI64ExtendU) }},
	} {
		c.get(exTag).i32(t.tag).op(opI32Eq).ifThen()
		t.value()
		c.set(exValue).end()
	}
	c.get(exSlot).get(exValue).store64(0)
	c.add(exSlot, 8)
	c.add(exPC, 9)
	c.add(exArgs, -1)
	c.br(0).end().end()
	c.get(exTrace).get(exOp).call(g.dispatch).store(0)
	c.add(exTrace, 4)
}

// operations are the bodies of doPoke and those after it, in their order. The
// operands are i32 at exPC.
func (g *guestBuilder) operations() []func(*code) {
	operand := func(c *code, n uint32) *code { return c.get(exPC).load(4 * n) }
	trace32 := func(c *code, value func()) {
		c.get(exTrace)
		value()
		c.store(0)
		c.add(exTrace, 4)
	}
	return []func(*code){
		func(c *code) { // poke: address, length, bytes
			operand(c, 0).get(exPC).i32(8).op(opI32Add)
			operand(c, 1).copyMemory()
			operand(c, 1).get(exPC).op(opI32Add).i32(8).op(opI32Add).set(exPC)
		},
		func(c *code) { // peek: address, length
			c.get(exTrace)
			operand(c, 0)
			operand(c, 1).copyMemory()
			operand(c, 1).get(exTrace).op(opI32Add).set(exTrace)
			c.add(exPC, 8)
		},
		func(c *code) { // fill: address, length, byte
			operand(c, 0)
			operand(c, 2)
			operand(c, 1).fillMemory()
			c.add(exPC, 12)
		},
		func(c *code) { // grow: pages
			trace32(c, func() { operand(c, 0).op(opMemoryGrow, 0) })
			c.add(exPC, 4)
		},
		func(c *code) { trace32(c, func() { c.op(opMemorySize, 0) }) },
		func(c *code) { operand(c, 0).op(opReturn) },
		func(c *code) { c.op(opUnreachable) },
		func(c *code) { c.loop().br(0).end() },
		func(c *code) { trace32(c, func() { c.global(globalUser) }) },
		func(c *code) { // set the global: value
			operand(c, 0).setGlobal(globalUser)
			c.add(exPC, 4)
		},
		func(c *code) { // add: address, number
			operand(c, 0)
			operand(c, 0).load(0)
			operand(c, 1).op(opI32Add).store(0)
			c.add(exPC, 8)
		},
		func(c *code) { // the input, its length before it
			trace32(c, func() { c.get(exFrame).load(frInputLen) })
			c.get(exTrace).get(exFrame).load(frInput).get(exFrame).load(frInputLen).copyMemory()
			c.get(exFrame).load(frInputLen).get(exTrace).op(opI32Add).set(exTrace)
		},
		func(c *code) { c.call(g.overflow) },
	}
}

// constant puts text into memory and returns where it lies.
func (g *guestBuilder) constant(at int32, text string) (ptr, length int32) {
	g.data = append(g.data, segment{at, []byte(text)})
	return at, int32(len(text))
}

// buildLifecycle adds what runs while the guest starts.
func (g *guestBuilder) buildLifecycle(o guestOptions) {
	start := g.function("", "", (&code{}).i32('s').call(g.mark))
	g.module.start = int(start)
	register, _ := importIndex(abi.FuncClassRegister)
	worker, _ := importIndex(abi.FuncWorkerRegister)
	c := (&code{}).i32('i').call(g.mark)
	const all = abi.ClassHasFetch | abi.ClassHasAlarm
	for n, class := range []struct {
		name  string
		flags int32
	}{{"Raw", all}, {"Other", all}, {"Plain", 0}} {
		ptr, length := g.constant(int32(0x200+16*n), class.name)
		c.i32(ptr).i32(length).i32(class.flags).call(register).op(opDrop)
	}
	c.call(worker).op(opDrop)
	g.embedded(c, 0x300000, o.start, true)
	g.export(abi.ExportInitialize, kindFunc, g.function("", "i", c))
	c = (&code{}).i32('p').call(g.mark)
	g.embedded(c, 0x308000, o.prepare, false)
	g.export(abi.ExportImagePrepare, kindFunc, g.function("", "i", c))
	c = (&code{}).i32('v').call(g.mark).i32(abi.Version)
	g.export(abi.ExportABIVersion, kindFunc, g.function(":i", "", c))
}

// embedded runs a script out of a data segment, in a frame that stays.
func (g *guestBuilder) embedded(c *code, at int32, script []byte, keep bool) {
	if script == nil {
		return
	}
	ptr, length := g.constant(at, `["`+hex.EncodeToString(script)+`"]`)
	c.i32(length).call(g.open).set(0)
	c.get(0).load(frInput).i32(ptr).i32(length).copyMemory()
	c.get(0).load(frInput).i32(length).get(0).load(frScript).call(g.scriptOf)
	if keep {
		c.i32(0).get(0).load(frTrace).store(startTrace)
	}
	c.get(0).call(g.exec).op(opDrop)
	if keep {
		c.i32(0).get(0).load(frTraceEnd).get(0).load(frTrace).op(opI32Sub).store(startTrace + 4)
	}
}

// outputs of an entry
const (
	outputNone = iota
	outputJSON
	outputResponse
)

// buildEntries adds the exports that take an input.
func (g *guestBuilder) buildEntries(o guestOptions) {
	inputRead, _ := importIndex(abi.FuncInputRead)
	for _, e := range []struct {
		name, key string // the key of a stored script
		output    int
	}{
		{abi.ExportObjectCall, "", outputJSON},
		{abi.ExportObjectFetch, "", outputResponse},
		{abi.ExportWorkerFetch, "", outputResponse},
		{abi.ExportObjectInit, keyInit, outputNone},
		{abi.ExportObjectAlarm, keyAlarm, outputNone},
		{abi.ExportBackgroundRun, keyBackground, outputNone},
	} {
		if e.name == abi.ExportBackgroundRun && o.noBackground {
			continue
		}
		const length, frame, status = 0, 1, 2
		c := &code{}
		c.get(length).i32(maxStored).op(opI32Add).call(g.open).set(frame)
		c.get(frame).get(length).store(frInputLen)
		c.get(frame).load(frInput).get(length).call(inputRead).ifThen().op(opUnreachable).end()
		if e.name == abi.ExportObjectInit { // keep what it was told
			c.i32(0).get(length).store(objectLen)
			const room = cellBase - objectBase
			c.i32(objectBase).get(frame).load(frInput)
			c.get(length).i32(room).get(length).i32(room).op(opI32LtU, opSelect).copyMemory()
		}
		if e.name == abi.ExportObjectCall {
			g.callArguments(c, frame)
		}
		if e.key == "" {
			c.get(frame).load(frInput).get(length).get(frame).load(frScript).call(g.scriptOf)
		} else {
			g.storedScript(c, e.key, frame)
		}
		c.get(frame).call(g.exec).set(status)
		if e.output != outputNone {
			c.get(status).i32(-1).op(opI32Eq).ifThen()
			g.answer(c, frame, e.output)
			c.i32(0).set(status).end()
		}
		c.get(frame).setGlobal(globalTop)
		c.i32(0).get(status).get(status).i32(-1).op(opI32Eq, opSelect)
		g.export(e.name, kindFunc, g.function("i:i", "ii", c))
	}
}

// callArguments notes where a wire.Call has its arguments.
func (g *guestBuilder) callArguments(c *code, frame uint32) {
	method := func() { c.get(frame).load(frInput).get(frame).load(frInput).load(1).op(opI32Add) }
	c.get(frame)
	method()
	c.i32(9).op(opI32Add).store(frArgs)
	c.get(frame)
	method()
	c.load(5).store(frArgsLen)
}

// storedScript loads the script that lies in storage, or an empty one. It
// follows the input.
func (g *guestBuilder) storedScript(c *code, key string, frame uint32) {
	storageGet, _ := importIndex(abi.FuncStorageGet)
	places := map[string]int32{keyInit: 0x240, keyAlarm: 0x260, keyBackground: 0x280}
	ptr, length := g.constant(places[key], key)
	buf := func() { c.get(frame).load(frInput).get(frame).load(frInputLen).op(opI32Add) }
	c.get(frame).load(frScript).i32(scriptEnd).store8(0)
	c.i32(ptr).i32(length)
	buf()
	c.i32(maxStored).i32(lenCell).call(storageGet).op(opI32Eqz).ifThen()
	buf()
	c.i32(0).load(lenCell).get(frame).load(frScript).call(g.scriptOf)
	c.end()
}

// answer hands over the trace: as a JSON string of hex digits, and that as the
// body of a response where one is wanted.
func (g *guestBuilder) answer(c *code, frame uint32, output int) {
	outputWrite, _ := importIndex(abi.FuncOutputWrite)
	const responseBytes = 13 // version, status, no header, the body's length
	out := func() { c.get(frame).load(frTrace).i32(traceBytes).op(opI32Add) }
	count := func() { c.get(frame).load(frTraceEnd).get(frame).load(frTrace).op(opI32Sub) }
	text := func() { count(); c.i32(1).op(opI32Shl).i32(2).op(opI32Add) }
	out()
	c.i32(1).store8(0)
	out()
	c.i32(200).store(1)
	out()
	c.i32(0).store(5)
	out()
	text()
	c.store(9)
	out()
	c.i32('"').store8(responseBytes)
	c.get(frame).load(frTrace)
	out()
	c.i32(responseBytes + 1).op(opI32Add)
	count()
	c.call(g.hexEncode)
	out()
	text()
	c.op(opI32Add).i32('"').store8(responseBytes - 1)
	out()
	if output == outputJSON {
		c.i32(responseBytes).op(opI32Add)
		text()
	} else {
		text()
		c.i32(responseBytes).op(opI32Add)
	}
	c.call(outputWrite).op(opDrop)
}
