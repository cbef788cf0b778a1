package object

import (
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// TestCapabilities lists what an object may ask: all but to register, which a
// guest does while it starts.
func TestCapabilities(t *testing.T) {
	want := []abi.Capability{abi.CapabilityAlarms, abi.CapabilityBackground, abi.CapabilityEnv,
		abi.CapabilityIDs, abi.CapabilityLists, abi.CapabilityLog, abi.CapabilityOutbound,
		abi.CapabilityResets, abi.CapabilitySections, abi.CapabilityStorage, abi.CapabilityStubs,
		abi.CapabilityTransactions}
	if got := hostfunc.Capabilities(&turn{}); !slices.Equal(got, want) {
		t.Errorf("an object has %v, want %v", got, want)
	}
}
