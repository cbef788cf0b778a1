package worker

import (
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// TestCapabilities lists what a Worker may ask: what is an object's alone is
// forbidden to it.
func TestCapabilities(t *testing.T) {
	want := []abi.Capability{abi.CapabilityBackground, abi.CapabilityEnv, abi.CapabilityIDs,
		abi.CapabilityLog, abi.CapabilityOutbound, abi.CapabilityStubs}
	if got := hostfunc.Capabilities(&call{}); !slices.Equal(got, want) {
		t.Errorf("a Worker has %v, want %v", got, want)
	}
}
