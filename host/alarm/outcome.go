package alarm

import "github.com/cairn-dev/cairn/host/storage"

// Due is an alarm whose time has come, and what to do about it.
type Due struct {
	Owner       storage.Owner
	ScheduledMS int64
	RetryCount  uint32 // runs of this alarm that failed; 0 on the first
	// Abandon says that the alarm has failed too often: its handler does not
	// run, and the alarm is deleted if it is still the one for ScheduledMS. That
	// takes its turn among the object's calls, as a run does: a deletion beside
	// a call that sets an alarm would tear the index of times.
	Abandon bool
}

// Outcome is what became of a run.
type Outcome uint8

const (
	// Done means that the handler succeeded and the alarm is deleted, or that
	// it was abandoned.
	Done Outcome = iota
	// Moved means that the object no longer has this alarm: nothing ran.
	Moved
	// Failed means that the run failed, and that this counts.
	Failed
	// FailedUncounted means that the infrastructure failed.
	FailedUncounted
)

var outcomeNames = [...]string{
	Done: "done", Moved: "moved", Failed: "failed", FailedUncounted: "failed, uncounted",
}

// String returns a name for logs.
func (o Outcome) String() string { return outcomeNames[o] }

// Failure says why a run failed.
type Failure struct {
	// GateBroken: the infrastructure failed, such as the log or another node, so
	// that what the run did is lost or never began.
	GateBroken bool
	// UserError: the guest's own code threw, trapped or aborted.
	UserError bool
	// LimitExceeded: the run took more time or memory than it may.
	LimitExceeded bool
}

// Outcome is upstream's table: a failure counts, unless all that is known of it
// is that the infrastructure failed.
func (f Failure) Outcome() Outcome {
	if f.GateBroken && !f.UserError && !f.LimitExceeded {
		return FailedUncounted
	}
	return Failed
}
