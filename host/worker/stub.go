package worker

import "github.com/cairn-dev/cairn/host/hostfunc"

var _ hostfunc.Stubs = (*call)(nil)

// StubCall implements hostfunc.Stubs.
func (c *call) StubCall(t hostfunc.Target, method, args, dst []byte) ([]byte, error) {
	return c.Guest.Call(t, method, args, dst)
}

// StubFetch implements hostfunc.Stubs.
func (c *call) StubFetch(t hostfunc.Target, request, dst []byte) ([]byte, error) {
	return c.Guest.Fetch(t, request, dst)
}
