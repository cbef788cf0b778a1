package alarm_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/storage/storagetest"
)

// TestFailureOutcome is upstream's truth table.
func TestFailureOutcome(t *testing.T) {
	for _, c := range []struct {
		gate, user, limit bool
		counts            bool
	}{
		{false, false, false, true},
		{false, false, true, true},
		{false, true, false, true},
		{false, true, true, true},
		{true, false, false, false},
		{true, false, true, true},
		{true, true, false, true},
		{true, true, true, true},
	} {
		f := alarm.Failure{GateBroken: c.gate, UserError: c.user, LimitExceeded: c.limit}
		if got := f.Outcome(); (got == alarm.Failed) != c.counts || got <= alarm.Moved {
			t.Errorf("%+v: %v, want counted %v", f, got, c.counts)
		}
	}
}

// However many alarms are due, a window of them is in memory, and each runs
// once.
func TestWindow(t *testing.T) {
	total := 100_000
	if testing.Short() || raceEnabled {
		total = 10_000
	}
	const window, concurrency = 256, 8
	var n *node
	var runs atomic.Int64
	n = newNode(t, alarm.Options{
		Window: window, Concurrency: concurrency,
		Deliver: func(_ context.Context, due alarm.Due) alarm.Outcome {
			runs.Add(1)
			change(t, n.store, due.Owner.Name, 0)
			st := n.scheduler.Stats()
			if held := st.Ready + st.Running + st.Retrying; held > window+concurrency ||
				st.Running > concurrency {
				t.Errorf("%+v are held, more than the window", st)
			}
			return alarm.Done
		},
	})
	for i := range total {
		// A tenth of them at one moment, so that pages end within it.
		change(t, n.store, fmt.Sprintf("o%d", i), epoch.UnixMilli()+int64(max(i-total/10, 1)))
	}
	n.clock.Advance(time.Hour)
	got, err := n.scheduler.RunDue(context.Background())
	if err != nil || got != total || runs.Load() != int64(total) {
		t.Fatalf("RunDue = %d, %v after %d runs, want %d", got, err, runs.Load(), total)
	}
	if _, found, err := n.store.NextAlarm(); found || err != nil {
		t.Fatalf("an alarm is left: %v %v", found, err)
	}
}

// Run learns of an alarm that is earlier than the one it waits for, and wakes
// the object to the millisecond.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := storage.Open("store", storage.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ran := make(chan string, 9)
		scheduler := alarm.New(alarm.Options{
			Store: store, Random: func(b []byte) { clear(b) },
			Deliver: func(_ context.Context, due alarm.Due) alarm.Outcome {
				change(t, store, due.Owner.Name, 0)
				ran <- fmt.Sprint(due.Owner.Name, " ", time.Since(begun))
				return alarm.Done
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { scheduler.Run(ctx); close(ended) }()
		change(t, store, "late", begun.Add(2*time.Hour).UnixMilli())
		synctest.Wait() // Run waits for late
		change(t, store, "early", begun.Add(1500*time.Millisecond).UnixMilli())
		for _, want := range []string{"early 1.5s", "late 2h0m0s"} {
			if got := <-ran; got != want {
				t.Errorf("ran %s, want %s", got, want)
			}
		}
		cancel()
		<-ended
		if err := scheduler.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

// No more run at a time than may, and Stop waits for them, or gives up.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := storage.Open("store", storage.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		var runs, canceled atomic.Int64
		scheduler := alarm.New(alarm.Options{
			Store: store, Random: func(b []byte) { clear(b) },
			Deliver: func(ctx context.Context, due alarm.Due) alarm.Outcome {
				runs.Add(1)
				<-release
				if ctx.Err() != nil {
					canceled.Add(1)
				}
				return alarm.FailedUncounted
			},
		})
		for i := range 100 {
			change(t, store, fmt.Sprint("o", i), 1)
		}
		go scheduler.Run(t.Context())
		synctest.Wait()
		if got := scheduler.Stats(); got.Running != 64 || got.Ready != 36 {
			t.Errorf("%+v, want 64 running and 36 ready", got)
		}
		if n, err := scheduler.RunDue(canceledContext()); n != 0 ||
			!errors.Is(err, context.Canceled) {
			t.Errorf("RunDue = %d, %v, want canceled", n, err)
		}
		if err := scheduler.Stop(canceledContext()); !errors.Is(err, context.Canceled) {
			t.Errorf("Stop = %v, want canceled", err)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- scheduler.Stop(context.Background()) }()
		synctest.Wait()
		select {
		case <-stopped:
			t.Error("Stop returned before the runs")
		default:
		}
		close(release)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if runs.Load() != 64 || canceled.Load() != 64 {
			t.Errorf("%d runs, %d told of the end, want 64 of 64", runs.Load(), canceled.Load())
		}
		if _, err := scheduler.RunDue(context.Background()); !errors.Is(err, alarm.ErrStopped) {
			t.Errorf("RunDue after Stop: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func canceledContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// The clock is looked at again before a run: here it was set back after both
// alarms were found to be due.
func TestClockSetBack(t *testing.T) {
	var n *node
	n = newNode(t, alarm.Options{Deliver: func(ctx context.Context, due alarm.Due) alarm.Outcome {
		if due.Owner.Name == "a" {
			n.clock.Advance(-time.Hour)
		}
		return n.objects.deliver(ctx, due)
	}})
	change(t, n.store, "a", epoch.UnixMilli()+1000)
	change(t, n.store, "b", epoch.UnixMilli()+1000)
	if got, want := n.run(time.Minute), "-59m0s a: scheduled 1s, retry 0: ok\n"; got != want {
		t.Errorf("ran\n%swant\n%s", got, want)
	}
	if got, want := n.run(time.Hour), "1m0s b: scheduled 1s, retry 0: ok\n"; got != want {
		t.Errorf("ran\n%swant\n%s", got, want)
	}
}

// An alarm goes off although the batch that set it is not durable.
func TestNotDurable(t *testing.T) {
	store, log := storagetest.Open(t)
	clock := clocktest.NewClock(epoch)
	o := &objects{t: t, clock: clock, store: store}
	scheduler := alarm.New(alarm.Options{
		Store: store, Clock: clock, Deliver: o.deliver, Random: func(b []byte) { clear(b) },
	})
	change(t, store, "a", epoch.UnixMilli())
	if n, err := scheduler.RunDue(t.Context()); n != 1 || err != nil || log.Durable() != 0 {
		t.Errorf("RunDue = %d, %v, durable %d", n, err, log.Durable())
	}
	log.AdvanceAll()
}

// TestHammer sets and deletes alarms while handlers run, fail and set their own:
// one run of an object at a time, and no alarm is left behind.
func TestHammer(t *testing.T) {
	const objects, sets = 20, 300
	store := openStore(t, vfs.NewMem())
	var locks [objects]sync.Mutex // what an activation's mailbox is
	var busy [objects]atomic.Bool
	deliver := func(_ context.Context, due alarm.Due) alarm.Outcome {
		var i int
		fmt.Sscanf(due.Owner.Name, "o%d", &i)
		if busy[i].Swap(true) {
			t.Errorf("%s runs twice at once", due.Owner.Name)
		}
		defer busy[i].Store(false)
		locks[i].Lock()
		defer locks[i].Unlock()
		if at, set := stored(t, store, due.Owner.Name); !set || at > due.ScheduledMS {
			return alarm.Moved
		}
		if rand.IntN(4) == 0 { // fails, but has set another alarm
			change(t, store, due.Owner.Name, time.Now().UnixMilli()+1)
			return alarm.Failed
		}
		change(t, store, due.Owner.Name, 0)
		return alarm.Done
	}
	scheduler := alarm.New(alarm.Options{
		Store: store, Deliver: deliver, Random: func(b []byte) { clear(b) },
		Window: 4, Concurrency: 4,
	})
	go scheduler.Run(t.Context())
	var wg sync.WaitGroup
	for i := range objects {
		wg.Go(func() {
			for range sets {
				locks[i].Lock()
				change(t, store, fmt.Sprint("o", i), time.Now().UnixMilli()+rand.Int64N(3)-1)
				locks[i].Unlock()
			}
		})
	}
	wg.Wait()
	for {
		if _, err := scheduler.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, found, err := store.NextAlarm(); err != nil {
			t.Fatal(err)
		} else if !found {
			break
		}
	}
	if err := scheduler.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if st := scheduler.Stats(); st != (alarm.Stats{}) {
		t.Errorf("%+v are held for no alarm", st)
	}
}
