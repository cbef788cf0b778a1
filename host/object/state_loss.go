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
func (s *State) afterLoss(r *event.Event) error {
	a, store := s.act, s.act.objects.options.Store
	s.Seen = a.seen
	err := a.store.Lost()
	if err == nil && a.seen.Beyond(a.objects.durable()) {
		if s.below != nil {
			return s.reset(observe.Commit, s.internal("commit", store.Log().Err()))
		}
		a.forgetNow()
		a.seen, s.Seen = gate.Mark{}, gate.Mark{}
	}
	switch {
	case err != nil:
		return s.reset(observe.Commit, s.internal("commit", err))
	case r.Seen.Beyond(a.objects.durable()):
		return s.internal("call", store.Log().Err())
	}
	return nil
}
