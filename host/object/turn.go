package object

import (
	"errors"
	"log/slog"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/storage"
)

// turn is an event's way through the program of its object: the constructor, what the
// event asks for, and what that leaves for after the answer, each of them an entry whose
// writes are a batch. It is the Host of the guest, and is used by one goroutine at a time.
// Nothing else runs in the object meanwhile but the turns that are nested in it.
type turn struct {
	openEvent
	Guest
	call  hostfunc.Call
	below *turn        // the one that this is nested in
	init  []byte       // the constructor's input, a buffer of this turn
	log   *slog.Logger // see logger; nil before somebody has something to say

	txn          *storage.Txn
	batch        batch
	transactions []transaction     // those that are open
	critical     []time.Time       // when the sections that are open have begun
	section      hostfunc.Deadline // of the outermost section
	deadline     hostfunc.Deadline // of all that the event sets off
	dropAlarm    bool              // the guest aborts, and the alarm that runs goes along
}

// entries are what a program runs for each kind of event.
var entries = [...]program.Entry{
	event.Call: program.Call, event.Fetch: program.Fetch, event.Alarm: program.Alarm,
}

// run is the turn up to the answer. close must follow.
func (t *turn) run() ([]byte, error) {
	a, r, dst := t.act, t.event, t.dst
	t.txn = a.store.Begin()
	t.Seen = a.seen
	if err := t.choose(); err != nil {
		return dst, err
	}
	if t.Budget == nil {
		t.Budget = event.NewBudget(r.Request, t.Clock, t.Version.CallLimit, nil)
		t.ownBudget = true
	}
	if a.objects.options.Store.Log().Err() != nil {
		if err := t.afterLoss(r); err != nil {
			return dst, err
		}
	}
	a.seen = a.seen.Join(r.Seen)
	t.Seen = a.seen
	if !t.ownBudget {
		if err := t.Budget.Over(); err != nil { // the call has waited for its turn
			return dst, err
		}
	}
	t.deadline = t.Deadline()
	if t.below != nil {
		t.alarm = t.below.alarm
	}
	if isAlarm(r) {
		if _, err := t.dueAlarm(r); err != nil {
			return dst, err
		}
		if r.Kind == event.AlarmGivenUp {
			err := t.abandonAlarm()
			a.seen = a.seen.Join(t.Seen)
			return dst, err
		}
	}
	if err := t.ready(); err != nil {
		return dst, err
	}
	if isAlarm(r) {
		if err := t.beginAlarm(r); err != nil {
			return dst, err
		}
	}
	out, err := t.enter(entries[r.Kind], r.Input, dst)
	t.hold = nil                                     // what comes after it is nobody's answer
	t.alarm.running = t.alarm.running && !isAlarm(r) // what it left for later is not the handler
	a.seen = a.seen.Join(t.Seen)
	return out, err
}

// close lets go of what run took.
func (t *turn) close() {
	t.act.seen = t.act.seen.Join(t.Seen)
	t.txn.Close()
	t.txn = nil
}

// choose says what the call runs: what is served now, or for a nested entry what
// the one around it runs, whose instance it enters.
func (t *turn) choose() error {
	if t.below != nil {
		t.class, t.Version = t.below.class, t.below.Version
		return nil
	}
	to := &t.act.address
	t.class = t.act.objects.options.App.Serving().Classes[to.Namespace]
	if t.class == nil {
		return event.ErrClassGone
	}
	t.Version = t.class.Script.ForObject(to.ID)
	return nil
}

// ready makes sure that there is an instance in which the constructor has run.
func (t *turn) ready() error {
	a := t.act
	for {
		if t.below == nil && (a.stale(t.Version.Program) || a.outdated()) {
			a.mu.Lock()
			a.renewLocked(t.Version.Program) // the script was updated
			a.mu.Unlock()
		}
		err := a.takeInstance(t.Version.Program)
		if err == nil {
			break
		}
		if errors.Is(err, program.ErrRetired) && a.program() != t.Version.Program {
			if err := t.choose(); err != nil { // a deploy came between
				return err
			}
			continue
		}
		if program.NoMemory(err) {
			t.logger().Warn("overloaded", "error", err)
			return event.ErrNoMemory
		}
		return t.internal("start", err)
	}
	switch {
	case a.built:
		return nil
	case t.below != nil:
		return event.ErrBuilding
	}
	to := &a.address
	t.init = wire.AppendObject(t.init[:0], to.ID, t.class.Name, to.Named, to.Name)
	hold := t.hold
	t.hold = nil
	if _, err := t.enter(program.Construct, t.init, nil); err != nil {
		// Whoever waits came for the object that could not be made.
		return t.reset(observe.Constructor, err)
	}
	a.built, t.hold = true, hold
	return nil
}

// enter runs an entry and commits what it wrote, or takes it back.
func (t *turn) enter(e program.Entry, input, dst []byte) ([]byte, error) {
	a := t.act
	if e == program.Fetch {
		if c, _ := a.instance.Program().Class(t.class.Name); !c.Fetch {
			return dst, event.ErrNoFetch
		}
	}
	t.call.Begin(t, input, t.Version.CPULimit)
	t.call.SetDeadline(&t.deadline)
	threw, err := a.instance.Enter(&t.call, e)
	wrote := ""
	if err != nil {
		wrote = string(t.call.LastWords())
	}
	dropped := t.call.Dropped()
	output := t.call.Output
	t.call.End()
	if dropped > 0 {
		t.logger().Warn("guest logged too much in one call", "dropped", dropped)
	}
	if err != nil {
		t.txn.Rollback()
		if err := t.abortAlarm(); err != nil {
			return dst, err
		}
		return dst, t.reset(cause(err), t.explain(e, input, err, wrote))
	}
	t.endCritical()
	t.rollbackOpen()
	if e == program.Alarm && !threw {
		if err := t.finishAlarm(); err != nil {
			return dst, t.internal("alarm", err)
		}
	}
	if err := t.flush(); err != nil {
		return dst, err
	}
	if threw {
		return dst, thrown(output)
	}
	if t.hold != nil {
		if err := t.hold.To(int64(len(dst) + len(output))); err != nil {
			t.logger().Warn("overloaded", "error", err)
			return dst, event.ErrNoMemory
		}
	}
	return append(dst, output...), nil
}

// flush applies what the call has written so far, as a batch of its own.
func (t *turn) flush() error {
	seq, err := t.txn.Commit()
	if err != nil {
		t.txn.Rollback()
		if errors.Is(err, storage.ErrDiskFull) {
			return t.reset(observe.Commit, event.ErrDiskFull) // the store has logged it, once
		}
		return t.reset(observe.Commit, t.internal("commit", err))
	}
	if t.batch.confirmed {
		t.Seen = t.Seen.Join(gate.At(seq))
	}
	t.batch = batch{}
	t.alarm.kept = t.alarm.changed
	return nil
}
