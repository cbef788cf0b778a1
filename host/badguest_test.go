package host_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hosttest"
)

const (
	remote = wire.ErrorRemote
	reset  = wire.ErrorReset
)

// badGuests lists what guests do wrong and what their callers learn of it. A
// reset takes the memory and the writes of the call with it; any other error
// takes neither.
var badGuests = []badGuest{
	{"trap", "outside", remote | reset, "out of bounds memory access", "object reset", limits{}},

	{"panic", "text", remote, "at the disco", "panic: at the disco", limits{}},
	{"panic", "nil map", remote, "assignment to entry in nil map", "panic: ", limits{}},
	{"panic", "index", remote, "index out of range", "panic: ", limits{}},

	{"spin", "loop", reset, cpuText, "object reset", shortCPU},
	{"spin", "sleep", reset, cpuText, "object reset", shortCPU},
	{"spin", "random", reset, cpuText, "object reset", shortCPU},

	{"recurse", "deep", reset, cpuText, "object reset", shortCPU},
	// Go's stack is in linear memory.
	{"recurse", "deep", reset, memoryText, "object reset", limits{}},
	{"recurse", "flat", reset, memoryText, "object reset", littleMemory},

	{"leak", "slowly", reset, memoryText, "object reset", littleMemory},
	{"leak", "at once", reset, memoryText, "object reset", littleMemory},

	{"badmemory", "abort", remote | reset, "Application called abort()", "object reset", limits{}},

	{"bigreply", "error", remote, "error that does not decode", "", limits{}},

	{"exit", "zero", remote | reset, "guest exited with code 0", "object reset", limits{}},
	{"exit", "three", remote | reset, "guest exited with code 3", "object reset", limits{}},
	{"exit", "deadlock", remote | reset, "guest trapped", "object reset", limits{}},

	{"chatter", "records", 0, "", "guest logged too much", limits{}},
	{"chatter", "lines", 0, "", "guest logged too much", limits{}},
	{"chatter", "one line", 0, "", "guest logged too much", limits{}},
	{"chatter", "large", 0, "", "guest logged too much", limits{}},
}

type badGuest struct {
	kind, how string // the file of testdata/bad, and what is in it
	flags     byte   // the error's; with the text "" the call succeeds
	text      string // part of the error's
	logged    string // part of what the log says of it
	limits    limits
}

// limits are smaller than the defaults where that saves time.
type limits struct {
	cpu    time.Duration
	memory uint64
}

var (
	shortCPU     = limits{cpu: 50 * time.Millisecond}
	littleMemory = limits{memory: 32 << 20}
)

const (
	cpuText    = "exceeded its CPU time limit and was reset"
	memoryText = "exceeded its memory limit and was reset"
)

// TestBadGuests lets every guest misbehave beside a good object of its module,
// which has to answer throughout.
func TestBadGuests(t *testing.T) {
	for _, way := range []string{"image", "plain"} {
		if testing.Short() && way == "plain" {
			continue
		}
		for first := 0; first < len(badGuests); {
			c := &badGuests[first]
			last := first
			for last < len(badGuests) && badGuests[last].kind == c.kind &&
				badGuests[last].limits == c.limits {
				last++
			}
			t.Run(way+"/"+c.kind, func(t *testing.T) {
				h := hosttest.Start(t, hosttest.Options{
					Guest: "bad", Bindings: badBindings, NoListener: true,
					Options: host.Options{NoImages: way == "plain",
						CPULimit: c.limits.cpu, MemoryLimit: c.limits.memory},
				})
				for _, c := range badGuests[first:last] {
					t.Run(c.how, func(t *testing.T) { c.run(t, h) })
				}
			})
			first = last
		}
	}
}

// run lets an object misbehave, and looks at it afterwards.
func (c *badGuest) run(t *testing.T, h *hosttest.Host) {
	villain := "villain " + c.how
	stop := keepCalling(h, "bystander "+c.how)
	h.Must(nil, "BAD", villain, "keep", "kept", "yes")
	var calls int
	if h.Must(&calls, "BAD", villain, "calls"); calls != 1 {
		t.Errorf("its first counted call is number %d", calls)
	}
	_, err := h.Call("BAD", villain, "misbehave", c.how)
	wantError(t, err, c.flags, c.text)
	wantAfter(t, h, villain, err != nil && c.flags&reset != 0)
	stop(t)
	wantLogged(t, h, villain, c.logged)
}

var badBindings = map[string]string{"BAD": "Bad", "GOOD": "Good"}

// wantAfter checks what the bad object still has.
func wantAfter(t *testing.T, h *hosttest.Host, villain string, wasReset bool) {
	t.Helper()
	var kept, broken string
	var calls int
	h.Must(&kept, "BAD", villain, "kept", "kept")
	h.Must(&broken, "BAD", villain, "kept", "broken")
	h.Must(&calls, "BAD", villain, "calls")
	wantBroken, wantCalls := "yes", 2
	if wasReset {
		wantBroken, wantCalls = "", 1
	}
	if kept != "yes" || broken != wantBroken || calls != wantCalls {
		t.Errorf("afterwards: kept %q, broken %q, calls %d; want yes, %q, %d",
			kept, broken, calls, wantBroken, wantCalls)
	}
}

// keepCalling calls a good object over and over. The function that it returns
// ends that, and wants every call to have been answered in order.
func keepCalling(h *hosttest.Host, name string) (stop func(*testing.T)) {
	done, first := make(chan struct{}), make(chan struct{})
	answered := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ; n++ {
			var got int
			if h.Must(&got, "GOOD", name, "increment"); got == n && answered == n-1 {
				answered = n
			}
			if n == 1 {
				close(first)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	<-first
	return func(t *testing.T) {
		t.Helper()
		close(done)
		wg.Wait()
		var n int
		if h.Must(&n, "GOOD", name, "increment"); n != answered+1 {
			t.Errorf("the good object counted to %d, and answered %d calls before in order",
				n, answered)
		}
	}
}

func wantError(t *testing.T, err error, flags byte, text string) {
	t.Helper()
	if text == "" {
		if err != nil {
			t.Errorf("unexpected error %q", err)
		}
		return
	}
	var e *event.Error
	if !errors.As(err, &e) || e.Flags != flags || !strings.Contains(e.Message, text) {
		t.Errorf("error %T %+v, want flags %04b and %q", err, err, flags, text)
	}
	if e != nil && strings.Contains(e.Message, "\n") {
		t.Errorf("the caller is told a stack: %q", e.Message)
	}
}

// wantLogged wants a line with object and class.
func wantLogged(t *testing.T, h *hosttest.Host, villain, text string) {
	t.Helper()
	for _, r := range h.Logs() {
		if strings.Contains(r.Message, text) && r.Attr("class") == "Bad" &&
			len(r.Attr("object")) == 2*abi.IDBytes && r.Attr("name") == villain {
			return
		}
	}
	if text != "" {
		t.Errorf("no line %q with class and object in the log", text)
	}
}

// TestChatterIsBounded adds up what a call has logged. Each is of another host: what a
// script may log in a while is bounded as well.
func TestChatterIsBounded(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"records", "lines", "one line", "large"} {
		h := hosttest.Start(t, hosttest.Options{Guest: "bad", Bindings: badBindings,
			NoListener: true})
		before := len(h.Logs())
		h.Must(nil, "BAD", "villain", "misbehave", how)
		total := 0
		for _, r := range h.Logs()[before:] {
			if !strings.Contains(r.Message, "too much") {
				attrs, _ := json.Marshal(r.Attrs["guest"])
				total += len(r.Message) + len(attrs)
			}
		}
		if total < abi.MaxLogBytesPerCall/2 || total > abi.MaxLogBytesPerCall*2 {
			t.Errorf("%s: %d bytes in the log, want about %d", how, total, abi.MaxLogBytesPerCall)
		}
	}
}

// TestBadMemory wants StatusFault of every import for every bad range, and
// nothing done beside it.
func TestBadMemory(t *testing.T) {
	for _, noImages := range []bool{false, true} {
		h := hosttest.Start(t, hosttest.Options{
			Guest: "bad", NoListener: true, Options: host.Options{NoImages: noImages},
			Bindings: map[string]string{"BAD": "Bad", "GOOD": "Good", "PROBE": "Probe"},
		})
		var got struct {
			Functions []string
			Probes    int
			Wrong     []string
		}
		h.Must(&got, "PROBE", "p", "run")
		for _, wrong := range got.Wrong {
			t.Error(wrong)
		}
		if len(got.Functions) < 18 || got.Probes < 200 {
			t.Errorf("probed %d times in %v, want more", got.Probes, got.Functions)
		}
		var other string
		if h.Must(&other, "BAD", "other", "kept", "probe"); other != "" {
			t.Error("a call with a bad range was made all the same")
		}
	}
}

// TestBigReply is about the limit of a message: at it and one above it.
func TestBigReply(t *testing.T) {
	t.Parallel()
	h := hosttest.Start(t, hosttest.Options{
		Guest: "bad", NoListener: true, Options: host.Options{MemoryLimit: 512 << 20},
		Bindings: map[string]string{"BIG": "Big"},
	})
	got, err := h.Call("BIG", "b", "reply", abi.MaxMessageBytes)
	if err != nil || len(got) != abi.MaxMessageBytes {
		t.Errorf("a reply of the largest size: %d bytes, %v", len(got), err)
	}
	_, err = h.Call("BIG", "b", "reply", abi.MaxMessageBytes+1)
	wantError(t, err, remote, "limited to 32MiB")
	if got, err = h.Call("BIG", "b", "reply", 3); string(got) != `"x"` {
		t.Errorf("the next call: %s, %v", got, err)
	}
}
