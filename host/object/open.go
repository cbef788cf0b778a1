package object

import (
	"context"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
)

// openEvent is an event from when it has come to the object until it is over: it waits for
// its turn, has it, and may leave something for after its answer. It is used by one
// goroutine at a time.
type openEvent struct {
	act   *Activation
	event *event.Event // the sender's, as dst is: not to be looked at once it is answered
	dst   []byte       // what the reply's output is appended to
	edge  *edge        // the sender's; nil once that waits no longer

	class      *app.Class    // what the object is, set when the event's turn has come
	hold       *account.Hold // what the reply is taken for, see event.Event.Hold
	alarm      *alarmRun     // of this event, or of the one that it is nested in
	ownAlarm   alarmRun
	ownBudget  bool // the budget is the event's own: it has come from outside
	background bool // the guest asked for background_run
}

// begin is before the event has its turn.
func (t *turn) begin(ctx context.Context, a *Activation, r *event.Event, dst []byte) {
	o := a.objects
	t.openEvent = openEvent{act: a, event: r, dst: dst, edge: edgeOf(r), hold: r.Hold}
	t.alarm = &t.ownAlarm
	t.below = nil
	t.Caller = event.Caller{ID: a.address.ID, Depth: r.Depth() + 1, Above: r.From,
		Waits: &t.outEdge}
	t.outEdge.from = a
	t.Sender, t.Random = o.sender, o.options.Random
	t.Clock, t.Budget = o.options.Clock, event.BudgetOf(ctx)
	t.batch = batch{}
	t.transactions, t.critical = t.transactions[:0], t.critical[:0]
}

// answered says that the sender waits no longer. From here on it may go on, and
// reuse its event. closing is as from waits.end.
func (t *turn) answered() (closing *edge) {
	e := t.edge
	if e == nil {
		return nil
	}
	t.edge, t.Caller.Above = nil, nil
	return t.act.objects.waits.end(e)
}

// over is after the event, whether it has had its turn or not. The turn is another
// event's then.
func (t *turn) over() {
	o := t.act.objects
	if t.ownBudget {
		t.Budget.End()
	}
	t.openEvent = openEvent{}
	t.below, t.Budget, t.Version, t.log = nil, nil, nil, nil
	t.Guest.Reuse()
	o.turns.Put(t)
}
