package alarm_test

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
	"github.com/cairn-dev/cairn/host/storage"
)

// BenchmarkMillion starts on a store on disk in which a million alarms are set, and
// reports what that takes: the time to open it, the processor time of the scheduler's
// first look, and how much the heap has grown by. It takes part of a minute, so it
// runs only if CAIRN_MILLION is set.
func BenchmarkMillion(b *testing.B) {
	if os.Getenv("CAIRN_MILLION") == "" {
		b.Skip("set CAIRN_MILLION")
	}
	const total = 1_000_000
	dir := b.TempDir()
	open := func() *storage.Store {
		s, err := storage.Open(dir+"/store", storage.Options{FS: vfs.Default})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	s := open()
	for i := range total {
		o := storage.Owner{Namespace: 7, ID: abi.ID{0: byte(i >> 16), 1: byte(i >> 8), 2: byte(i)}}
		txn := s.Object(o).Begin()
		if err := txn.SetAlarm(epoch.Add(time.Duration(i) * time.Second).UnixMilli()); err != nil {
			b.Fatal(err)
		}
		if _, err := txn.Commit(); err != nil {
			b.Fatal(err)
		}
		txn.Close()
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		before, cpu := heap(), processor()
		s := open()
		opened := processor()
		clock := clocktest.NewClock(epoch.Add(-time.Second))
		scheduler := alarm.New(alarm.Options{Store: s, Clock: clock,
			Random: func([]byte) {}, Deliver: func(context.Context, alarm.Due) alarm.Outcome {
				return alarm.Failed
			}})
		if n, err := scheduler.RunDue(b.Context()); n != 0 || err != nil {
			b.Fatal(n, err)
		}
		looked := processor()
		b.ReportMetric((opened-cpu).Seconds()*1000, "open-ms")
		b.ReportMetric((looked-opened).Seconds()*1000, "look-ms")
		b.ReportMetric(float64(heap()-before)/1e6, "heap-MB")
		if err := scheduler.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func heap() int64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// processor is the time that this process has computed.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
