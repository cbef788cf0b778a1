package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Env is what the config gives to a program: its bindings and its vars.
type Env struct {
	// A program has a few bindings; looking through them beats a map.
	namespaces []*Namespace
	first      Namespace     // of namespaces
	list       [2]*Namespace // what namespaces begins as

	background []func() // for after the answer
}

// Namespace returns the objects behind a binding of the config's
// durable_objects. A name that is no binding is an error when it is used.
func (e *Env) Namespace(binding string) *Namespace {
	for _, ns := range e.namespaces {
		if ns.binding == binding {
			return ns
		}
	}
	if len(e.namespaces) == 0 {
		e.first.binding = binding
		e.namespaces = append(e.list[:0], &e.first)
		return &e.first
	}
	ns := &Namespace{binding: binding}
	e.namespaces = append(e.namespaces, ns)
	return ns
}

// Var returns one of the config's vars: a string as it is, anything else as
// JSON. It is empty where there is no such var.
func (e *Env) Var(name string) string {
	var s string
	e.readVar(name, func(b []byte) error {
		if len(b) == 0 || b[0] != '"' || decode(b, &s) != nil {
			s = string(b)
		}
		return nil
	})
	return s
}

// DecodeVar reads one of the config's vars, any JSON value, into what v points
// to. It returns false where there is no such var.
func (e *Env) DecodeVar(name string, v any) (found bool, err error) {
	return e.readVar(name, func(b []byte) error { return decode(b, v) })
}

func (e *Env) readVar(name string, use func([]byte) error) (found bool, err error) {
	buf := takeBuffer()
	n, s := hostcall.EnvGet(name, buf[:cap(buf)])
	switch s {
	case abi.StatusOK:
		buf = buf[:n]
	case abi.StatusTooSmall:
		buf, err = readResult(sized(buf, n))
	case abi.StatusNotFound:
		giveBuffer(buf)
		return false, nil
	default:
		err = statusError(abi.FuncEnvGet, s)
	}
	if err == nil {
		err = use(buf)
	}
	giveBuffer(buf)
	return err == nil, err
}
