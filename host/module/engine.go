package module

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"

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
	// Compiler is what compiles, and has the code. Default one of the engine's own,
	// which keeps nothing that nobody uses.
	Compiler *Compiler
	// CacheDir keeps compiled code between starts. Default none.
	CacheDir string
	// After is time.AfterFunc; stop keeps fn from being called if it was not yet.
	// A compilation that takes a second is logged through it.
	After func(d time.Duration, fn func()) (stop func() bool)
	// Interpreter runs guests without compiling them. Default false.
	Interpreter bool
	// Swapped lets Compile return code that the interpreter runs, where compiling takes
	// longer. It is compiled beside that once an image of it is there, and Swapped is
	// called when new instances run what was compiled; see Instance.Current. Default:
	// Compile compiles.
	Swapped func(*Code)
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
		o.After = func(d time.Duration, fn func()) (stop func() bool) {
			return time.AfterFunc(d, fn).Stop
		}
	}
}

// Engine compiles modules and makes instances of them, and counts what they take.
type Engine struct {
	options  Options
	world    *hostfunc.World
	config   wazero.ModuleConfig
	imports  hostfunc.Imports
	began    time.Time
	compiler *Compiler

	compiling sync.Mutex // one at a time beside what serves

	instances    atomic.Int64
	maxInstances int64
	full         atomic.Bool // the last instance that was wanted could not be mapped
	images       atomic.Int64
}

// NewEngine starts an engine with every host module in it.
func NewEngine(ctx context.Context, o Options) (*Engine, error) {
	o.setDefaults()
	e := &Engine{options: o, world: hostfunc.NewWorld(o.System), compiler: o.Compiler,
		maxInstances: maxInstances(), began: time.Now()}
	if e.compiler == nil {
		e.compiler = NewCompiler(0)
	}
	e.findCache()
	var err error
	if e.imports, err = offered(ctx); err != nil {
		return nil, err
	}
	// An anonymous module can be instantiated any number of times. Its start
	// function and _initialize are run by newVersion.
	e.config = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithEnv("GOGC", "50")
	for k, v := range o.Env {
		e.config = e.config.WithEnv(k, v)
	}
	return e, nil
}

// offered returns what guests can import.
func offered(ctx context.Context) (hostfunc.Imports, error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer runtime.Close(ctx)
	return hostfunc.Instantiate(ctx, runtime)
}

// Instances returns how many instances exist, of all images.
func (e *Engine) Instances() int { return int(e.instances.Load()) }

// Images returns how many images there are, with those that could not be taken.
func (e *Engine) Images() int { return int(e.images.Load()) }

// System returns what guests see of the world.
func (e *Engine) System() *hostfunc.System { return &e.world.System }

// MemoryLimit returns what bounds each instance's linear memory, in bytes.
func (e *Engine) MemoryLimit() uint64 { return e.options.MemoryLimit }

// Logger returns what gets what is worth knowing about modules.
func (e *Engine) Logger() *slog.Logger { return e.options.Logger }

// Close frees the compiled code of an engine whose Compiler is its own. Every instance
// must be closed.
func (e *Engine) Close(context.Context) error {
	if e.options.Compiler == nil {
		e.compiler.Close()
	}
	return nil
}
