package host_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/testdata/probe/promises"
)

// TestDurableCall is B: calls and errors. What guesttest can do as well is in
// package promises.
func TestDurableCall(t *testing.T) {
	t.Parallel()
	p := startProbe(t, hosttest.Options{NoListener: true,
		Options: host.Options{MemoryLimit: 32 << 20},
		Vars:    promises.Vars})
	promises.Calls(t, promiser{p})
	p.check(t, errorCases)
	// On a busy machine other guests would pass this limit.
	p = startProbe(t, hosttest.Options{NoListener: true,
		Options: host.Options{CPULimit: 50 * time.Millisecond}})
	p.check(t, hostCases)
}

const (
	cpuReset    = "[reset] Durable Object exceeded its CPU time limit and was reset."
	memoryReset = "[reset] Durable Object exceeded its memory limit and was reset."
)

// errorCases have the four properties of an error, and what is left of the object
// (SEMANTICS 1.2, 2.6). Overload and the end of a critical section are in
// TestMailboxFull and TestDurableCritical, a commit that fails in TestDurableGates.
var errorCases = []durableCase{
	{"2.6 an exception", "call .b(put x 1, count), try(call .b(put x 2, throw no)), call .b(get " +
		"x, count)", "1, [remote] no, 2, 2"},
	{"2.6 an exception in fetch", "call .b(put x 1, count), try(fetch .b http://x/(put x 2, " +
		"throw no)), call .b(get x, count)",
		"1, [remote] no, 2, 2"},
	{"2.6 no property can be claimed", "try(call .b(throwname Error no)), stub s .b, try(send " +
		"s(throwname Error no)), send s(count)",
		"[remote] Error: no, [remote] Error: no, 1"},
	{"2.6 an abort", "call .b(put x 1, count), try(call .b(put x 2, abort stop)), call .b(get x, " +
		"count)", "1, [remote reset] stop, 1, 1"},
	{"2.6 an abort without a reason", "try(call .b(abort)), call .b(count)",
		"[remote reset] Application called abort() to reset Durable Object., 1"},
	{"2.6 nobody catches an abort", "call .b(try(abort stop)); call .b(recover(abort stop))",
		"[remote] stop; [remote] stop"},
	{"2.6 an abort of the caller itself", "count, put x 1; put x 2, abort stop; count, get x",
		"1; [remote reset] stop; 1, 1"},
	{"2.6 a trap", "call .b(put x 1, count), try(call .b(put x 2, trap)), call .b(get x, count)",
		"1, [remote reset] Durable Object reset: module: guest trapped: wasm error: out of " +
			"bounds memory access, 1, 1"},
	{"2.6 memory", "call .b(put x 1, count), try(call .b(put x 2, eat)), call .b(get x, count)",
		"1, " + memoryReset + ", 1, 1"},
	{"2.6 blockConcurrencyWhile",
		"call .b(put x 1, count), try(call .b(put x 2, block(throw no))), call .b(get x, count)",
		"1, [remote reset] no, 1, 1"},
	{"2.6 transaction", "call .b(put x 1, count), try(call .b(tx(put x 2, throw no))), call " +
		".b(get x, count)", "1, [remote] no, 1, 2"},
	{"2.6 the caller goes on", "put x 1, try(call .b(abort stop)), put y 1, count; entries, count",
		"[remote reset] stop, 1; x=1 y=1, 2"},
	{"2.6 a reset between A and A", "put x 1, call .b(try(call .(put y 1, abort stop)), put z 1, " +
		"count); entries, count, call .b(entries)",
		"[remote reset] stop; x=1, 1, z=1"},
	{"2.6 of what was sent before",
		"put x 1, try(call .b(put y 1, throw no)), put x 2, abort stop; get x, call .b(get y)",
		"[remote reset] stop; 1, 1"},
}

// hostCases are of guests that only a host can stop.
var hostCases = []durableCase{
	{"2.6 CPU", "call .b(put x 1, count), try(call .b(put x 2, spin)), call .b(get x, count)",
		"1, " + cpuReset + ", 1, 1"},
	{"B17 after any reset", "stub s .b, try(send s(spin)), try(send s(count)), stub s .b, send " +
		"s(count)", cpuReset + ", " + cpuReset + ", 1"},
	{"2.2 it traps",
		`put oninit "add n 1, trap"; call .b(put oninit "add n 1, trap"); abort x; try(count)`,
		"; ; [remote reset] x; [remote reset] Durable Object reset: module: guest trapped: wasm " +
			"error: out of bounds memory access"},
}

// TestDurableWorker sends scripts to the Worker.
func TestDurableWorker(t *testing.T) {
	promises.Worker(t, promiser{startProbe(t, hosttest.Options{Vars: promises.Vars})})
}

// TestDurableOrder queues calls of an object: they arrive in the order made, each
// after the one before has ended.
func TestDurableOrder(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startProbe(t, hosttest.Options{NoListener: true})
		first := p.gate("first")
		done := []<-chan string{p.start("A", "log first, add n 1, log end, count")}
		<-first.reached
		for range 9 {
			done = append(done, p.start("A", "add n 1, log next, add n 1, count"))
			synctest.Wait() // it is in the mailbox
		}
		if got := p.logged("A"); got != "first" {
			t.Errorf("while the first one runs: %s", got)
		}
		close(first.open)
		want := []string{"1, 1", "2, 3, 2", "4, 5, 3", "6, 7, 4", "8, 9, 5", "10, 11, 6",
			"12, 13, 7", "14, 15, 8", "16, 17, 9", "18, 19, 10"}
		for i, d := range done {
			if got := <-d; got != want[i] {
				t.Errorf("call %d: %s, want %s", i, got, want[i])
			}
		}
		if got, want := p.logged("A"), "end"+strings.Repeat(", next", 9); got != want {
			t.Errorf("logged %s, want %s", got, want)
		}
	})
}

// TestMethodInAnotherCase calls a method by its name in Go. The error has upstream's
// text, and the log says which method is meant.
func TestMethodInAnotherCase(t *testing.T) {
	n := startNodes(t, hosttest.Options{})
	_, err := n.Call("NODES", "A", "Runs")
	wantError(t, err, remote, `The RPC receiver does not implement the method "Runs".`)
	for _, r := range n.Logs() {
		if guest, _ := json.Marshal(r.Attrs["guest"]); string(guest) ==
			`{"meant":"runs","method":"Runs"}` {
			return
		}
	}
	t.Error("the log does not say which method is meant")
}
