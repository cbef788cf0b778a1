package object

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/internal/clock"
	"github.com/cairn-dev/cairn/host/storage"
)

// Options configures Objects.
type Options struct {
	// App says what objects run. Required.
	App *app.App
	// Store holds what objects store. Required.
	Store *storage.Store
	// Random fills a buffer with random bytes. Required.
	Random func([]byte)
	// Account is what activations are counted in. Default none.
	Account *account.Account
	// Residents bounds the objects that hold an instance at a time; the others
	// have their memory set aside. Default 64.
	Residents int
	// EvictIdle is how long an object is idle before it may forget its memory.
	// Default 10 s, upstream's.
	EvictIdle time.Duration
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
	// Clock is what critical sections go by. Default Now, with the timers of
	// package time.
	Clock clock.Clock
	// Logger gets what goes wrong, with object and class. Default discards.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	if o.Residents == 0 {
		o.Residents = 64
	}
	if o.EvictIdle == 0 {
		o.EvictIdle = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Clock == nil {
		o.Clock = clock.Wall(o.Now)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// numShards spreads the activations over as many maps, so that looking one up
// seldom waits and a sweep holds a small part at a time.
const numShards = 256

type shard struct {
	mu          sync.RWMutex
	activations map[abi.ID]*Activation
}

// Objects are the activations of this node, and the way to them.
type Objects struct {
	options Options
	sender  event.Sender // what objects call through
	shards  [numShards]shard
	waits   waits
	live    residents
	turns   sync.Pool
	ticks   atomic.Uint32 // see evict.go

	background event.Background
}

// New makes Objects. Objects call each other through sender; nil is Objects
// itself.
func New(o Options, sender event.Sender) *Objects {
	o.setDefaults()
	objects := &Objects{options: o, sender: sender, live: residents{max: o.Residents}}
	for i := range objects.shards {
		objects.shards[i].activations = map[abi.ID]*Activation{}
	}
	objects.turns.New = func() any { return &turn{} }
	if sender == nil {
		objects.sender = objects
	}
	return objects
}

func (o *Objects) shard(id abi.ID) *shard {
	return &o.shards[binary.LittleEndian.Uint16(id[:])%numShards]
}

// find returns the activation of an address, a new one if there is none.
func (o *Objects) find(to *event.Address) *Activation {
	s := o.shard(to.ID)
	s.mu.RLock()
	a := s.activations[to.ID]
	s.mu.RUnlock()
	if a != nil {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.activations[to.ID]; a != nil {
		return a
	}
	a = newActivation(o, to)
	s.activations[to.ID] = a
	return a
}

// Send implements event.Sender for the objects of this node.
func (o *Objects) Send(ctx context.Context, r *event.Event, dst []byte) (event.Reply, error) {
	e := edgeOf(r)
	for {
		a := o.find(&r.To)
		nested := e != nil && o.waits.begin(e, e.from, a)
		reply, err := a.serve(ctx, r, nested, dst)
		if closing := o.waits.end(e); closing != nil { // the call was not let in after all
			a.letIn(closing)
		}
		o.waits.resume(e)
		if err != errGone {
			return reply, err
		}
	}
}

// durable is what may be told of as far as the log goes.
func (o *Objects) durable() gate.Mark { return gate.At(o.options.Store.Durable()) }

// Drop ends every activation of a namespace, whose objects are to be destroyed.
// Nothing may reach the namespace any more; calls that are under way or queued
// end first.
func (o *Objects) Drop(ctx context.Context, namespace uint32) error {
	for {
		busy := 0
		for i := range o.shards {
			busy += o.shards[i].drop(namespace)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d objects of a deleted class are still busy: %w", busy, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// drop ends the idle activations of a namespace and counts the others.
func (s *shard) drop(namespace uint32) (busy int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.activations {
		if a.address.Namespace != namespace {
			continue
		}
		if a.end() {
			delete(s.activations, id)
		} else {
			busy++
		}
	}
	return busy
}

// Len returns how many activations there are.
func (o *Objects) Len() int {
	n := 0
	for i := range o.shards {
		o.shards[i].mu.RLock()
		n += len(o.shards[i].activations)
		o.shards[i].mu.RUnlock()
	}
	return n
}

// Close ends every activation. No call may be under way; what was left for
// after an answer may finish first, until ctx is done; then it keeps what it
// runs on, and Close fails.
func (o *Objects) Close(ctx context.Context) error {
	if err := o.background.Close(ctx); err != nil {
		return fmt.Errorf("work that objects left for after their answers still runs: %w", err)
	}
	for i := range o.shards {
		s := &o.shards[i]
		s.mu.Lock()
		for id, a := range s.activations {
			a.end()
			delete(s.activations, id)
		}
		s.mu.Unlock()
	}
	return nil
}

// Active reports whether an object has an activation.
func (o *Objects) Active(id abi.ID) bool {
	s := o.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.activations[id] != nil
}
