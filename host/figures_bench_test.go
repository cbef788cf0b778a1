package host

import (
	"bufio"
	"context"
	"math"
	"math/rand/v2"
	"net"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// The benchmarks in this file measure what has a goal of its own: their metrics
// are those figures, with the goal in the comment.

// caller calls a method of objects o0, o1, …, as the built-in route does.
type caller struct {
	r       *counterRuntime
	request event.Event
	dst     []byte
}

func (r *counterRuntime) caller(method string) *caller {
	c := &caller{r: r}
	c.request = *r.increment()
	c.request.Input = wire.AppendCall(nil, method, "[]")
	return c
}

func (c *caller) call(tb testing.TB, i int) {
	name := "o" + strconv.Itoa(i)
	c.request.To = c.r.counters().Named([]byte(name))
	c.request.Kind, c.request.Seen = event.Call, gate.Mark{}
	reply, err := c.r.sender.Send(tb.Context(), &c.request, c.dst[:0])
	if err != nil {
		tb.Error(err)
	}
	c.dst = reply.Output
}

// quantile returns the q-th of some durations, which it sorts, in µs.
func quantile(d []time.Duration, q float64) float64 {
	slices.Sort(d)
	return float64(d[min(len(d)-1, int(q*float64(len(d))))].Nanoseconds()) / 1e3
}

// BenchmarkActivation is the first call of an object that is on disk and not in
// memory, with an instance from the pool. Goal: p50 100 µs, p99 1 ms.
func BenchmarkActivation(b *testing.B) {
	const objects = 5000
	dir := b.TempDir()
	seed := startCounterAt(b, dir, nil)
	write := seed.caller("increment")
	for i := range objects {
		write.call(b, i)
	}
	if err := seed.Shutdown(context.Background()); err != nil {
		b.Fatal(err)
	}
	r := startCounterAt(b, dir, nil)
	defer r.Shutdown(context.Background())
	read := r.caller("getCounterValue")
	for i := range 200 { // instances are made
		read.call(b, i)
	}
	took := make([]time.Duration, 0, objects)
	for n := 0; b.Loop(); n++ {
		if n%objects == 0 {
			b.StopTimer()
			forgetAll(b, r)
			b.StartTimer()
		}
		start := time.Now()
		read.call(b, n%objects)
		took = append(took, time.Since(start))
	}
	b.ReportMetric(quantile(took, 0.5), "p50-µs")
	b.ReportMetric(quantile(took, 0.99), "p99-µs")
}

// forgetAll evicts every object.
func forgetAll(b *testing.B, r *counterRuntime) {
	b.Helper()
	if err := r.objects.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	if n := r.objects.Len(); n != 0 {
		b.Fatalf("%d objects are left", n)
	}
}

// BenchmarkGCPause is a call of one of 10,000 objects in memory while the host's
// collector runs again and again. Goal: p99 of its pauses 1 ms. computing has one
// more guest beside them, of another app, that computes all the time: the
// collector must wait until it looks at its fuel, as nothing else stops compiled
// code.
func BenchmarkGCPause(b *testing.B) {
	const objects = 10_000
	for _, beside := range []string{"nothing", "computing"} {
		b.Run("beside="+beside, func(b *testing.B) {
			r := startCounter(b, vfs.NewMem())
			c := r.caller("increment")
			for i := range objects {
				c.call(b, i)
			}
			if beside == "computing" {
				defer computeForever(b)()
			}
			stopCollecting := forever(runtime.GC)
			before := gcPauses()
			random := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				c.call(b, random.IntN(objects))
			}
			after := gcPauses()
			stopCollecting()
			p50, count := pauseQuantile(before, after, 0.5)
			p99, _ := pauseQuantile(before, after, 0.99)
			b.ReportMetric(p50*1e6, "pause-p50-µs")
			b.ReportMetric(p99*1e6, "pause-p99-µs")
			b.ReportMetric(float64(count), "pauses")
		})
	}
}

// forever does something again and again until stop is called.
func forever(do func()) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				do()
			}
		}
	}()
	return func() { close(done); <-ended }
}

// computeForever runs a guest that loops, in a host of its own, until stop.
func computeForever(b *testing.B) (stop func()) {
	b.Helper()
	r, err := Start(b.Context(), Options{
		Config: &config.Config{Path: "wrangler.jsonc", Name: "spin",
			Bindings: []config.Binding{{Name: "BAD", ClassName: "Bad"}}},
		Wasm: testguest.Build(b, "bad"), DataDir: "data", CacheDir: testguest.CacheDir(b),
		FS:       vfs.NewMem(),
		CPULimit: 100 * time.Millisecond, // and again at once
	})
	if err != nil {
		b.Fatal(err)
	}
	end := forever(func() {
		_, _ = r.Call(context.Background(), "BAD", "villain", "misbehave", []byte(`["loop"]`))
	})
	return func() {
		end()
		if err := r.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
	}
}

// gcPauses are the pauses of the collector so far, each from when the world was
// asked to stop until it went on.
func gcPauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	h := sample[0].Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: slices.Clone(h.Counts),
		Buckets: slices.Clone(h.Buckets)}
}

// pauseQuantile returns the upper bound of the bucket that holds the quantile.
func pauseQuantile(before, after *metrics.Float64Histogram,
	q float64) (seconds float64, count uint64) {
	for i := range after.Counts {
		count += after.Counts[i] - before.Counts[i]
	}
	seen := uint64(0)
	for i := range after.Counts {
		if seen += after.Counts[i] - before.Counts[i]; float64(seen) >= q*float64(count) &&
			seen > 0 {
			if upper := after.Buckets[i+1]; !math.IsInf(upper, 1) {
				return upper, count
			}
			return after.Buckets[i], count
		}
	}
	return 0, count
}

// BenchmarkDurableIncrement is one client: an increment that is durable before
// the answer, and in turn a write and fsync of a file beside the store. Goal: the
// medians' ratio 1.3.
func BenchmarkDurableIncrement(b *testing.B) {
	for _, way := range []string{"call", "http"} {
		b.Run(way, func(b *testing.B) {
			dir := b.TempDir()
			r := startCounterAt(b, dir, nil)
			defer r.Shutdown(context.Background())
			increment := durableCall(b, r)
			if way == "http" {
				increment = durableRequest(b, r)
			}
			file, err := vfs.Default.Create(dir+"/bare", vfs.WriteCategoryUnspecified)
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			line := make([]byte, 128)
			for range 50 { // the pool is filled, the object is in memory
				increment()
			}
			var bare, durable []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := file.Write(line); err != nil {
					b.Fatal(err)
				}
				if err := file.SyncData(); err != nil {
					b.Fatal(err)
				}
				half := time.Now()
				increment()
				bare, durable = append(bare, half.Sub(start)), append(durable, time.Since(half))
			}
			fsync, whole := quantile(bare, 0.5), quantile(durable, 0.5)
			b.ReportMetric(fsync, "fsync-µs")
			b.ReportMetric(whole, "increment-µs")
			b.ReportMetric(whole/fsync, "ratio")
		})
	}
}

func durableCall(b *testing.B, r *counterRuntime) func() {
	request, dst := r.increment(), []byte(nil)
	return func() {
		reply, err := r.sender.Send(context.Background(), request, dst[:0])
		if err == nil {
			err = r.gate.Pass(context.Background(), reply.Seen)
		}
		if err != nil {
			b.Fatal(err)
		}
		dst = reply.Output
	}
}

// durableRequest goes through HTTP and the Worker.
func durableRequest(b *testing.B, r *counterRuntime) func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go r.Serve(l) // Shutdown ends it
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	in, response := bufio.NewReader(c), fasthttp.Response{}
	return func() {
		_, err := c.Write([]byte("GET /increment?name=A HTTP/1.1\r\nHost: 127.0.0.1:8787\r\n\r\n"))
		if err == nil {
			err = response.Read(in)
		}
		if err != nil || response.StatusCode() != 200 {
			b.Fatal(err, response.StatusCode())
		}
	}
}

// BenchmarkAge is a call of one of 1,000 objects in turn, more than hold an
// instance, by how many calls each has had: a guest's garbage makes an object
// differ from its image in more and more pages. set-aside-B is what all of them
// hold while they have no instance, for each.
func BenchmarkAge(b *testing.B) {
	const objects = 1000
	for _, age := range []int{1, 30, 300} {
		b.Run("calls="+strconv.Itoa(age), func(b *testing.B) {
			r := startCounter(b, vfs.NewMem())
			c := r.caller("increment")
			for i := range objects {
				for range age {
					c.call(b, i)
				}
			}
			cpu := processorTime()
			for n := 0; b.Loop(); n++ {
				c.call(b, n%objects)
			}
			b.ReportMetric(float64(processorTime()-cpu)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(r.account.Used(account.SetAside))/objects, "set-aside-B")
		})
	}
}
