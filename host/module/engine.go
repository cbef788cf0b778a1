package module

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Options configures an Engine.
type Options struct {
	// System is the clock and the randomness that guests see. Required.
	System hostfunc.System
	// MemoryLimit bounds each instance's linear memory in bytes. Default 128
	// MiB, upstream's figure.
	MemoryLimit uint64
	// Account is what code, images, instances, stacks and set-aside memory are
	// taken from. Default none: they have no bound.
	Account *account.Account
	// CacheDir keeps compiled code between starts. Default none.
	CacheDir string
	// After is time.AfterFunc; stop keeps fn from being called if it was not yet.
	// A compilation that takes a second is logged through it.
	After func(d time.Duration, fn func()) (stop func() bool)
	// Interpreter runs guests without compiling them. Default false.
	Interpreter bool
	// NoImages starts every instance the plain way. Default false.
	NoImages bool
	// Env is the environment that guests see through WASI, besides GOGC.
	Env map[string]string
	// Logger gets what is worth knowing about modules. Default discards.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	if o.MemoryLimit == 0 {
		o.MemoryLimit = 128 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.After == nil {
		o.After = func(d time.Duration, fn func()) (stop func() bool) { return time.AfterFunc(d, fn).Stop }
	}
}

// Engine compiles modules and owns the compiled code.
type Engine struct {
	options Options
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	config  wazero.ModuleConfig
	imports hostfunc.Imports

	instances    atomic.Int64
	maxInstances int64
	full         atomic.Bool // the last instance that was wanted could not be mapped
	versions     atomic.Int64
}

// NewEngine starts an engine with every host module in it.
func NewEngine(ctx context.Context, o Options) (*Engine, error) {
	o.setDefaults()
	config := wazero.NewRuntimeConfigCompiler()
	if o.Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	e := &Engine{options: o, maxInstances: maxInstances()}
	if e.openCache(); e.cache != nil {
		config = config.WithCompilationCache(e.cache)
	}
	// The limit of memory is enforced by package module's own allocator, which
	// needs room above it to shrink a memory; see memory.
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false))
	imports, err := hostfunc.Instantiate(ctx, e.runtime, o.System)
	if err != nil {
		e.Close(ctx)
		return nil, err
	}
	e.imports = imports
	// An anonymous module can be instantiated any number of times. Its start
	// function and _initialize are run by newVersion.
	e.config = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithEnv("GOGC", "50")
	for k, v := range o.Env {
		e.config = e.config.WithEnv(k, v)
	}
	return e, nil
}

// Instances returns how many instances exist, of all versions.
func (e *Engine) Instances() int { return int(e.instances.Load()) }

// Versions returns how many versions hold compiled code.
func (e *Engine) Versions() int { return int(e.versions.Load()) }

// Close frees all compiled code. Every instance must be closed.
func (e *Engine) Close(ctx context.Context) error {
	if err := e.runtime.Close(ctx); err != nil {
		return fmt.Errorf("close engine: %w", err)
	}
	if e.cache != nil {
		if err := e.cache.Close(ctx); err != nil {
			return fmt.Errorf("close compilation cache: %w", err)
		}
	}
	return nil
}
