package module

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/account"
)

// Code is a module that is ready to be instantiated. It has as many images as somebody
// makes of it, each of an instance in which something else has run.
type Code struct {
	engine *Engine
	facts  *facts

	fixed   int64  // bytes of the host's heap that an instance takes, besides its memory
	least   uint64 // bytes of memory that an instance without an image begins with
	most    uint64 // and that one can have: the module's maximum or the host's limit
	blocked string // why no image can be taken; "" if one can

	runs  atomic.Pointer[compiled] // in new instances; see swap
	later *rewritten               // what is compiled beside the interpreter; nil: nothing

	mu     sync.Mutex // compiler.mu and a pool's are taken under it
	closed bool
	images map[*Image]struct{} // images that are not given back
}

// Compile compiles the module, which was checked. Nothing of it has run. One that does
// not validate, or for whose code there is no memory, is a *CompileError.
func (s *Source) Compile(ctx context.Context) (_ *Code, err error) {
	e, c := s.engine, s.newCode()
	runs := e.compiler.find(codeKey{s.hash, e.options.Interpreter})
	var m *rewritten
	if runs != nil {
		c.facts = runs.facts
	} else if m, err = s.rewrite(); err != nil {
		return nil, err
	} else if c.facts = m.facts; e.drafts(m.facts) {
		c.later = m
	}
	if err := e.options.Account.Take(account.Code, c.bytes()); err != nil {
		err = c.tooLarge(err, 0, 1)
		if runs != nil {
			runs.leave()
		}
		return nil, err
	}
	if runs == nil {
		if runs, err = e.ready(ctx, m, e.options.Interpreter || c.later != nil); err != nil {
			e.options.Account.Release(account.Code, c.bytes())
			return nil, err
		}
	}
	c.runs.Store(runs)
	return c, nil
}

// drafts reports whether the interpreter is to run a module until it is compiled.
func (e *Engine) drafts(f *facts) bool {
	return e.options.Swapped != nil && !e.options.Interpreter && !e.compiledBefore(f)
}

func (s *Source) newCode() *Code {
	e, o := s.engine, s.Outline()
	c := &Code{engine: e, fixed: o.InstanceBytes(),
		least: uint64(o.Memory.MinPages) * WasmPageBytes,
		most:  e.options.MemoryLimit, blocked: o.ImageBlocker(), images: map[*Image]struct{}{}}
	if o.Memory.HasMax {
		c.most = min(c.most, uint64(o.Memory.MaxPages)*WasmPageBytes)
	}
	if e.options.NoImages {
		c.blocked = "images are off"
	}
	return c
}

// ready is newCompiled with an error for whoever gave the module.
func (e *Engine) ready(ctx context.Context, m *rewritten, interpreted bool) (*compiled, error) {
	c, err := e.newCompiled(ctx, m, interpreted)
	var refused *CompileError
	if err != nil && !errors.As(err, &refused) {
		return nil, &CompileError{Problem: "module does not validate", Err: err}
	}
	return c, err
}

// Engine returns whose code it is.
func (c *Code) Engine() *Engine { return c.engine }

// Hash returns the SHA-256 of the module as it was given, in hex.
func (c *Code) Hash() string { return c.facts.name() }

// Size returns the length of the module as it was given, in bytes.
func (c *Code) Size() int { return c.facts.size }

// StartFunction returns the export that runs the module's start function, which an
// instance does not run by itself; "" if it has none.
func (c *Code) StartFunction() string { return c.facts.start }

// bytes is what the module takes as code.
func (c *Code) bytes() int64 { return int64(c.facts.size) * codePerByte }

// use returns what a new instance runs, which is a user of it as well.
func (c *Code) use() *compiled {
	c.mu.Lock() // swap gives up what ran before after it
	defer c.mu.Unlock()
	runs := c.runs.Load()
	runs.compiler.mu.Lock()
	defer runs.compiler.mu.Unlock()
	runs.users++
	return runs
}

// Close gives the code back once the last of its images is. No image can be made
// any more.
func (c *Code) Close() {
	c.mu.Lock()
	last := !c.closed && len(c.images) == 0
	c.closed = true
	c.mu.Unlock()
	if last {
		c.free()
	}
}

// join adds an image, if the code may have one more.
func (c *Code) join(im *Image) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.images[im] = struct{}{}
	c.engine.images.Add(1)
	return true
}

// leave takes an image away that was given back, and with the last one the code.
func (c *Code) leave(im *Image) {
	c.mu.Lock()
	delete(c.images, im)
	c.engine.images.Add(-1)
	last := c.closed && len(c.images) == 0
	c.mu.Unlock()
	if last {
		c.free()
	}
}

func (c *Code) free() {
	defer c.engine.options.Account.Release(account.Code, c.bytes())
	c.runs.Load().leave()
}
