package host_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// TestTranscripts runs the files in testdata: what a node answers, and when,
// while a transcript decides how far its log is durable. The whole node takes
// part, HTTP included. The commands:
//
//	start GUEST BINDING CLASS
//	              a node that runs a guest of testdata
//	send          one request for each line, one after another: steps for the
//	              Worker (see parseSteps), or a path and a body
//	advance N     the log is durable up to batch N
//	fail TEXT     the log fails
//	lose          another node takes the objects over
//	log           what the log says of itself
//	release       a guest that logged "hold" goes on
//	sleep D       time passes
//
// A node lives in a bubble of package synctest, so "held" means that nothing
// moves any more, and not that nothing has moved yet.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	testguest.CacheDir(t) // makes it outside of every bubble
	// fasthttp starts a goroutine that never ends when it first writes a date; it
	// must not be the bubble's.
	_ = new(fasthttp.ResponseHeader).String()
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			forgetPools()
			defer forgetPools()
			synctest.Test(t, func(t *testing.T) {
				var n *node
				datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
					if d.Cmd == "start" {
						n = startNode(t, d.CmdArgs[0].String(), d.CmdArgs[1].String(),
							d.CmdArgs[2].String())
						return ""
					}
					return n.command(t, d)
				})
			})
		})
	}
}

// forgetPools empties every sync.Pool. A channel that was made in one bubble
// must not be used in another, and pooled values have some.
func forgetPools() {
	runtime.GC()
	runtime.GC() // the first leaves what was in use as victims
}

func (n *node) command(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	switch d.Cmd {
	case "send":
		for line := range strings.Lines(d.Input) {
			n.send(t, &out, strings.TrimSpace(line))
		}
		return out.String()
	case "advance":
		seq, err := strconv.Atoi(d.CmdArgs[0].String())
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		n.log.advance(seq)
	case "fail":
		n.log.Fail(errors.New(strings.TrimPrefix(d.FullCmd(), "fail ")))
	case "lose":
		n.leases.lost.Store(true)
	case "log":
		return n.log.String()
	case "release":
		n.holds <- struct{}{}
	case "sleep":
		pause, err := time.ParseDuration(d.CmdArgs[0].String())
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		time.Sleep(pause)
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	synctest.Wait()
	n.report(&out, "")
	return out.String()
}

// send begins a request and tells how far it gets.
func (n *node) send(t *testing.T, out *strings.Builder, line string) {
	id, rest, _ := strings.Cut(line, " ")
	path, body := "/", ""
	if strings.HasPrefix(rest, "/") {
		path, body, _ = strings.Cut(rest, " ")
	} else {
		var err error
		if body, err = parseSteps(rest); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	n.begin(id, path, body)
	synctest.Wait()
	n.report(out, id+": ")
}

// report tells what happened since the last time.
func (n *node) report(out *strings.Builder, prefix string) {
	events := n.log.take()
	if prefix == "" {
		slices.Sort(events) // of several requests, in no order
	}
	for _, event := range events {
		fmt.Fprintf(out, "%s%s\n", prefix, event)
	}
	n.requests = slices.DeleteFunc(n.requests, func(r *request) bool {
		select {
		case answer := <-r.done:
			fmt.Fprintf(out, "%s: %s\n", r.id, answer)
			return true
		default:
			return false
		}
	})
}
