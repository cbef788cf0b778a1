package release_test

import (
	"sync"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// hold is a host function at which one call of a guest is held.
type hold struct {
	name          string
	mu            sync.Mutex
	armed         bool
	reached, open chan struct{}
}

func newHold(name string) *hold {
	return &hold{name: name, reached: make(chan struct{}), open: make(chan struct{})}
}

// wrap puts the hold into a host.
func (g *hold) wrap(o *host.Options) {
	o.WrapImports = func(name string, run hostfunc.Function) hostfunc.Function {
		if name != g.name {
			return run
		}
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			g.pass()
			return run(c, args)
		}
	}
}

func (g *hold) pass() {
	g.mu.Lock()
	held := g.armed
	g.armed = false
	g.mu.Unlock()
	if held {
		g.reached <- struct{}{}
		<-g.open
	}
}

// next runs fn on a goroutine and returns when it is held; done is closed when
// fn has returned.
func (g *hold) next(fn func()) (done chan struct{}) {
	g.mu.Lock()
	g.armed = true
	g.mu.Unlock()
	done = make(chan struct{})
	go func() { defer close(done); fn() }()
	<-g.reached
	return done
}

func (g *hold) release() { g.open <- struct{}{} }
