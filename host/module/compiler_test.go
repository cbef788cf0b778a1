package module

import (
	"context"
	"errors"
	"testing"
)

// TestCompilerQueue: one module compiles at a time, and who gives up waiting is
// answered at once and is no longer in the queue.
func TestCompilerQueue(t *testing.T) {
	c := NewCompiler(0)
	leave, err := c.enter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	given, up := context.WithCancel(context.Background())
	up()
	var refused *CompileError
	if _, err := c.enter(given); !errors.Is(err, context.Canceled) || !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
	next := make(chan func())
	go func() {
		leave, _ := c.enter(context.Background())
		next <- leave
	}()
	select {
	case <-next:
		t.Fatal("two compile at once")
	default:
	}
	leave()
	(<-next)()
	if len(c.turn) != 0 {
		t.Error("somebody is left in the compiler")
	}
}
