package host

import (
	"bufio"
	"context"
	"errors"
	"net"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/ingress"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/worker"
)

// counterRuntime runs testdata/counter; its parts are what benchmarks and tests
// of allocations drive one by one.
type counterRuntime struct {
	*Runtime
	sender event.Sender
}

// fetch answers a request with the Worker, as ingress does.
func (r *counterRuntime) fetch(request, dst []byte) ([]byte, gate.Mark, error) {
	return r.workers.Fetch(r.app.Serving().Public(), worker.Request{Input: request}, dst)
}

func startCounter(tb testing.TB, fs vfs.FS) *counterRuntime {
	tb.Helper()
	r := startCounterAt(tb, tb.TempDir(), fs)
	tb.Cleanup(func() {
		if err := r.Shutdown(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// startCounterAt is startCounter in a folder; the caller shuts it down.
func startCounterAt(tb testing.TB, dir string, fs vfs.FS) *counterRuntime {
	tb.Helper()
	r, err := Start(tb.Context(), Options{
		Config: &config.Config{Path: "wrangler.jsonc", Name: "my-counter",
			Bindings: []config.Binding{{Name: "COUNTERS", ClassName: "Counter"}}},
		Wasm:    testguest.Build(tb, "counter"),
		DataDir: dir, CacheDir: testguest.CacheDir(tb), FS: fs,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &counterRuntime{r, r.sender}
}

// counters is the namespace of the app's only class.
func (r *counterRuntime) counters() *app.Namespace {
	return r.app.Serving().Public().Stable.Bindings["COUNTERS"].(*app.Namespace)
}

// increment is a call of the hot object A, as a Worker makes it.
func (r *counterRuntime) increment() *event.Event {
	return &event.Event{
		To: r.counters().Named([]byte("A")), Kind: event.Call,
		Input: wire.AppendCall(nil, "increment", "[]"),
	}
}

// incrementRequest is what ingress hands to the Worker.
func incrementRequest() []byte {
	return wire.AppendRequest(nil, &wire.Request{
		Method: []byte("GET"), URL: []byte("http://127.0.0.1:8787/increment?name=A"),
		Header: wire.AppendHeader(wire.AppendHeader(nil, "Host", "127.0.0.1:8787"),
			"User-Agent", "bench"),
	})
}

// BenchmarkObjectCall calls one hot object, without a Worker and without waiting
// for the disk.
func BenchmarkObjectCall(b *testing.B) {
	r := startCounter(b, vfs.NewMem())
	request, dst := r.increment(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		reply, err := r.sender.Send(b.Context(), request, dst[:0])
		if err != nil {
			b.Fatal(err)
		}
		dst = reply.Output
	}
}

// BenchmarkWorkerFetch is a request to the Worker that calls one hot object,
// without HTTP and without waiting for the disk.
func BenchmarkWorkerFetch(b *testing.B) {
	r := startCounter(b, vfs.NewMem())
	request, dst := incrementRequest(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, _, err = r.fetch(request, dst[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

// httpServer is what both ingress and fasthttp are.
type httpServer interface {
	Serve(net.Listener) error
	ShutdownWithContext(context.Context) error
}

// ingressServer is ingress as an httpServer.
type ingressServer struct{ *ingress.Server }

func (s ingressServer) ShutdownWithContext(ctx context.Context) error { return s.Shutdown(ctx) }

// BenchmarkRequest is a whole request over loopback, with the disk: 64
// connections, each with one request under way. increment-1000 goes round a
// thousand objects, four times as many as hold an instance.
func BenchmarkRequest(b *testing.B) {
	r := startCounter(b, nil)
	options := ingress.Options{App: &r.app, Workers: r.workers, Sender: r.sender, Gate: r.gate}
	behindWorker := func() httpServer { return ingressServer{ingress.New(options)} }
	byRoute := func() httpServer {
		o := options
		o.Workers = nil
		return ingressServer{ingress.New(o)}
	}
	one := func(path string) func(int64) string { return func(int64) string { return path } }
	for _, c := range []struct {
		name   string
		server func() httpServer
		path   func(i int64) string
	}{
		{"increment", behindWorker, one("/increment?name=A")},
		{"increment-1000", behindWorker, func(i int64) string {
			return "/increment?name=" + strconv.FormatInt(i%1000, 10)
		}},
		{"read", behindWorker, one("/?name=A")},
		{"route-increment", byRoute, one("/COUNTERS/A/increment")},
		{"route-read", byRoute, one("/COUNTERS/A/getCounterValue")},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkHTTP(b, c.server, c.path) })
	}
}

// BenchmarkEcho is what HTTP alone costs: the same client and a bare fasthttp.
func BenchmarkEcho(b *testing.B) {
	server := func() httpServer {
		return &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.SetBodyString("Durable Object 'A' count: 1")
		}}
	}
	benchmarkHTTP(b, server, func(int64) string { return "/increment?name=A" })
}

// benchmarkHTTP sends requests over connections that stay open. It runs several
// times, and a server serves once.
func benchmarkHTTP(b *testing.B, newServer func() httpServer, path func(i int64) string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := newServer()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	const connections, warm = 64, 2000
	var next atomic.Int64
	run := func(more func() bool) {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		in, out := bufio.NewReader(c), []byte(nil)
		var response fasthttp.Response
		for more() {
			out = append(append(out[:0], "GET "...), path(next.Add(1))...)
			out = append(out, " HTTP/1.1\r\nHost: 127.0.0.1:8787\r\n\r\n"...)
			if _, err := c.Write(out); err != nil {
				b.Error(err)
				return
			}
			if err := response.Read(in); err != nil || response.StatusCode() != 200 {
				b.Errorf("%v, %d %s", err, response.StatusCode(), response.Body())
				return
			}
		}
	}
	run(func() bool { return next.Load() < warm }) // instances and pools are made
	b.ReportAllocs()
	b.SetParallelism(max(1, connections/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) { run(pb.Next) })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	if err := errors.Join(server.ShutdownWithContext(context.Background()), <-served); err != nil {
		b.Error(err)
	}
}
