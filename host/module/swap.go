package module

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/cairn-dev/cairn/host/account"
)

// compileLater compiles a version that the interpreter runs, and swaps the compiled
// code in. Versions come faster than code can be compiled while somebody edits: the
// one that was retired before its turn is not compiled at all.
func (v *Version) compileLater() {
	e := v.engine
	e.compiling.Lock()
	defer e.compiling.Unlock()
	if v.isRetired() {
		return
	}
	c, err := v.compileGuarded(context.Background())
	if err != nil {
		e.options.Logger.Warn("module is not compiled, the interpreter runs it", "module", v.Hash()[:12], "error", err)
		return
	}
	if v.swap(c) {
		e.options.Swapped(v)
	}
}

// compileGuarded turns a panic of the compiler into an error: the interpreter
// serves on.
func (v *Version) compileGuarded(ctx context.Context) (c *code, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("the compiler failed: %v\n%s", p, debug.Stack())
		}
	}()
	// Until the swap both are there.
	a, bytes := v.engine.options.Account, int64(v.program.size)*codePerByte
	if err := a.Take(account.Code, bytes); err != nil {
		return nil, err
	}
	defer a.Release(account.Code, bytes)
	return v.engine.makeCode(ctx, v.later, false)
}

// swap makes c what new instances run, and reports whether the version still
// wanted it. The image stays, and so does every State: memory and globals are the
// same whoever runs the code. Instances that are out run on as they are, and are
// closed when they come back.
func (v *Version) swap(c *code) bool {
	v.mu.Lock()
	if v.freed {
		v.mu.Unlock()
		c.leave()
		return false
	}
	old, idle := v.code.Swap(c), v.idle
	v.idle = nil
	v.mu.Unlock()
	for _, i := range idle {
		i.Close()
	}
	old.leave()
	return true
}

// Current reports whether the instance runs the code that new ones would. One that
// does not has to be given back for its object to run faster: Suspend and Resume
// keep the memory.
func (i *Instance) Current() bool { return i.code == i.version.code.Load() }
