package object

import (
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
)

// afterLoss is before a call runs on a node whose log has failed. What was not
// durable by then may never have been: an object that wrote some of it answers
// nothing until the node has read its disk again, and one that has only learned of
// it forgets. A request that tells of it is refused, so that it spreads no further.
func (t *turn) afterLoss(r *event.Event) error {
	a, store := t.act, t.act.objects.options.Store
	t.Seen = a.seen
	err := a.store.Lost()
	if err == nil && a.seen.Beyond(a.objects.durable()) {
		if t.below != nil {
			return t.reset(observe.Commit, t.internal("commit", store.Log().Err()))
		}
		a.forgetNow()
		a.seen, t.Seen = gate.Mark{}, gate.Mark{}
	}
	switch {
	case err != nil:
		return t.reset(observe.Commit, t.internal("commit", err))
	case r.Seen.Beyond(a.objects.durable()):
		return t.internal("call", store.Log().Err())
	}
	return nil
}
