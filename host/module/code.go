package module

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

// code is a module that is ready to be instantiated, by the compiler or by the
// interpreter. It has a runtime of wazero's to itself: one runtime has one cache,
// and only in a folder of its own is it known which compiled code is whose.
//
// Versions of the same bytes share it. Engine.mu guards users, which counts those
// versions and every instance; with the last of them all of it is given back.
type code struct {
	engine   *Engine
	key      codeKey
	runtime  wazero.Runtime
	cache    wazero.CompilationCache // nil: nothing is kept
	compiled wazero.CompiledModule
	hash     string // of the module as it was given
	users    int
	closing  sync.Once
}

// codeKey says what code was made of, and how.
type codeKey struct {
	sum         sum // of the module as it runs
	interpreted bool
}

// rewritten is a module as it runs.
type rewritten struct {
	wasm []byte
	sum  sum    // of wasm
	hash string // of the module as it was given, see Version.Hash
}

// sum tells one rewritten module from another.
type sum [sha256.Size]byte

// String is short enough for the name of a folder.
func (s sum) String() string { return hex.EncodeToString(s[:8]) }

// newCode makes code of a module that was rewritten, or finds that of another
// version. The caller is a user of it.
func (e *Engine) newCode(ctx context.Context, m *rewritten, interpreted bool) (*code, error) {
	key := codeKey{m.sum, interpreted}
	if c := e.findCode(key); c != nil {
		return c, nil
	}
	if !interpreted {
		leave, err := e.enterCompiler(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		if c := e.findCode(key); c != nil { // of who was before us
			return c, nil
		}
	}
	c := &code{engine: e, key: key, hash: m.hash, users: 1}
	config := wazero.NewRuntimeConfigCompiler()
	if interpreted {
		config = wazero.NewRuntimeConfigInterpreter()
	} else if c.cache = e.openCache(e.codeFolder(m)); c.cache != nil {
		config = config.WithCompilationCache(c.cache)
	}
	// The limit of memory is enforced by package module's own allocator, which
	// needs room above it to shrink a memory; see memory.
	c.runtime = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false))
	if _, err := hostfunc.Instantiate(ctx, c.runtime, e.options.System); err != nil {
		c.close()
		return nil, err
	}
	var err error
	if interpreted {
		c.compiled, err = c.runtime.CompileModule(ctx, m.wasm)
	} else {
		c.compiled, err = c.compile(ctx, m)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return e.keepCode(c), nil
}

// enterCompiler waits for the compiler. Who gives up leaves the queue, so compilations
// that nobody waits for do not pile up; one that has begun goes on, as wazero does
// not ask, and the limits of package rewrite bound it.
func (e *Engine) enterCompiler(ctx context.Context) (leave func(), err error) {
	select {
	case e.compiler <- struct{}{}:
		return func() { <-e.compiler }, nil
	case <-ctx.Done():
		return nil, &CompileError{Problem: "module waited for another one's compilation", Err: ctx.Err()}
	}
}

// findCode returns code that is there already, with the caller as a user, or nil.
func (e *Engine) findCode(key codeKey) *code {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.codes[key]
	if c != nil {
		c.users++
	}
	return c
}

// keepCode lets others find c, unless somebody was faster: then theirs is used.
func (e *Engine) keepCode(c *code) *code {
	e.mu.Lock()
	first := e.codes[c.key]
	if first == nil {
		e.codes[c.key] = c
		e.mu.Unlock()
		return c
	}
	first.users++
	e.mu.Unlock()
	c.close()
	return first
}

// useCode returns the code of a new instance, which is a user of it as well.
func (v *Version) useCode() *code {
	v.mu.Lock() // swap gives up the old code after it
	defer v.mu.Unlock()
	v.engine.mu.Lock()
	defer v.engine.mu.Unlock()
	c := v.code.Load()
	c.users++
	return c
}

// leave takes a user away, and with the last one the code.
func (c *code) leave() {
	c.engine.mu.Lock()
	c.users--
	last := c.users == 0
	if last && c.engine.codes[c.key] == c {
		delete(c.engine.codes, c.key)
	}
	c.engine.mu.Unlock()
	if last {
		c.close()
	}
}

// close gives back what the code takes. Nobody may run in it.
func (c *code) close() { c.closing.Do(c.free) }

func (c *code) free() {
	err := c.runtime.Close(context.Background())
	if c.cache != nil {
		if cacheErr := c.cache.Close(context.Background()); err == nil {
			err = cacheErr
		}
	}
	if err != nil {
		c.engine.options.Logger.Warn("close compiled code", "module", c.hash[:12], "error", err)
	}
}
