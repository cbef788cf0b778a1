package object

import (
	"fmt"
	"slices"
)

// phase is where an activation is in its life.
//
//	fresh  -> open      an event
//	open   -> idle      its entries have left
//	       -> asleep    they have, and there was no instance for them
//	       -> fresh     they have, and nothing of it is in memory
//	       -> broken    one of them broke it
//	broken -> fresh     its entries have left
//	       -> open      they have, and others wait
//	idle   -> open      an event
//	       -> asleep    another needs its instance, or it was not called for a while
//	       -> fresh     its memory is lost: a deploy, no image, no room to set it aside
//	asleep -> open      an event
//	       -> fresh     its memory is lost: a deploy
//
// From fresh, idle and asleep, in which nothing is open, it can end, and be gone.
type phase uint8

const (
	// fresh has nothing in memory: the next event begins with the constructor.
	fresh phase = iota
	// open has at least one entry: an event has begun and has not left.
	open
	// broken is open, and begins no other event: its entries fail when they come back
	// to the host, and then it is fresh again.
	broken
	// idle has no entry, and an instance that holds its memory.
	idle
	// asleep has no entry and no instance: its memory is set aside.
	asleep
	// gone is found by nobody; whoever has it looks again.
	gone
)

func (p phase) String() string {
	return [...]string{"fresh", "open", "broken", "idle", "asleep", "gone"}[p]
}

// follows has the phases that may come after each.
var follows = [...][]phase{
	fresh:  {open, gone},
	open:   {idle, asleep, fresh, broken},
	broken: {fresh, open},
	idle:   {open, asleep, fresh, gone},
	asleep: {open, fresh, gone},
	gone:   {},
}

// becomeLocked changes the phase. One that may not follow, or that the activation's
// fields deny, is a fault of ours, which costs the object its memory and no more: see
// contained.
func (a *Activation) becomeLocked(p phase) {
	if !slices.Contains(follows[a.phase], p) {
		panic(fmt.Sprintf("object: an activation that is %v cannot become %v", a.phase, p))
	}
	a.phase = p
	if what := a.illegalLocked(); what != "" {
		panic(fmt.Sprintf("object: an activation that is %v %s", p, what))
	}
}

// restLocked makes the activation, in which nothing is open, what it is by what it has
// in memory.
func (a *Activation) restLocked() {
	p := fresh
	switch {
	case a.instance != nil:
		p = idle
	case a.suspended != nil:
		p = asleep
	}
	if p != a.phase {
		a.becomeLocked(p)
	}
}

// openLocked makes s the innermost entry.
func (a *Activation) openLocked(t *turn) {
	t.below, a.top = a.top, t
	if a.top.below == nil && a.phase != open {
		a.becomeLocked(open)
	}
}

// restsLocked reports whether nothing is open: the activation can be suspended, or end.
func (a *Activation) restsLocked() bool {
	return a.phase == fresh || a.phase == idle || a.phase == asleep
}

// illegalLocked says what the activation has that it cannot have in its phase, or
// lacks; "" if all is well.
func (a *Activation) illegalLocked() string {
	isOpen := a.phase == open || a.phase == broken
	switch {
	case isOpen != (a.top != nil):
		return fmt.Sprintf("has an entry: %v", a.top != nil)
	case (a.phase == broken) != (a.brokenBy != nil):
		return fmt.Sprintf("is broken by %v", a.brokenBy)
	case isOpen:
		return "" // the instance is the innermost entry's to change
	case a.mailbox.len() > 0:
		return fmt.Sprintf("has %d waiting", a.mailbox.len())
	case a.critical != 0:
		return fmt.Sprintf("is in %d critical sections", a.critical)
	case (a.phase == idle) != (a.instance != nil):
		return fmt.Sprintf("has an instance: %v", a.instance != nil)
	case (a.phase == asleep) != (a.suspended != nil):
		return fmt.Sprintf("has set memory aside: %v", a.suspended != nil)
	case a.phase != idle && a.built != (a.phase == asleep):
		return fmt.Sprintf("has run its constructor: %v", a.built)
	}
	return ""
}
