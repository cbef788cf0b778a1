package host

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/ingress"
	"github.com/cairn-dev/cairn/host/internal/clock"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/placement"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/host/storage"
)

// Options configures a Runtime.
type Options struct {
	// Config is the script that is public. Required.
	Config *config.Config
	// Wasm is its module. Default: what Config.Main names.
	Wasm []byte
	// More are scripts that run beside it, for bindings with a script_name.
	// Default none.
	More []release.Script
	// Routes are patterns of requests and the names of the scripts that answer them;
	// they go before those of the configs. What none matches is for Config. Default
	// none.
	Routes []release.Route
	// Draft is for scripts that are being edited. What their files say is deployed at
	// the start, whatever was deployed before, and versions are kept in memory and not
	// in the store, which says of them what it said; migrations are durable as ever.
	// A version is interpreted until it is compiled. Default false.
	Draft bool
	// DataDir is the folder of the store. Required.
	DataDir string
	// CacheDir keeps compiled code between starts. Default none.
	CacheDir string
	// Compiler is what compiles modules, for hosts of one process that share it. Default
	// one of this host's own.
	Compiler *module.Compiler
	// PruneCache removes from CacheDir what no kept version needs, at the start and
	// after each deploy. The folder must be this host's alone. Default false.
	PruneCache bool
	// EvictIdle is how long an object is idle before it may forget its memory.
	// Default 10 s.
	EvictIdle time.Duration
	// Residents bounds the objects that hold an instance at a time. Default 64.
	Residents int
	// MemoryBudget bounds what the store keeps in memory and what guests, and those
	// who call them, make the host hold, in bytes: see package account. Default 4 GiB.
	MemoryBudget int64
	// MaxBusy bounds the requests that Workers run at a time; others wait in turn.
	// Default worker.DefaultMaxBusy.
	MaxBusy int
	// CPULimit bounds what one entry into a guest may compute. Default 30 s; a
	// config's limits.cpu_ms goes before it.
	CPULimit time.Duration
	// MemoryLimit bounds each guest's linear memory in bytes. Default 128 MiB.
	MemoryLimit uint64
	// Interpreter runs guests without compiling them. Default false.
	Interpreter bool
	// NoImages starts every instance the plain way. Default false.
	NoImages bool
	// AllowHosts lists where guests may send requests, see package outbound.
	// Default nowhere.
	AllowHosts []string
	// TrustProxies are the addresses of proxies that are believed when they say who
	// a client is. Default none.
	TrustProxies []netip.Prefix
	// Limits bound what clients of the public listener make the host hold.
	Limits ingress.Limits
	// Answered is called with each request of the public listener that was answered, see
	// ingress.Options. Default nobody.
	Answered func(method, target []byte, status int, took time.Duration)
	// Logger gets the host's log and the guests'. Default discards.
	Logger *slog.Logger

	// FS is where the store lives. Default the disk.
	FS vfs.FS
	// WrapLog lets a test stand between the store and its log. Default none.
	WrapLog func(storage.Log) storage.Log
	// WrapImports lets a test stand between guests and the ABI's functions.
	// Default none.
	WrapImports func(name string, run hostfunc.Function) hostfunc.Function
	// EnterExports lets a test stand between the host and guests' exports, see
	// hostfunc.System. Default none.
	EnterExports func(c *hostfunc.Call, export string,
		enter func() (abi.Status, error)) (abi.Status, error)
	// Placement says which node owns an object. Default this one owns all.
	Placement placement.Placement
	// Clock is what alarms and critical sections go by. Default Now, with the timers of
	// package time.
	Clock clock.Clock
	// Now is the wall clock. Default Clock's time, or time.Now without a Clock.
	Now func() time.Time
	// Random fills a buffer with random bytes. Default crypto/rand.
	Random func([]byte)
}

// MemoryFS returns a new disk in memory, for Options.FS.
func MemoryFS() vfs.FS { return vfs.NewMem() }

// scripts are all scripts, the public one first.
func (o *Options) scripts() []release.Script {
	return append([]release.Script{{Config: o.Config, Wasm: o.Wasm}}, o.More...)
}

func (o *Options) validate() error {
	for _, s := range o.scripts() {
		if s.Config == nil {
			return errors.New("host: no config")
		}
	}
	if err := release.CheckRoutes(o.scripts(), o.Routes); err != nil {
		return err
	}
	if o.DataDir == "" {
		return errors.New("host: no data folder")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Now != nil:
	case o.Clock != nil:
		o.Now = o.Clock.Now // a past alarm is set to now, by the clock it goes by
	default:
		o.Now = time.Now
	}
	if o.Clock == nil {
		o.Clock = clock.Wall(o.Now)
	}
	if o.Placement == nil {
		o.Placement = placement.Local{}
	}
	if o.Random == nil {
		o.Random = func(b []byte) { rand.Read(b) } // never fails, see crypto/rand
	}
	if o.MemoryBudget == 0 {
		o.MemoryBudget = 4 << 30
	}
	if o.CPULimit == 0 {
		o.CPULimit = 30 * time.Second
	}
	return nil
}
