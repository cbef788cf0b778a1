package alarm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/cairn-dev/cairn/host/alarm"
)

// TestTranscripts runs the files in testdata: which alarms run, and when. The
// commands:
//
//	start [window=N] [retrying=N] [jitter]
//	                  a node; with jitter, all that there may be, otherwise none
//	restart           stops the node and starts it on the same store
//	set NAME D        an object's alarm, D from now
//	delete NAME       takes it away
//	script NAME       what the next runs of an object do, a line each (see
//	                  objects.deliver)
//	advance D         the time moves; prints what runs then
//	alarm NAME        what is stored
//	stats             what is held in memory
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, file string) {
		var n *node
		datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "start" {
				n = startNode(t, d)
				return ""
			}
			return n.command(t, d)
		})
	})
}

func startNode(t *testing.T, d *datadriven.TestData) *node {
	var o alarm.Options
	d.MaybeScanArgs(t, "window", &o.Window)
	d.MaybeScanArgs(t, "retrying", &o.MaxRetrying)
	if d.HasArg("jitter") {
		o.Random = func(b []byte) {
			for i := range b {
				b[i] = 0xff
			}
		}
	}
	return newNode(t, o)
}

func (n *node) command(t *testing.T, d *datadriven.TestData) string {
	arg := func(i int) string { return d.CmdArgs[i].String() }
	duration := func(i int) time.Duration {
		v, err := time.ParseDuration(arg(i))
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		return v
	}
	switch d.Cmd {
	case "restart":
		n.restart()
		return ""
	case "set":
		change(t, n.store, arg(0), n.clock.Now().Add(duration(1)).UnixMilli())
		return ""
	case "delete":
		change(t, n.store, arg(0), 0)
		return ""
	case "script":
		n.objects.scripts[arg(0)] = strings.Split(d.Input, "\n")
		return ""
	case "advance":
		return n.run(duration(0))
	case "alarm":
		if at, set := stored(t, n.store, arg(0)); set {
			return time.UnixMilli(at).Sub(epoch).String() + "\n"
		}
		return "none\n"
	case "stats":
		return fmt.Sprintf("%+v\n", n.scheduler.Stats())
	}
	d.Fatalf(t, "unknown command")
	return ""
}
