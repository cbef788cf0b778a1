package module

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// A Compiler compiles modules, and has the code by the hash of its module for as long
// as somebody uses it. Engines may share one: a module is read and compiled once for
// all of them. It is used by any number of goroutines.
type Compiler struct {
	keep   int
	passes rewrite.Passes

	// turn holds a token while a module compiles. One at a time bounds the memory,
	// and leaves other processors to those who are served.
	turn chan struct{}

	mu     sync.Mutex // no other lock is taken under it
	codes  map[codeKey]*compiled
	unused []*compiled // of codes, the one that was left last at the end
}

// codeKey says what code was made of, and how.
type codeKey struct {
	module      [sha256.Size]byte // the hash of the module as it was given
	interpreted bool
}

// NewCompiler returns a Compiler that keeps the code of so many modules that nobody
// uses, for those who come back. It takes their memory from no account.
func NewCompiler(keep int) *Compiler {
	return &Compiler{keep: keep, passes: rewrite.AllPasses, turn: make(chan struct{}, 1),
		codes: map[codeKey]*compiled{}}
}

// WithPasses has modules rewritten with a set of passes in place of all of them, and
// returns c, which nobody may have used. A test turns passes off with it.
func (c *Compiler) WithPasses(set rewrite.Passes) *Compiler {
	c.passes = set
	return c
}

// Close frees all code. Nobody may use it any more.
func (c *Compiler) Close() {
	c.mu.Lock()
	left := slices.Collect(maps.Values(c.codes))
	clear(c.codes)
	c.unused = nil
	c.mu.Unlock()
	for _, old := range left {
		old.close()
	}
}

// enter waits for the turn to compile. Who gives up leaves the queue, so compilations
// that nobody waits for do not pile up; one that has begun goes on, as wazero does
// not ask, and the limits of package rewrite bound it.
func (c *Compiler) enter(ctx context.Context) (leave func(), err error) {
	select {
	case c.turn <- struct{}{}:
		return func() { <-c.turn }, nil
	case <-ctx.Done():
		return nil, &CompileError{Err: ctx.Err(),
			Problem: "module waited for another one's compilation"}
	}
}

// find returns code that is there already, with the caller as a user, or nil.
func (c *Compiler) find(key codeKey) *compiled {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.codes[key]
	if found != nil {
		c.useLocked(found)
	}
	return found
}

// useLocked makes the caller a user. mu must be held.
func (c *Compiler) useLocked(found *compiled) {
	if found.users == 0 {
		c.unused = slices.DeleteFunc(c.unused, func(other *compiled) bool { return other == found })
	}
	found.users++
}

// add lets others find code, unless somebody was faster: then theirs is used.
func (c *Compiler) add(made *compiled) *compiled {
	c.mu.Lock()
	first := c.codes[made.key]
	if first == nil {
		c.codes[made.key] = made
		c.mu.Unlock()
		return made
	}
	c.useLocked(first)
	c.mu.Unlock()
	made.close()
	return first
}

// leave takes a user away. Code without users is freed, unless it is among the last
// ones that are kept.
func (c *Compiler) leave(left *compiled) {
	var old *compiled
	c.mu.Lock()
	left.users--
	switch {
	case left.users > 0:
	case c.codes[left.key] != left:
		old = left // nobody finds it any more
	default:
		c.unused = append(c.unused, left)
		if len(c.unused) > c.keep {
			old = c.unused[0]
			c.unused = slices.Delete(c.unused, 0, 1)
			delete(c.codes, old.key)
		}
	}
	c.mu.Unlock()
	if old != nil {
		old.close()
	}
}

// facts returns what is known of a module whose code is there; nil if it is not.
func (c *Compiler) facts(key codeKey) *facts {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.codes[key]; found != nil {
		return found.facts
	}
	return nil
}

// has reports whether there is code already.
func (c *Compiler) has(key codeKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[key] != nil
}

// compiled returns the code that is compiled.
func (c *Compiler) compiled() (list []*compiled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, code := range c.codes {
		if !key.interpreted {
			list = append(list, code)
		}
	}
	return list
}
