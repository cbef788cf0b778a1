package module

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// code is a module that is ready to be instantiated, by the compiler or by the
// interpreter. It has a runtime of wazero's to itself: one runtime has one cache,
// and only in a folder of its own is it known which compiled code is whose.
//
// Versions of the same bytes share it, of all engines of a Compiler. Compiler.mu
// guards users, which counts those versions and every instance.
type code struct {
	compiler *Compiler
	key      codeKey
	program  *program
	runtime  wazero.Runtime
	cache    wazero.CompilationCache // nil: nothing is kept
	compiled wazero.CompiledModule
	users    int
	closing  sync.Once
	logger   *slog.Logger // of the engine that wanted it first
}

// program is what is known of a module before anything of it has run.
type program struct {
	outline rewrite.Outline
	hash    [sha256.Size]byte // of the module as it was given
	size    int               // and its length in bytes
	sum     sum               // of the module as it runs
	start   string
	globals []string
	data    []segment

	background bool // it exports background_run
}

// name is the hash in hex, which names the module to everybody.
func (p *program) name() string { return hex.EncodeToString(p.hash[:]) }

// rewritten is a module as it runs.
type rewritten struct {
	*program
	wasm []byte // nil: its code is there
}

// sum tells one rewritten module from another.
type sum [sha256.Size]byte

// String is short enough for the name of a folder.
func (s sum) String() string { return hex.EncodeToString(s[:8]) }

// newCode makes code of a module that was rewritten, or finds that of another
// version. The caller is a user of it.
func (e *Engine) newCode(ctx context.Context, m *rewritten, interpreted bool) (*code, error) {
	key := codeKey{m.hash, interpreted}
	if c := e.compiler.find(key); c != nil {
		return c, nil
	}
	if !interpreted {
		leave, err := e.compiler.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		if c := e.compiler.find(key); c != nil { // of who was before us
			return c, nil
		}
	}
	c := &code{compiler: e.compiler, key: key, program: m.program, users: 1, logger: e.options.Logger}
	config := wazero.NewRuntimeConfigCompiler()
	if interpreted {
		config = wazero.NewRuntimeConfigInterpreter()
	} else if c.cache = e.openCache(e.codeFolder(m.program)); c.cache != nil {
		config = config.WithCompilationCache(c.cache)
	}
	// The limit of memory is enforced by package module's own allocator, which
	// needs room above it to shrink a memory; see memory.
	c.runtime = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false))
	if _, err := hostfunc.Instantiate(ctx, c.runtime); err != nil {
		c.close()
		return nil, err
	}
	var err error
	if interpreted {
		c.compiled, err = c.runtime.CompileModule(ctx, m.wasm)
	} else {
		c.compiled, err = e.compile(ctx, c, m)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return e.compiler.add(c), nil
}

// useCode returns the code of a new instance, which is a user of it as well.
func (v *Version) useCode() *code {
	v.mu.Lock() // swap gives up the old code after it
	defer v.mu.Unlock()
	c := v.code.Load()
	c.compiler.mu.Lock()
	defer c.compiler.mu.Unlock()
	c.users++
	return c
}

// leave takes a user away.
func (c *code) leave() { c.compiler.leave(c) }

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
		c.logger.Warn("close compiled code", "module", c.program.name()[:12], "error", err)
	}
}
