package hostfunc

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/abi/wire"
)

// absence is a Watcher and a Host. It notes when it is asked, and wants linear memory to
// stay as it is from Leave to Return.
type absence struct {
	untouched
	t      *testing.T
	memory api.Memory
	before []byte
	saw    []string
}

func (a *absence) note(what string) {
	a.saw = append(a.saw, what)
	now, _ := a.memory.Read(0, pageBytes)
	if what == "leave" {
		a.before = bytes.Clone(now)
	} else if !bytes.Equal(now, a.before) {
		a.t.Errorf("memory was written to before %s", what)
	}
}

func (a *absence) Look() error { return nil }
func (a *absence) Leave()      { a.note("leave") }
func (a *absence) Return()     { a.note("return") }

func (a *absence) StubCall(Target, []byte, []byte, []byte) ([]byte, error) {
	a.note("wait")
	return []byte("answer"), nil
}

func (a *absence) StubFetch(_ Target, _, dst []byte) ([]byte, error) {
	return a.StubCall(Target{}, nil, nil, dst)
}

func (a *absence) FetchSend(_, dst []byte) ([]byte, error) {
	return a.StubCall(Target{}, nil, nil, dst)
}

func (a *absence) StorageSync() error {
	a.note("wait")
	return nil
}

// TestLeave wants the Watcher to hear of each wait, before and after it.
func TestLeave(t *testing.T) {
	memory := newMemory(t)
	request := wire.AppendRequest(nil, &wire.Request{Method: []byte("GET"),
		URL: []byte("http://a/")})
	memory.Write(0, request)
	n := uint64(len(request))
	// A binding and a name of no bytes, and an answer to 512 with its length at 256.
	target, answer := []uint64{0, 0, 0, 0, 0}, []uint64{512, 64, 256}
	for _, c := range []struct {
		name string
		wait func(c *Call)
		host bool // which is asked meanwhile
	}{
		{"stub_call", func(c *Call) {
			stubCall(c, slices.Concat(target, []uint64{0, 0, 0, 0}, answer))
		}, true},
		{"stub_fetch", func(c *Call) {
			stubFetch(c, slices.Concat(target, []uint64{0, n}, answer))
		}, true},
		{"fetch_send", func(c *Call) {
			fetchSend(c, slices.Concat([]uint64{0, n}, answer))
		}, true},
		{"storage_sync", func(c *Call) { storageSync(c, nil) }, true},
		{"sleep", func(c *Call) { c.sleep(1) }, false},
		{"share", func(c *Call) {
			c.meter.started = time.Now().Add(-time.Hour)
			c.share()
			c.leavePlace()
		}, false},
	} {
		a := &absence{t: t, memory: memory}
		call := Call{Memory: memory}
		call.Begin(a, nil, 0)
		call.Watch(a)
		c.wait(&call)
		call.End()
		want := []string{"leave", "return"}
		if c.host {
			want = slices.Insert(want, 1, "wait")
		}
		if !slices.Equal(a.saw, want) {
			t.Errorf("%s: %q, want %q", c.name, a.saw, want)
		}
	}
}
