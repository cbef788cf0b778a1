package module

import (
	"errors"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

// TestInstancesAreBounded wants the engine to refuse an instance before the kernel
// does, to say so for as long as it lasts, and to go on afterwards.
func TestInstancesAreBounded(t *testing.T) {
	e, err := NewEngine(t.Context(), Options{MemoryLimit: 1 << 20,
		System: hostfunc.System{Now: time.Now, Random: func(b []byte) { clear(b) }}})
	if err != nil {
		t.Fatal(err)
	}
	if e.maxInstances < 100 || e.maxInstances > 1<<20 {
		t.Errorf("there may be %d instances", e.maxInstances)
	}
	e.maxInstances = 3
	for range 3 {
		if err := e.admit(); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Err(); err != nil {
		t.Errorf("all fit: %v", err)
	}
	if err := e.admit(); !errors.Is(err, ErrInstances) || e.Instances() != 3 {
		t.Errorf("one more: %v, there are %d", err, e.Instances())
	}
	if err := e.Err(); !errors.Is(err, ErrInstances) {
		t.Errorf("the engine says %v", err)
	}
	e.instances.Add(-1)
	if err := e.Err(); err != nil {
		t.Errorf("one has ended: %v", err)
	}
}
