package object

import (
	"bytes"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Stubs = (*State)(nil)

// StubCall implements hostfunc.Stubs.
func (s *State) StubCall(t hostfunc.Target, method, args, dst []byte) ([]byte, error) {
	if len(s.critical) > 0 {
		t, method, args = t.Clone(), bytes.Clone(method), bytes.Clone(args)
		return s.sectionOut(dst, func(g *Guest) ([]byte, error) {
			return g.Call(t, method, args, nil)
		})
	}
	return s.callOut(func() ([]byte, error) { return s.Guest.Call(t, method, args, dst) })
}

// StubFetch implements hostfunc.Stubs.
func (s *State) StubFetch(t hostfunc.Target, request, dst []byte) ([]byte, error) {
	if len(s.critical) > 0 {
		t, request = t.Clone(), bytes.Clone(request)
		return s.sectionOut(dst, func(g *Guest) ([]byte, error) {
			return g.Fetch(t, request, nil)
		})
	}
	return s.callOut(func() ([]byte, error) { return s.Guest.Fetch(t, request, dst) })
}

// callOut flushes before a call to another guest goes out, so that the log's
// order is the order of causes.
func (s *State) callOut(send func() ([]byte, error)) ([]byte, error) {
	if len(s.transactions) > 0 {
		return nil, event.ErrInTransaction
	}
	if err := s.flush(); err != nil {
		panic(err) // ends the call: what it wrote is lost
	}
	s.act.seen = s.act.seen.Join(s.Seen) // an entry nested in this one may answer
	out, err := send()
	s.Seen = s.Seen.Join(s.act.seen)
	s.act.seen = s.Seen
	if err := s.act.failure(); err != nil {
		panic(err) // a nested entry broke the instance under us
	}
	return out, err
}
