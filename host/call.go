package host

import (
	"context"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
)

// Call calls a method of an object from outside every guest and waits at the
// output gate, as ingress does. The arguments are a JSON array, the result is
// JSON. An error that the object or its host gave is a *event.Error.
func (r *Runtime) Call(ctx context.Context, binding, name, method string,
	args []byte) ([]byte, error) {
	to, err := r.app.Serving().Public().Stable.Address([]byte(binding),
		abi.TargetName, []byte(name))
	if err != nil {
		return nil, fmt.Errorf("call %s/%s: no such binding", binding, name)
	}
	reply, err := r.sender.Send(ctx, &event.Event{
		To: to, Kind: event.Call, Input: wire.AppendCall(nil, method, args),
	}, nil)
	if gateErr := r.gate.Pass(ctx, reply.Seen); gateErr != nil {
		return nil, fmt.Errorf("call %s/%s: %w", binding, name, gateErr)
	}
	return reply.Output, err
}
