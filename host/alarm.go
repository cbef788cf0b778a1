package host

import (
	"context"
	"errors"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/object"
)

// wake delivers an alarm that is due.
func (r *Runtime) wake(ctx context.Context, due alarm.Due) alarm.Outcome {
	class := r.app.Serving().Classes[due.Owner.Namespace]
	if class == nil {
		r.log.Warn("alarm of a namespace that no script has",
			"namespace", due.Owner.Namespace, "object", due.Owner.ID)
		return alarm.FailedUncounted
	}
	late := time.Duration(r.options.Clock.Now().UnixMilli()-due.ScheduledMS) * time.Millisecond
	kind := event.Alarm
	if due.Abandon {
		kind = event.AlarmGivenUp
	}
	request := event.NewRequestID()
	_, err := r.sender.Send(ctx, &event.Event{
		To: event.Address(due.Owner), Kind: kind, Request: request,
		Input: wire.AppendAlarm(nil, &wire.Alarm{ScheduledMS: due.ScheduledMS,
			RetryCount: due.RetryCount}),
	}, nil)
	r.countAlarm(due, late, err)
	outcome := alarmOutcome(err)
	if err != nil && outcome != alarm.Moved {
		request.Tag(r.log).Warn("alarm handler failed",
			"script", class.Script.Name, "class", class.Name,
			"object", due.Owner.ID, "name", due.Owner.Name, "retry", due.RetryCount, "error", err)
	}
	return outcome
}

// alarmOutcome says what became of a run whose call gave err.
func alarmOutcome(err error) alarm.Outcome {
	var told *event.Error
	switch {
	case err == nil:
		return alarm.Done
	case errors.Is(err, event.ErrAlarmMoved):
		return alarm.Moved
	case !errors.As(err, &told):
		return alarm.FailedUncounted
	}
	// That the host has no memory is not the guest's doing, though it was reset.
	if object.Starved(err) {
		return alarm.FailedUncounted
	}
	const critical = wire.ErrorOverloaded | wire.ErrorReset // blockConcurrencyWhile took too long
	user := told.Flags&wire.ErrorRemote != 0 || told.Flags&critical == critical
	return alarm.Failure{
		// What is not the guest's doing and bears a flag is the infrastructure's:
		// a queue that is full, a commit that failed, another node.
		GateBroken: !user && told.Flags != 0, UserError: user,
		LimitExceeded: object.LimitExceeded(err),
	}.Outcome()
}
