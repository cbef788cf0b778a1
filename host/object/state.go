package object

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/storage"
)

// State is one call to an object: the Host of its guest, and the batch that its
// writes gather in. It is used by one goroutine, for the length of the call.
type State struct {
	Guest
	call  hostfunc.Call
	act   *Activation
	class *app.Class // what the object is, set when the call's turn has come
	txn   *storage.Txn
	below *State // the entry that this one is nested in
	edge  *edge  // of its caller's; nil once that waits no longer
	init  []byte // the constructor's input, a buffer of this State

	reply        *account.Hold // of the event, see event.Event.Hold
	batch        batch
	alarm        *alarmRun // of this entry, or of the one that it is nested in
	ownAlarm     alarmRun
	transactions []transaction     // that are open
	critical     []time.Time       // when the sections that are open have begun
	deadline     hostfunc.Deadline // of the outermost section
	event        hostfunc.Deadline // of what the call is made for
	ownBudget    bool              // the event is the call's own
	background   bool              // the guest asked for background_run
	dropAlarm    bool              // the guest aborts, and the alarm that runs goes along
}

func (s *State) begin(ctx context.Context, a *Activation, r *event.Event) {
	o := a.objects
	s.act, s.below, s.edge = a, nil, edgeOf(r)
	s.Caller = event.Caller{ID: a.address.ID, Depth: r.Depth() + 1, Above: r.From, Waits: &s.outEdge}
	s.outEdge.from = a
	s.reply = r.Hold
	s.Sender, s.Random = o.sender, o.options.Random
	s.Clock, s.Budget = o.options.Clock, event.BudgetOf(ctx)
	s.ownBudget = false
	s.batch, s.background = batch{}, false
	s.ownAlarm = alarmRun{}
	s.alarm = &s.ownAlarm
	s.transactions, s.critical = s.transactions[:0], s.critical[:0]
}

// answered says that the caller waits no longer. From here on it may go on, and
// reuse its request. closing is as from waits.end.
func (s *State) answered() (closing *edge) {
	e := s.edge
	if e == nil {
		return nil
	}
	s.edge, s.Caller.Above = nil, nil
	return s.act.objects.waits.end(e)
}

func (s *State) end() {
	if s.ownBudget {
		s.Budget.End()
	}
	s.Budget = nil
	s.act, s.below, s.edge, s.class, s.Version, s.Logger, s.alarm = nil, nil, nil, nil, nil, nil, nil
	s.Guest.Reuse()
}

// abandon lets go of a State whose call will not run.
func (s *State) abandon() {
	o := s.act.objects
	s.end()
	o.states.Put(s)
}

// entries are what a program runs for each kind of event.
var entries = [...]program.Entry{
	event.Call: program.Call, event.Fetch: program.Fetch, event.Alarm: program.Alarm,
}

// run is what happens to one event once it is its turn. finish must follow.
func (s *State) run(r *event.Event, dst []byte) ([]byte, error) {
	a := s.act
	s.txn = a.store.Begin()
	s.Seen = a.seen
	if err := s.choose(); err != nil {
		return dst, err
	}
	if a.objects.options.Store.Log().Err() != nil {
		if err := s.afterLoss(r); err != nil {
			return dst, err
		}
	}
	a.seen = a.seen.Join(r.Seen)
	s.Seen = a.seen
	if s.Budget == nil {
		s.Budget = event.NewBudget(s.Clock, s.Version.CallLimit, nil)
		s.ownBudget = true
	} else if err := s.Budget.Over(); err != nil { // it has waited for its turn
		return dst, err
	}
	s.event = s.Deadline()
	if s.below != nil {
		s.alarm = s.below.alarm
	}
	if isAlarm(r) {
		if _, err := s.dueAlarm(r); err != nil {
			return dst, err
		}
		if r.Kind == event.AlarmGivenUp {
			err := s.abandonAlarm()
			a.seen = a.seen.Join(s.Seen)
			return dst, err
		}
	}
	if err := s.wake(); err != nil {
		return dst, err
	}
	if isAlarm(r) {
		if err := s.beginAlarm(r); err != nil {
			return dst, err
		}
	}
	out, err := s.enter(entries[r.Kind], r.Input, dst)
	s.reply = nil                                    // what comes after it is nobody's answer
	s.alarm.running = s.alarm.running && !isAlarm(r) // what it left for later is not the handler
	a.seen = a.seen.Join(s.Seen)
	return out, err
}

// finish lets go of what run took.
func (s *State) finish() {
	s.act.seen = s.act.seen.Join(s.Seen)
	s.txn.Close()
	s.txn = nil
}

// choose says what the call runs: what is served now, or for a nested entry what
// the one around it runs, whose instance it enters.
func (s *State) choose() error {
	if s.below != nil {
		s.class, s.Version = s.below.class, s.below.Version
		return nil
	}
	to := &s.act.address
	s.class = s.act.objects.options.App.Serving().Classes[to.Namespace]
	if s.class == nil {
		return event.ErrClassGone
	}
	s.Version = s.class.Script.ForObject(to.ID)
	return nil
}

// wake makes sure that there is an instance in which the constructor has run.
func (s *State) wake() error {
	a := s.act
	for {
		if s.below == nil && (a.stale(s.Version.Program) || a.outdated()) {
			a.mu.Lock()
			a.renewLocked(s.Version.Program) // its code was updated
			a.mu.Unlock()
		}
		err := a.wake(s.Version.Program)
		if err == nil {
			break
		}
		if errors.Is(err, program.ErrRetired) && a.program() != s.Version.Program {
			if err := s.choose(); err != nil { // a deploy came between
				return err
			}
			continue
		}
		if program.NoMemory(err) {
			s.logger().Warn("overloaded", "error", err)
			return event.ErrNoMemory
		}
		return s.internal("start", err)
	}
	switch {
	case a.built:
		return nil
	case s.below != nil:
		return event.ErrBuilding
	}
	to := &a.address
	s.init = wire.AppendObject(s.init[:0], to.ID, s.class.Name, to.Named, to.Name)
	reply := s.reply
	s.reply = nil
	if _, err := s.enter(program.Construct, s.init, nil); err != nil {
		return s.reset(observe.Constructor, err) // whoever waits came for the object that could not be made
	}
	a.built, s.reply = true, reply
	return nil
}

// enter runs an entry and commits what it wrote, or takes it back.
func (s *State) enter(e program.Entry, input, dst []byte) ([]byte, error) {
	a := s.act
	if e == program.Fetch {
		if c, _ := a.instance.Program().Class(s.class.Name); !c.Fetch {
			return dst, event.ErrNoFetch
		}
	}
	s.call.Begin(s, input, s.Version.CPULimit)
	s.call.SetDeadline(&s.event)
	threw, err := a.instance.Enter(&s.call, e)
	wrote := ""
	if err != nil {
		wrote = string(s.call.LastWords())
	}
	dropped := s.call.Dropped()
	output := s.call.Output
	s.call.End()
	if dropped > 0 {
		s.logger().Warn("guest logged too much in one call", "dropped", dropped)
	}
	if err != nil {
		s.txn.Rollback()
		if err := s.abortAlarm(); err != nil {
			return dst, err
		}
		return dst, s.reset(cause(err), s.explain(e, input, err, wrote))
	}
	s.endCritical()
	s.rollbackOpen()
	if e == program.Alarm && !threw {
		if err := s.finishAlarm(); err != nil {
			return dst, s.internal("alarm", err)
		}
	}
	if err := s.flush(); err != nil {
		return dst, err
	}
	if threw {
		return dst, thrown(output)
	}
	if s.reply != nil {
		if err := s.reply.To(int64(len(dst) + len(output))); err != nil {
			s.logger().Warn("overloaded", "error", err)
			return dst, event.ErrNoMemory
		}
	}
	return append(dst, output...), nil
}

// flush applies what the call has written so far, as a batch of its own.
func (s *State) flush() error {
	seq, err := s.txn.Commit()
	if err != nil {
		s.txn.Rollback()
		if errors.Is(err, storage.ErrDiskFull) {
			return s.reset(observe.Commit, event.ErrDiskFull) // the store has logged it, once
		}
		return s.reset(observe.Commit, s.internal("commit", err))
	}
	if s.batch.confirmed {
		s.Seen = s.Seen.Join(gate.At(seq))
	}
	s.batch = batch{}
	s.alarm.kept = s.alarm.changed
	return nil
}

// reset breaks the activation, with the error that its calls get.
func (s *State) reset(cause observe.Cause, err error) error {
	s.act.fail(cause, err, s.act.seen.Join(s.Seen))
	return err
}

// thrown is the error that a guest's own code gave. Of its properties only
// remote is true: what else it says was about another object.
func thrown(output []byte) error {
	e := event.Thrown(output, "The Durable Object")
	e.Flags = wire.ErrorRemote
	return e
}

// explain turns the end of a broken instance into what the caller is told. The
// log gets the whole of it, in one record: wrote is what the guest wrote to standard
// error before its end.
func (s *State) explain(e program.Entry, input []byte, err error, wrote string) error {
	s.logger().Error("object reset", append(describe(e, input), observe.Failure(err, wrote)...)...)
	var told *event.Error
	switch {
	case errors.Is(err, program.ErrCPULimit):
		return event.ErrCPU
	case errors.Is(err, program.ErrMemoryLimit):
		return event.ErrMemory
	case program.NoMemory(err):
		return event.ErrStarved
	case errors.As(err, &told):
		return told
	}
	return &event.Error{Flags: wire.ErrorRemote | wire.ErrorReset, Message: "Durable Object reset: " + observe.FirstLine(err)}
}

// internal is upstream's answer to a failure of the infrastructure: the text
// goes to the log under a reference, and the caller learns the reference.
func (s *State) internal(what string, err error) error {
	var random [12]byte
	s.Random(random[:])
	reference := hex.EncodeToString(random[:])
	s.logger().Error("internal error", "during", what, "error", err, "reference", reference)
	text := "internal error; reference = "
	if what == "commit" {
		text = "Internal error in Durable Object storage write caused object to be reset; reference = "
	}
	return &event.Error{Flags: wire.ErrorReset, Message: text + reference}
}
