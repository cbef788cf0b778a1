package hostfunc

import (
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// TestForbidden calls every import with a Host that has no capability, by a Call
// that has met one which has some.
func TestForbidden(t *testing.T) {
	memory := newMemory(t)
	memory.Write(0, make([]byte, pageBytes))
	messages := map[string][]byte{
		"options_ptr": wire.AppendList(nil, &wire.List{}),
		"request_ptr": wire.AppendRequest(nil, &wire.Request{}),
	}
	var c Call
	c.Memory = memory
	c.Begin(&still{}, nil, 0)
	c.End()
	c.Memory = memory
	c.Begin(nil, nil, 0)
	defer c.End()
	for _, f := range functions {
		args := fineArgs(f.Params)
		for i, p := range f.Params {
			if message := messages[p]; message != nil {
				memory.Write(uint32(args[i]), message)
				args[i+1] = uint64(len(message))
			}
		}
		want := abi.StatusForbidden
		switch {
		case f.Capability == abi.CapabilityMessages, f.Capability == abi.CapabilityLog:
			want = abi.StatusOK
		case f.Capability == abi.CapabilityEnv:
			want = abi.StatusNotFound
		case f.Name == abi.FuncListNext, f.Name == abi.FuncListClose:
			want = abi.StatusInvalid // there can be no list
		}
		func() {
			defer func() {
				if r := recover(); (r != nil) != (f.Name == abi.FuncObjectAbort) {
					t.Errorf("%s ended the entry with %v", f.Name, r)
				}
			}()
			if got := f.run(&c, args); got != want {
				t.Errorf("%s: %v, want %v", f.Name, got, want)
			}
		}()
	}
}

// TestCapabilities asks several Hosts what they have.
func TestCapabilities(t *testing.T) {
	for _, c := range []struct {
		host Host
		want []abi.Capability
	}{
		{nil, nil},
		{&logged{}, []abi.Capability{abi.CapabilityLog}},
		{&still{}, []abi.Capability{abi.CapabilityEnv, abi.CapabilityStorage}},
		{struct{ Transactions }{}, []abi.Capability{abi.CapabilityTransactions}},
	} {
		if got := Capabilities(c.host); !slices.Equal(got, c.want) {
			t.Errorf("%T has %v, want %v", c.host, got, c.want)
		}
	}
}
