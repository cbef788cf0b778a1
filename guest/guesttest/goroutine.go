package guesttest

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
)

// A goroutine of a guest runs on a host only while the call that began it waits
// for it: WebAssembly has one thread, and nothing runs between two calls. Natively
// it would run on. So each call from the test has a number, which is a label of
// the goroutine that runs it and so of every goroutine that begins in it, and
// after the call nobody may have it. While a call runs there is one processor, as
// on a host: what the program does not wait for has not run by then, and is found
// (unless the system lets the call's thread stand still for so long that Go takes
// the processor away from it, which is never mistaken for a fault).

const callLabel = "guesttest call"

// calls counts calls of tests; hostcall.Enter keeps them apart.
var calls int

// watch begins a call of the test. What it returns ends the call, and fails the
// test for goroutines that it has left.
func (h *Host) watch() (done func()) {
	processors := runtime.GOMAXPROCS(1)
	calls++
	h.call = strconv.Itoa(calls)
	h.label()
	return func() {
		unlabel()
		left := leftBy(h.call)
		runtime.GOMAXPROCS(processors)
		if left != "" {
			h.tb.Helper()
			h.tb.Errorf("guesttest: the program has started a goroutine that the call has not "+
				"waited for. On a host it does not run after the call: use WaitUntil for work "+
				"after the answer, or wait for the goroutine.\n%s", left)
		}
	}
}

// label marks the goroutine that runs the program, unlabel the same one when code
// of the test runs.
func (h *Host) label() {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(),
		pprof.Labels(callLabel, h.call)))
}

func unlabel() { pprof.SetGoroutineLabels(context.Background()) }

// leftBy says where the goroutines of a call are that are left, if any.
func leftBy(call string) string {
	left, begun := goroutines(call)
	if left == "" || !begun {
		return left
	}
	// One may be at its very end, after it was waited for. What waits itself, or
	// computes, is there when it has had its turn.
	for range 100 {
		runtime.Gosched()
	}
	left, _ = goroutines(call)
	return left
}

// goroutines returns the stacks of a call's goroutines, and whether all of them
// have begun to run.
func goroutines(call string) (stacks string, begun bool) {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1) // to memory: it does not fail
	begun = true
	mine := "# labels: {" + strconv.Quote(callLabel) + ":" + strconv.Quote(call) + "}"
	for group := range strings.SplitSeq(profile.String(), "\n\n") {
		_, frames, found := strings.Cut(group, mine)
		if !found {
			continue
		}
		frames = strings.Trim(frames, "\n")
		if frames == "" { // the goroutine has not come to its function
			frames, begun = "#\ta goroutine that has not begun", false
		} else if !strings.Contains(frames, "\n") && strings.Contains(frames, "+0x0\t") {
			begun = false
		}
		stacks += frames + "\n"
	}
	return stacks, begun
}
