package abi

import (
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// TestCapabilities lists what a guest may ask while it starts.
func TestCapabilities(t *testing.T) {
	want := []abi.Capability{abi.CapabilityLog, abi.CapabilityRegistration}
	if got := hostfunc.Capabilities(&loader{}); !slices.Equal(got, want) {
		t.Errorf("a guest that starts has %v, want %v", got, want)
	}
}
