package guestkit

import (
	"testing"
	"time"
)

// SetPatience changes how long an entry may take, for one test.
func SetPatience(t *testing.T, d time.Duration) {
	old := patience
	patience = d
	t.Cleanup(func() { patience = old })
}
