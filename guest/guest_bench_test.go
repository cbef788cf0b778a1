package guest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// BenchmarkGuest is a guest's part of the seed's request, run natively with a host
// that does nothing. make profile builds Go guests by what it shows.
func BenchmarkGuest(b *testing.B) {
	host := &stillHost{value: []byte("100000")}
	defer hostcall.Enter(host)()
	defer func(w func(*Request, *Env) (*Response, error)) { worker = w }(worker)
	worker = func(req *Request, env *Env) (*Response, error) {
		var n int64
		name := req.URL.Query().Get("name")
		err := env.Namespace("COUNTERS").GetByName(name).Call("increment", &n)
		return Text(200, fmt.Sprintf("Durable Object '%s' count: %d", name, n)), err
	}
	in := newInstance()
	in.class = &class{name: "count", methods: methodsOf(reflect.TypeFor[*count](),
		plainMethod[*count])}
	in.object = &count{&in.state}
	for _, c := range []struct {
		name  string
		input []byte
		run   func(n int) abi.Status
	}{
		{"object_call", wire.AppendCall(nil, "increment", "[]"), in.ObjectCall},
		{"worker_fetch", wire.AppendRequest(nil, &wire.Request{
			Method: []byte("GET"), URL: []byte("http://127.0.0.1:8787/increment?name=A"),
		}), in.WorkerFetch},
	} {
		b.Run(c.name, func(b *testing.B) {
			host.input = c.input
			b.ReportAllocs()
			for b.Loop() {
				if s := c.run(len(c.input)); s != abi.StatusOK {
					b.Fatal(s)
				}
			}
		})
	}
}
