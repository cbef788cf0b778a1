package module

import (
	"reflect"

	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// wazero grows the stack of a callable, up to 100 MB, and never gives it back: a
// guest that recurses once in each of some hundred instances would take the
// host's memory.
const (
	// keepStackBytes is the largest stack that a callable keeps for its next call.
	keepStackBytes = 128 << 10
	// keepDepth is how deep entries are nested whose callables are kept.
	keepDepth = 4
	// firstStackBytes is about what a callable begins with, which is counted with
	// the instance.
	firstStackBytes = 16 << 10
)

// callable is a function of an instance that can be entered once at a time.
type callable struct {
	fn    api.Function
	stack reflect.Value // of fn, see stackOf
	kept  int64         // of its stack, above firstStackBytes: taken from the account
}

func newCallable(fn api.Function) *callable { return &callable{fn: fn, stack: stackOf(fn)} }

// running is what runs in an instance: the innermost of its entries.
type running struct {
	*callable
	held    int64 // of its stack, above what is kept: taken from the account
	stretch stretch
	watch   hostfunc.Watcher
}

// begin notes that f runs from now on, in the entry of c. It returns what is below
// it, for end.
func (i *Instance) begin(c *hostfunc.Call, f *callable) (below running) {
	below = i.running
	c.TakeFrom(i.engine().options.Account)
	i.running = running{callable: f, watch: c.Watch(i)}
	i.running.stretch = i.mem.begin(true)
	return below
}

func (i *Instance) end(c *hostfunc.Call, below running) {
	i.mem.end(i.running.stretch)
	i.engine().options.Account.Release(account.Stacks, i.running.held)
	c.Watch(i.running.watch)
	i.running = below
}

// Look implements hostfunc.Watcher: it takes from the account what the stack has
// grown by since the last look, and ends the entry where that is not there. wazero
// does not ask before it doubles a stack, and has both until the old one is copied: so
// three times what there is are taken, which is enough up to the next look.
func (i *Instance) Look() error {
	r := &i.running
	grown := 3 * (r.stackBytes() - firstStackBytes - r.kept)
	if grown <= r.held {
		return nil
	}
	if err := i.engine().options.Account.Take(account.Stacks, grown-r.held); err != nil {
		return err
	}
	r.held = grown
	return nil
}

// Leave implements hostfunc.Watcher: the goroutine may go on in another thread.
func (i *Instance) Leave() {
	i.mem.end(i.running.stretch)
	i.running.stretch = stretch{}
}

// Return implements hostfunc.Watcher.
func (i *Instance) Return() { i.running.stretch = i.mem.begin(false) }

// keep decides whether the callable that has run at the present depth is kept with
// its stack, for the next call.
func (i *Instance) keep(export int, f *callable) {
	a, has := i.engine().options.Account, f.stackBytes()
	more := has - firstStackBytes - f.kept
	switch {
	case has <= keepStackBytes && i.depth < keepDepth && more <= 0:
	case has <= keepStackBytes && i.depth < keepDepth && a.Try(account.Stacks, more):
		f.kept += more
	default: // a new one begins small
		a.Release(account.Stacks, f.kept)
		i.callables[export] = i.callables[export][:i.depth]
	}
}

// keptStacks is what the instance's callables have taken from the account.
func (i *Instance) keptStacks() (bytes int64) {
	for _, list := range i.callables {
		for _, f := range list {
			bytes += f.kept
		}
	}
	return bytes
}

// stackOf finds the stack of a callable, the compiler's or the interpreter's, which is
// not valid if there is none of that name. wazero offers no other way to learn its size;
// reading a slice's length by reflection changes nothing.
func stackOf(fn api.Function) (stack reflect.Value) {
	v := reflect.ValueOf(fn)
	if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		stack = v.Elem().FieldByName("stack")
	}
	if stack.Kind() != reflect.Slice {
		return reflect.Value{}
	}
	return stack
}

// stackBytes returns how large the stack has grown, 0 if unknown.
func (f *callable) stackBytes() int64 {
	if !f.stack.IsValid() {
		return 0
	}
	return int64(f.stack.Len()) * int64(f.stack.Type().Elem().Size())
}
