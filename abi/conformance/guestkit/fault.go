package guestkit

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// unknown is a status that no version knows.
const unknown abi.Status = 119

// fault is one import that is answered otherwise.
type fault struct {
	step     int // of the script
	nth      int // of the calls of the function from the export in that step, from 0
	function *function
	export   string // of the entry that calls it
	status   abi.Status
	pad      int // with TOO_SMALL, bytes by which the value exceeds the buffer
}

// place is where imports are told apart.
type place struct{ function, export string }

func (c *call) place() place { return place{c.function.Name, c.entry.export} }

// faults lists what can be answered otherwise: for each import in each export,
// the first and the last time that the script leads there.
func (j *judge) faults(base *outcome) (list []*fault) {
	first, last := map[place]int{}, map[place]int{}
	for at, c := range base.world.calls {
		if c.entry.starts() || c.status != abi.StatusOK && c.status != abi.StatusNotFound {
			continue
		}
		if _, ok := first[c.place()]; !ok {
			first[c.place()] = at
		}
		last[c.place()] = at
	}
	step, seen := 0, map[place]int{}
	for at, c := range base.world.calls {
		for at >= base.calls[step] {
			step, seen = step+1, map[place]int{}
		}
		p := c.place()
		nth := seen[p]
		seen[p]++
		if c.entry.starts() || first[p] != at && last[p] != at {
			continue
		}
		for _, status := range c.function.answers() {
			f := fault{step: step, nth: nth, function: c.function, export: p.export, status: status}
			switch {
			case status == c.status, status == abi.StatusTooSmall && c.status != abi.StatusOK:
			case status == abi.StatusTooSmall:
				small, large := f, f
				small.pad, large.pad = 1, 70<<10
				list = append(list, &small, &large)
			default:
				list = append(list, &f)
			}
		}
	}
	return list
}

// answers lists what a host may answer but OK.
func (f *function) answers() []abi.Status {
	switch f.Name {
	case abi.FuncInputRead, abi.FuncResultRead, abi.FuncObjectAbort, abi.FuncObjectReset:
		return nil // a guest that asks rightly gets OK
	}
	list := f.may()
	if !f.light {
		list = append(list, abi.StatusFault, abi.StatusInvalid, abi.StatusTooLarge,
			abi.StatusForbidden)
	}
	return append(list, unknown)
}

// hits reports whether a call, the last of calls, is the one to answer otherwise.
func (w *world) hits(c *call) bool {
	f := w.way.fault
	if f == nil || w.faulty != nil || c.function != f.function || c.entry.export != f.export {
		return false
	}
	w.skipped++
	return w.skipped > f.nth
}

// inject answers an import otherwise.
func (w *world) inject(c *call) abi.Status {
	f := w.way.fault
	w.faulty = c
	w.judge.report.Faults++
	switch f.status {
	case abi.StatusTooSmall:
		c.pad = f.pad
		return c.function.answer(w, c.entry, c)
	case abi.StatusError:
		return c.entry.fail("Error", "the kit's host has failed")
	}
	return f.status
}

// padded is a value that exceeds a buffer: with spaces, which mean nothing in
// JSON, at the end of it or of a Response's body.
func (c *call) padded(value []byte) []byte {
	missing := max(0, int(c.cap)-len(value)) + c.pad
	spaces := bytes.Repeat([]byte(" "), missing)
	var m wire.Response
	switch c.function.Name {
	case abi.FuncStubFetch, abi.FuncFetchSend:
		if wire.DecodeResponse(value, &m) == nil {
			m.Body = append(slices.Clone(m.Body), spaces...)
			return wire.AppendResponse(nil, &m)
		}
	}
	return append(slices.Clone(value), spaces...)
}

// faulted plays a step and the next with one import answered otherwise.
func (j *judge) faulted(p *plan, base *outcome, f *fault) {
	to := min(f.step+2, len(p.steps))
	got := j.playPart(p, way{fault: f, unprepared: true}, f.step, to, base.before[f.step])
	if j.hangs || got.world.faulty == nil {
		return // the guest does not return, which has been said, or went another way
	}
	find := func(note bool, rule, format string, args ...any) {
		j.report.add(Finding{Rule: rule, Note: note, Step: p.steps[f.step].line,
			Way:  got.world.way.String(),
			Text: fmt.Sprintf(format, args...)})
	}
	const k = 0 // of got
	name := f.function.Name
	switch {
	case got.trapped(k):
		if f.expected() && !base.trapped(f.step) {
			find(true, "", "the guest traps when %s answers %v: what the object "+
				"holds in memory is lost, and the caller is told no more than that", name, f.status)
		}
	case f.status == abi.StatusTooSmall:
		if !got.failed(k) && !got.readsOn(f) {
			find(false, "G12", "%s answers TOO_SMALL, and the guest goes "+
				"on without the value: neither result_read nor a larger buffer follows", name)
		}
	case f.status == abi.StatusNotFound || f.function.light:
	case got.answers[k] == base.answers[f.step] && !got.failed(k) && got.warned[k] == 0:
		find(false, "G1",
			"%s answers %v, and the guest goes on as if nothing had happened: the answer is %.100s",
			name, f.status, got.answers[k])
	}
	if len(got.answers) > 1 && got.trapped(1) && !base.trapped(f.step+1) {
		find(true, "", "after %s has answered %v the guest traps in the next step, %s: %.200s",
			name, f.status, p.steps[f.step+1].line, got.answers[1])
	}
}

// expected reports whether a guest that does everything right may get it.
func (f *fault) expected() bool { return slices.Contains(f.function.may(), f.status) }

// readsOn reports whether the guest fetches the value that was too large.
func (o *outcome) readsOn(f *fault) bool {
	fault := o.world.faulty
	after := false
	for _, c := range o.world.calls {
		if after && c.entry == fault.entry &&
			(c.function.Name == abi.FuncResultRead && c.status == abi.StatusOK ||
				c.function == fault.function && int(c.cap) >= fault.full) {
			return true
		}
		after = after || c == fault
	}
	return false
}
