package object

import (
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Resets = (*turn)(nil)

// ObjectAbort implements hostfunc.Resets.
func (t *turn) ObjectAbort(reason []byte, dropAlarm bool) error {
	t.dropAlarm = dropAlarm && t.alarm.running
	text := string(reason)
	if text == "" {
		text = "Application called abort() to reset Durable Object."
	}
	return &event.Error{Flags: wire.ErrorRemote | wire.ErrorReset, Message: text}
}
