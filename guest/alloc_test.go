package guest

import (
	"reflect"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// stillHost answers the few imports that a counter needs, without allocating.
// The others are nil and panic.
type stillHost struct {
	hostcall.Host
	input, output, value []byte
}

func (h *stillHost) InputRead(buf []byte) abi.Status {
	copy(buf, h.input)
	return abi.StatusOK
}

func (h *stillHost) OutputWrite(b []byte) abi.Status {
	h.output = append(h.output[:0], b...)
	return abi.StatusOK
}

func (h *stillHost) StubCall(_ string, _ uint32, _, _ string, _, buf []byte) (int, abi.Status) {
	return copy(buf, "100001"), abi.StatusOK
}

func (h *stillHost) StorageGet(_ string, buf []byte) (int, abi.Status) {
	return copy(buf, h.value), abi.StatusOK
}

func (h *stillHost) StoragePut(_ string, value []byte, _ uint32) abi.Status {
	h.value = append(h.value[:0], value...)
	return abi.StatusOK
}

type count struct{ state *State }

func (c *count) Increment(amount ...int64) (int64, error) {
	var value int64
	if _, err := c.state.Storage.Get("value", &value); err != nil {
		return 0, err
	}
	value++
	return value, c.state.Storage.Put("value", value)
}

// TestAllocs holds the number of allocations on a request's way. In WebAssembly
// one takes about 0.1 µs, and what an object leaves behind it pays for when it
// sleeps.
func TestAllocs(t *testing.T) {
	class := &class{name: "count", methods: methodsOf(reflect.TypeFor[*count](),
		plainMethod[*count])}
	host := &stillHost{value: []byte("100000")}
	defer hostcall.Enter(host)()
	object := newInstance()
	object.class, object.object = class, &count{&object.state}

	// The two are the variable for Get and the value for Put, which escape into
	// encoding/json's interface.
	host.input = wire.AppendCall(nil, "increment", "[]")
	if n := testing.AllocsPerRun(100, func() {
		if s := object.ObjectCall(len(host.input)); s != abi.StatusOK {
			t.Fatalf("object_call: %v %s", s, host.output)
		}
	}); n > 2 {
		t.Errorf("object_call of increment: %v allocations, want 2", n)
	}

	defer func(w func(*Request, *Env) (*Response, error)) { worker = w }(worker)
	worker = func(req *Request, env *Env) (*Response, error) {
		var n int64
		err := env.Namespace("COUNTERS").GetByName(req.URL.Path).Call("increment", &n)
		return Text(200, "fixed"), err
	}
	host.input = wire.AppendRequest(nil, &wire.Request{
		Method: []byte("GET"), URL: []byte("http://127.0.0.1:8787/increment?name=A"),
	})
	// The URL's text, the result's variable, the response and its body.
	if n := testing.AllocsPerRun(100, func() {
		if s := object.WorkerFetch(len(host.input)); s != abi.StatusOK {
			t.Fatalf("worker_fetch: %v %s", s, host.output)
		}
	}); n > 4 {
		t.Errorf("worker_fetch: %v allocations, want 4", n)
	}
	if len(object.frames) != 1 {
		t.Errorf("%d frames at rest, want the one that serves every call", len(object.frames))
	}
}
