package module

import (
	"context"
	"errors"
	"testing"

	"github.com/cairn-dev/cairn/host/module/rewrite"
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

// TestCompilerPasses wants a compiler to have a module rewritten with its passes.
func TestCompilerPasses(t *testing.T) {
	// An endless loop: the meter has an if in it, which passes change.
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00" +
		"\x0a\x09\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b")
	made := func(c *Compiler) sum {
		source, err := (&Engine{compiler: c}).Read(wasm)
		if err != nil {
			t.Fatal(err)
		}
		m, err := source.rewrite()
		if err != nil {
			t.Fatal(err)
		}
		return m.sum
	}
	none := made(NewCompiler(0).WithPasses(rewrite.NoPasses))
	all := made(NewCompiler(0).WithPasses(rewrite.AllPasses))
	if usual := made(NewCompiler(0)); none == all || usual != all {
		t.Errorf("%v without passes, %v with all, %v by default", none, all, usual)
	}
}
