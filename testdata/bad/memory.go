package main

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest"
)

// aborts give the host pointers outside of memory.
var aborts = ways{
	"abort": func() error {
		objectAbort(memoryBytes()-1, 2)
		return nil
	},
}

func init() {
	guest.RegisterObject("Probe", func(*guest.State, *guest.Env) (*Probe, error) {
		return &Probe{}, nil
	})
}

// Probe tries every import with every kind of bad range.
type Probe struct{}

// Result is what a probe found.
type Result struct {
	Functions []string // tried
	Probes    int
	Wrong     []string // what was not a fault, or wrote all the same
}

// Run probes.
func (p *Probe) Run() Result {
	var r Result
	for _, im := range imports {
		r.Functions = append(r.Functions, im.name)
		params := strings.Fields(im.params)
		for i, param := range params {
			if !strings.HasSuffix(param, "ptr") {
				continue
			}
			for _, bad := range badRanges(params, i) {
				r.Probes++
				if wrong := im.try(params, i, bad); wrong != "" {
					r.Wrong = append(r.Wrong, wrong)
				}
			}
		}
	}
	return r
}

// memoryPages is memory.size, for which Go has no name.
func memoryPages() uint32

func memoryBytes() uint32 { return memoryPages() << 16 }

// bad is a pointer and, where the parameter has one, a length.
type bad struct {
	ptr, length uint32
	paired      bool
}

// widths of what the host writes where no length is given.
var widths = map[string]uint32{"len_ptr": 4, "handle_ptr": 4, "time_ptr": 8, "id_ptr": abi.IDBytes}

func badRanges(params []string, i int) []bad {
	end, fine := memoryBytes(), address(arena[:])
	if width := widths[params[i]]; width > 0 {
		return []bad{{ptr: end}, {ptr: end - width + 1}, {ptr: 1<<32 - 1}, {ptr: -width}}
	}
	return []bad{
		{end, 1, true}, {end - 1, 2, true}, {end + 1, 0, true}, {1<<32 - 1, 1, true},
		{1<<32 - 1, 1<<32 - 1, true}, {fine, 1<<32 - 1, true}, {fine, end - fine + 1, true},
		{fine, -fine, true}, {fine, 1 - fine, true}, // the end wraps to 0 and 1
	}
}

// arena is where the good ranges are.
var arena [256]byte

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// try calls the import with one bad range among good ones.
func (im *imported) try(params []string, i int, b bad) string {
	args := make([]uint32, len(params))
	for j, param := range params {
		args[j] = im.fine(param)
	}
	args[i] = b.ptr
	if b.paired {
		args[i+1] = b.length
	}
	before := arena
	status := abi.Status(im.call(args))
	what := fmt.Sprintf("%s with %s %#x, %#x", im.name, params[i], b.ptr, b.length)
	switch {
	case status != abi.StatusFault:
		return what + ": " + status.String()
	case arena != before:
		return what + ": wrote beside the fault"
	}
	return ""
}

// texts are what good ranges hold, 16 bytes apart from the arena's begin. A call
// that gets through would write the key "probe".
var texts = []struct{ param, text string }{
	{"binding", "BAD"}, {"name", "other"}, {"target", "other"}, {"method", "keep"},
	{"args", `["probe","yes"]`}, {"key", "probe"}, {"value", `"yes"`}, {"text", "probe"},
}

// fine returns a good argument. What the host may write goes behind the texts.
func (im *imported) fine(param string) uint32 {
	if widths[param] > 0 {
		return address(arena[128:])
	}
	prefix, kind, _ := strings.Cut(param, "_")
	for i, t := range texts {
		switch {
		case t.param != prefix:
		case kind == "ptr":
			copy(arena[16*i:], t.text)
			return address(arena[16*i:])
		case kind == "len":
			return uint32(len(t.text))
		}
	}
	switch {
	case strings.HasSuffix(param, "ptr"):
		return address(arena[192:])
	case kind == "cap":
		return 64
	}
	return 0
}
