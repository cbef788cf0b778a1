package module

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/cairn-dev/cairn/host/account"
)

// compileLater compiles code that the interpreter runs, and swaps in what was
// compiled. Modules come faster than they can be compiled while somebody edits: one that
// nobody wants any more before its turn is not compiled at all.
func (c *Code) compileLater() {
	e := c.engine
	e.compiling.Lock()
	defer e.compiling.Unlock()
	if !c.drafted() || !c.wanted() {
		return
	}
	runs, err := c.compileGuarded(context.Background())
	if err != nil {
		e.options.Logger.Warn("module is not compiled, the interpreter runs it",
			"module", c.Hash()[:12], "error", err)
		return
	}
	if c.swap(runs) {
		e.options.Swapped(c)
	}
}

// drafted reports whether the interpreter runs the code until it is compiled.
func (c *Code) drafted() bool { return c.later != nil && c.runs.Load().key.interpreted }

// wanted reports whether an image of the code gives instances.
func (c *Code) wanted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for im := range c.images {
		if !im.isRetired() {
			return true
		}
	}
	return false
}

// compileGuarded turns a panic of the compiler into an error: the interpreter
// serves on.
func (c *Code) compileGuarded(ctx context.Context) (runs *compiled, err error) {
	defer func() {
		if p := recover(); p != nil {
			runs, err = nil, fmt.Errorf("the compiler failed: %v\n%s", p, debug.Stack())
		}
	}()
	// Until the swap both are there.
	a := c.engine.options.Account
	if err := a.Take(account.Code, c.bytes()); err != nil {
		return nil, err
	}
	defer a.Release(account.Code, c.bytes())
	return c.engine.ready(ctx, c.later, false)
}

// swap makes runs what new instances run, and reports whether the code was still
// wanted. Images stay, and so does every State: memory and globals are the same whoever
// runs the code. Instances that are out run on as they are, and are closed when they come
// back.
func (c *Code) swap(runs *compiled) bool {
	c.mu.Lock()
	if c.closed && len(c.images) == 0 {
		c.mu.Unlock()
		runs.leave()
		return false
	}
	old := c.runs.Swap(runs)
	var idle []*Instance
	for im := range c.images {
		idle = append(idle, im.takeIdle()...)
	}
	c.mu.Unlock()
	for _, i := range idle {
		i.Close()
	}
	old.leave()
	return true
}

// Current reports whether the instance runs what new ones would. One that does not
// has to be given back for its object to run faster: Suspend and Resume keep the
// memory.
func (i *Instance) Current() bool { return i.runs == i.image.code.runs.Load() }
