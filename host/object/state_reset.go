package object

import (
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Resets = (*State)(nil)

// ObjectAbort implements hostfunc.Resets.
func (s *State) ObjectAbort(reason []byte, dropAlarm bool) error {
	s.dropAlarm = dropAlarm && s.alarm.running
	text := string(reason)
	if text == "" {
		text = "Application called abort() to reset Durable Object."
	}
	return &event.Error{Flags: wire.ErrorRemote | wire.ErrorReset, Message: text}
}
