package release

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/internal/group"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/storage"
)

// Options configures Releases.
type Options struct {
	// App is what calls see of the scripts. Required.
	App *app.App
	// Store keeps the versions, and what the app's scripts and classes are. Required.
	Store *storage.Store
	// Gate is where a deploy waits until its version is durable. Required.
	Gate *gate.Gate
	// Engine compiles modules. Required.
	Engine *module.Engine
	// Objects are told when a release has changed. Required.
	Objects Objects
	// Outbound is how guests reach other hosts. Default not at all.
	Outbound app.Outbound
	// Metrics count deploys, and what each script and class does. Required.
	Metrics *observe.Metrics
	// Routes go before those of the configs. Default none.
	Routes []Route
	// CPULimit bounds what one entry into a guest may compute, where a config has no
	// limit of its own. Required.
	CPULimit time.Duration
	// Draft keeps versions in memory and not in the store, and lets a start deploy what
	// the files say whatever was deployed before. Default false.
	Draft bool
	// PruneCache removes compiled code that no version needs. Default false.
	PruneCache bool
	// Now is the wall clock. Required.
	Now func() time.Time
	// Logger gets what the host says of its releases. Required.
	Logger *slog.Logger
	// Guests gets what the scripts' guests log, and what is logged about them. Required.
	Guests *slog.Logger
}

// Objects are the objects in memory, as a deploy sees them.
type Objects interface {
	// Refresh lets go of memory that is of versions which serve no more.
	Refresh()
	// Drop ends the objects of a namespace that nothing reaches any more, or gives up
	// when ctx is done.
	Drop(ctx context.Context, namespace uint32) error
}

// Releases are what a host's scripts run, and the only way to change it. Any goroutine
// may call its methods once Start has returned.
type Releases struct {
	options Options
	shelf   *shelf
	scripts []*served // the first is the public one

	// changing is held as long as a change of the scripts takes. Calls and those who
	// look at the scripts do not wait for it: they see options.App.
	changing sync.Mutex
	compiles sync.WaitGroup  // compilations under way, also when nobody waits for them
	running  context.Context // until Stop
	stop     context.CancelFunc
}

// New makes Releases of no script.
func New(o Options) *Releases {
	r := &Releases{options: o, shelf: newShelf(o.Store, o.Draft)}
	r.running, r.stop = context.WithCancel(context.Background())
	return r
}

// Stop lets a change that is under way give up, waits for its end, and lets no other
// begin. What serves serves on.
func (r *Releases) Stop() {
	r.stop()
	r.changing.Lock() // see begin
	defer r.changing.Unlock()
}

// Close gives back the modules that serve, after Stop and once no call is under way. It
// reports whether the compiler came to rest before ctx was done: if not, the engine
// must not be closed.
func (r *Releases) Close(ctx context.Context) (atRest bool) {
	if now := r.options.App.Serving(); now != nil { // nil after a start that failed
		for _, s := range now.Scripts {
			for _, v := range s.Versions() {
				v.Program.Close()
			}
		}
	}
	return group.Wait(ctx, &r.compiles) == nil
}
