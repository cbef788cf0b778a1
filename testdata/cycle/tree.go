package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"

	"github.com/cairn-dev/cairn/guest"
)

func init() { guest.RegisterObject("Tree", NewTree) }

// Tree is an object of random trees of calls. It watches over itself: a call that
// finds another one in the instance, a reply to another call, a write that is lost
// or done twice, and memory that is not what was stored are errors that begin with
// "WRONG".
type Tree struct {
	state *guest.State
	env   *guest.Env

	open  []string // tokens of the calls that are under way, innermost last
	count int      // of the tokens that are stored, if known
	known bool
}

// Branch is a call of a tree. Its token is unique, and so are those of Add.
type Branch struct {
	Token string
	Do    []Twig
}

// Twig is one thing to do; Kind says what.
type Twig struct {
	Kind string
	Add  string // the token of "add"
	To   string // the object of "call"
	Do   []Twig // of all kinds that hold others
}

// Grown is the reply to a Branch: its token, and what is known to be stored, here
// and in the objects that were called.
type Grown struct {
	Token string
	Added []string
}

// NewTree is the constructor. The objects whose names begin with "call" call
// another, which may be one that waits for them.
func NewTree(state *guest.State, env *guest.Env) (*Tree, error) {
	t := &Tree{state: state, env: env}
	if to, ok := strings.CutPrefix(state.ID.Name(), "call"); ok {
		var n int
		if err := t.stub(to).Call("count", &n); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Tree) stub(name string) *guest.Stub { return t.env.Namespace("TREES").GetByName(name) }

// Count returns how many tokens are stored.
func (t *Tree) Count() (n int, err error) {
	_, err = t.state.Storage.Get("n", &n)
	return n, err
}

// Audit counts the tokens, compares, and returns them. Then it begins anew.
func (t *Tree) Audit() ([]string, error) {
	n, err := t.Count()
	if err != nil {
		return nil, err
	}
	tokens := []string{}
	for e, err := range t.state.Storage.Scan(guest.ListOptions{Prefix: "token/"}) {
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, strings.TrimPrefix(e.Key, "token/"))
	}
	if n != len(tokens) {
		return nil, fmt.Errorf("WRONG: %d writes of %d tokens", n, len(tokens))
	}
	t.count, t.known = 0, true
	return tokens, t.state.Storage.DeleteAll()
}

// Grow runs a branch.
func (t *Tree) Grow(b Branch) (Grown, error) {
	g := Grown{Token: b.Token}
	err := t.entry(b.Token, func() error { return t.do(&g, b.Do) })
	return g, err
}

// Alarm runs what was stored for it, which is deleted in the same batch as the first
// of its writes: a retry must not write them again.
func (t *Tree) Alarm(guest.AlarmInfo) error {
	var b Branch
	if found, err := t.state.Storage.Get("alarm", &b); err != nil || !found {
		return err
	}
	if _, err := t.state.Storage.Delete("alarm"); err != nil {
		return err
	}
	return t.entry(b.Token, func() error { return t.do(&Grown{}, b.Do) })
}

// entry is around all that a call does.
func (t *Tree) entry(token string, do func() error) error {
	t.open = append(t.open, token)
	depth := len(t.open)
	err := do()
	if wrong := t.alone(token, depth); wrong != nil {
		err = wrong
	}
	t.open = t.open[:min(depth-1, len(t.open))]
	return err
}

// alone reports that another call is where this one is.
func (t *Tree) alone(token string, depth int) error {
	if len(t.open) != depth || t.open[depth-1] != token {
		return fmt.Errorf("WRONG: %s at depth %d finds %v", token, depth, t.open)
	}
	return nil
}

// do runs twigs. A call that fails is the callee's business, unless it says WRONG.
func (t *Tree) do(g *Grown, twigs []Twig) error {
	token, depth := t.open[len(t.open)-1], len(t.open)
	for _, w := range twigs {
		if err := t.one(g, w); err != nil {
			return err
		}
		if wrong := t.alone(token, depth); wrong != nil {
			return wrong
		}
	}
	return nil
}

func (t *Tree) one(g *Grown, w Twig) error {
	switch w.Kind {
	case "add":
		return t.add(g, w.Add)
	case "call":
		return t.call(g, w)
	case "critical":
		return t.state.BlockConcurrencyWhile(func() error { return t.do(g, w.Do) })
	case "transaction", "rollback":
		return t.transaction(g, w)
	case "background":
		t.state.WaitUntil(func() {
			err := t.entry(w.Add, func() error { return t.do(&Grown{}, w.Do) })
			if err != nil && strings.Contains(err.Error(), "WRONG") {
				guest.Logger().Error(err.Error())
			}
		})
	case "alarm":
		if err := t.state.Storage.Put("alarm", Branch{w.Add, w.Do}); err != nil {
			return err
		}
		return t.state.Storage.SetAlarm(time.Now())
	case "sync":
		return t.state.Storage.Sync()
	case "burn":
		x := 1.5
		for range 100_000 {
			x = math.Sqrt(x * 3)
		}
		sunk = x
	case "fail":
		return errors.New("asked to fail")
	case "abort":
		t.state.Abort("asked to abort")
	case "trap":
		sink = *(*byte)(unsafe.Add(nil, address))
	}
	return nil
}

var sunk float64

// add stores a token and counts it, in memory as well.
func (t *Tree) add(g *Grown, token string) error {
	n, err := t.Count()
	if err != nil {
		return err
	}
	if t.known && t.count != n {
		return fmt.Errorf("WRONG: %d tokens in storage, memory knows of %d", n, t.count)
	}
	if err := t.state.Storage.Put("n", n+1); err != nil {
		return err
	}
	t.count, t.known = n+1, true
	g.Added = append(g.Added, t.state.ID.Name()+"/"+token)
	return t.state.Storage.Put("token/"+token, true)
}

func (t *Tree) call(g *Grown, w Twig) error {
	var inner Grown
	err := t.stub(w.To).Call("grow", &inner, Branch{w.Add, w.Do})
	switch {
	case err == nil && inner.Token != w.Add:
		return fmt.Errorf("WRONG: reply to %s, want one to %s", inner.Token, w.Add)
	case err != nil && strings.Contains(err.Error(), "WRONG"):
		return err
	case err == nil:
		g.Added = append(g.Added, inner.Added...)
	}
	return nil
}

var errRollback = errors.New("asked to roll back")

// transaction runs twigs in a transaction, in which calls are refused.
func (t *Tree) transaction(g *Grown, w Twig) error {
	count, known, added := t.count, t.known, len(g.Added)
	err := t.state.Storage.Transaction(func() error {
		err := t.do(g, w.Do)
		if err == nil && w.Kind == "rollback" {
			err = errRollback
		}
		return err
	})
	if err != nil {
		t.count, t.known, g.Added = count, known, g.Added[:added]
	}
	if errors.Is(err, errRollback) {
		return nil
	}
	return err
}

// MarshalJSON keeps an empty list a list.
func (g Grown) MarshalJSON() ([]byte, error) {
	type plain Grown
	if g.Added == nil {
		g.Added = []string{}
	}
	return json.Marshal(plain(g))
}
