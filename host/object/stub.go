package object

import (
	"bytes"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Stubs = (*turn)(nil)

// StubCall implements hostfunc.Stubs.
func (t *turn) StubCall(to hostfunc.Target, method, args, dst []byte) ([]byte, error) {
	if len(t.critical) > 0 {
		to, method, args = to.Clone(), bytes.Clone(method), bytes.Clone(args)
		return t.sectionOut(dst, func(g *Guest) ([]byte, error) {
			return g.Call(to, method, args, nil)
		})
	}
	return t.callOut(func() ([]byte, error) { return t.Guest.Call(to, method, args, dst) })
}

// StubFetch implements hostfunc.Stubs.
func (t *turn) StubFetch(to hostfunc.Target, request, dst []byte) ([]byte, error) {
	if len(t.critical) > 0 {
		to, request = to.Clone(), bytes.Clone(request)
		return t.sectionOut(dst, func(g *Guest) ([]byte, error) {
			return g.Fetch(to, request, nil)
		})
	}
	return t.callOut(func() ([]byte, error) { return t.Guest.Fetch(to, request, dst) })
}

// callOut flushes before a call to another guest goes out, so that the log's
// order is the order of causes.
func (t *turn) callOut(send func() ([]byte, error)) ([]byte, error) {
	if len(t.transactions) > 0 {
		return nil, event.ErrInTransaction
	}
	if err := t.flush(); err != nil {
		panic(err) // ends the call: what it wrote is lost
	}
	t.act.seen = t.act.seen.Join(t.Seen) // an entry nested in this one may answer
	out, err := send()
	t.Seen = t.Seen.Join(t.act.seen)
	t.act.seen = t.Seen
	if err := t.act.failure(); err != nil {
		panic(err) // a nested entry broke the instance under us
	}
	return out, err
}
