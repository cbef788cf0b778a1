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

// Imports names the functions that the scripted host offers.
func Imports() (names []string) {
	for _, f := range functions {
		names = append(names, f.Name)
	}
	return names
}
