package guestkit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// checkOutput looks at the output of an entry that has succeeded.
func (w *world) checkOutput(e *entry) {
	switch e.export {
	case abi.ExportWorkerFetch, abi.ExportObjectFetch:
		var m wire.Response
		if err := wire.DecodeResponse(e.output, &m); err != nil {
			w.wrong("G9", "%s returns OK and its output is no Response: %.60q", e.export, e.output)
			return
		}
		if err := m.Header.Each(func(_, _ []byte) bool { return true }); err != nil {
			w.wrong("G9", "%s: the header of its Response is no list of names and values: %.60q",
				e.export, []byte(m.Header))
		}
		if m.Status < 200 || m.Status > 599 {
			w.wrong("G9", "%s: the status of its Response is %d, want 200 to 599",
				e.export, m.Status)
		}
	case abi.ExportObjectCall:
		if !json.Valid(e.output) {
			w.wrong("G9", "%s returns OK and its output is no JSON: %.60q", e.export, e.output)
		}
	}
}

// checkLeft looks at what an entry leaves behind, and cleans up as a host does.
func (w *world) checkLeft(e *entry) {
	if len(e.transacts) > 0 {
		w.note("", "%s returns while a transaction is open: the host rolls it back", e.export)
		o := e.instance.object
		o.stored, o.alarm = e.transacts[0].stored, e.transacts[0].alarm
	}
	if e.critical > 0 {
		w.note("", "%s returns inside a critical section: the host ends it", e.export)
	}
}

// checkRandom looks at the first entry with an input of an instance.
func (w *world) checkRandom(in *instance, export string) {
	if in.entered {
		return
	}
	in.entered = true
	// A guest that was not prepared for an image knows that it is none.
	image := !w.way.unprepared || in.module.ExportedFunction(abi.ExportImagePrepare) == nil ||
		w.judge.unpreparable
	if image && in.drawn > 0 && in.random.drawn == in.drawn {
		w.wrong("G4", "the guest takes %d bytes from random_get while it starts and none in %s, "+
			"its first entry: its random numbers are the same in every instance", in.drawn, export)
	}
}

// nestedMethod is the method that the kit calls from within a stub_call.
const nestedMethod = "cairnKitNested"

// nest enters the object that waits in c once more, with a message that may take
// more memory than there is, and wants the guest to keep what c was given.
func (w *world) nest(e *entry, c *call) {
	if !w.way.nested || w.nests || e.instance.object == nil || e.critical > 0 ||
		e.export == abi.ExportObjectInit {
		return
	}
	before := c.places()
	w.nests = true
	args := `["` + strings.Repeat("n", 200<<10) + `"]`
	w.enter(e.instance, abi.ExportObjectCall, wire.AppendCall(nil, nestedMethod, args))
	w.nests = false
	w.judge.report.Nested++
	for i, after := range c.places() {
		if !bytes.Equal(before[i], after) {
			w.wrong("G2", "a nested entry in %s changes what that was given: %s",
				c.function.Name, difference(before[i], after))
		}
	}
}

// places copies what an import was given: its arguments and its buffer. Where
// only a length goes may be shared, as it is written last.
func (c *call) places() (all [][]byte) {
	for _, s := range append(slices.Clone(c.passed), c.outs...) {
		if s.kind == abi.KindInput || s.kind == abi.KindBuffer {
			b, _ := c.memory.Read(s.at, s.n)
			all = append(all, slices.Clone(b))
		}
	}
	return all
}

func difference(before, after []byte) string {
	show := func(b []byte) string {
		const most = 40
		text, _ := json.Marshal(string(b[:min(len(b), most)]))
		return string(text)
	}
	return show(before) + " is " + show(after) + " now"
}
