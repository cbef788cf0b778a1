package module

import (
	"context"
	"log/slog"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

// compiled is a module that is ready to be instantiated, by the compiler or by the
// interpreter. It has a runtime of wazero's to itself: one runtime has one cache,
// and only in a folder of its own is it known which compiled code is whose.
//
// Each Code of the same bytes shares it, in all engines of a Compiler. Compiler.mu
// guards users, which counts those and every instance.
type compiled struct {
	compiler *Compiler
	key      codeKey
	facts    *facts
	runtime  wazero.Runtime
	cache    wazero.CompilationCache // nil: nothing is kept
	module   wazero.CompiledModule
	users    int
	closing  sync.Once
	logger   *slog.Logger // of the engine that wanted it first
}

// newCompiled makes a module that was rewritten ready, or finds it ready. The caller
// is a user of it.
func (e *Engine) newCompiled(ctx context.Context, m *rewritten, interpreted bool) (
	*compiled, error) {
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
	c := &compiled{compiler: e.compiler, key: key, facts: m.facts, users: 1,
		logger: e.options.Logger}
	config := wazero.NewRuntimeConfigCompiler()
	if interpreted {
		config = wazero.NewRuntimeConfigInterpreter()
	} else if c.cache = e.openCache(e.codeFolder(m.facts)); c.cache != nil {
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
		c.module, err = c.runtime.CompileModule(ctx, m.wasm)
	} else {
		c.module, err = e.compile(ctx, c, m)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return e.compiler.add(c), nil
}

// leave takes a user away.
func (c *compiled) leave() { c.compiler.leave(c) }

// close gives back what the code takes. Nobody may run in it.
func (c *compiled) close() { c.closing.Do(c.free) }

func (c *compiled) free() {
	err := c.runtime.Close(context.Background())
	if c.cache != nil {
		if cacheErr := c.cache.Close(context.Background()); err == nil {
			err = cacheErr
		}
	}
	if err != nil {
		c.logger.Warn("close compiled code", "module", c.facts.name()[:12], "error", err)
	}
}
