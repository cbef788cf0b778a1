package object

import "github.com/cairn-dev/cairn/host/hostfunc"

var _ hostfunc.Env = (*Guest)(nil)

// EnvGet implements hostfunc.Env.
func (g *Guest) EnvGet(name []byte) ([]byte, bool) {
	value, ok := g.Version.Vars[string(name)]
	return value, ok
}
