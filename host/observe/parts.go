package observe

import (
	"sync/atomic"
	"time"
)

// Outcome is what a call of an object came to.
type Outcome uint8

// The outcomes.
const (
	OK         Outcome = iota
	Thrown             // the object's own code gave an error
	Overloaded         // refused, as too much waits
	Reset              // the activation ended while the call ran or waited
	Refused            // the host gave an error: no such class, a chain that is too long
	numOutcomes
)

var outcomeNames = [numOutcomes]string{
	OK: "ok", Thrown: "error", Overloaded: "overloaded", Reset: "reset", Refused: "refused",
}

// Cause is why an activation was reset.
type Cause uint8

// The causes.
const (
	Trap        Cause = iota // the guest trapped, exited, or broke the ABI
	CPU                      // the guest computed for too long
	Memory                   // the guest wanted too much memory
	Abort                    // the guest asked for the reset
	Constructor              // the constructor gave an error
	Section                  // a critical section took too long, or failed
	Commit                   // what it wrote could not be kept, or was lost
	Assertion                // a mistake of the host's
	numCauses
)

var causeNames = [numCauses]string{
	Trap: "trap", CPU: "cpu", Memory: "memory", Abort: "abort", Constructor: "constructor",
	Section: "section", Commit: "commit", Assertion: "assertion",
}

// String returns the cause as metrics and the log have it.
func (c Cause) String() string { return causeNames[c] }

// Class counts what happens to the objects of a class. The methods of a nil
// *Class do nothing.
type Class struct {
	calls    [numOutcomes]atomic.Uint64
	duration Histogram
	waited   Histogram
	resets   [numCauses]atomic.Uint64
}

// Called counts a call, with what it took in all.
func (c *Class) Called(o Outcome, took time.Duration) {
	if c != nil {
		c.calls[o].Add(1)
		c.duration.Observe(took)
	}
}

// Waited counts a call that was not run at once.
func (c *Class) Waited(d time.Duration) {
	if c != nil {
		c.waited.Observe(d)
	}
}

// Reset counts an activation that was reset.
func (c *Class) Reset(cause Cause) {
	if c != nil {
		c.resets[cause].Add(1)
	}
}

// Script counts what happens to a script. The methods of a nil *Script do nothing.
type Script struct {
	requests [6]atomic.Uint64 // by the first digit of the status; 0 is none
	duration Histogram
	lines    atomic.Uint64 // records that the script's guests logged
	dropped  atomic.Uint64 // of them, those that were not written

	name   string
	budget bucket // of bytes that its guests may log
}

// Answered counts a request, with its status and what it took in all.
func (s *Script) Answered(status int, took time.Duration) {
	if s == nil {
		return
	}
	s.Refused(status)
	s.duration.Observe(took)
}

// Refused counts a request that was answered before anything ran for it.
func (s *Script) Refused(status int) {
	if s == nil {
		return
	}
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	s.requests[class].Add(1)
}

// Fetch is what a guest's request out of the host came to.
type Fetch uint8

// The ends of a request.
const (
	FetchOK      Fetch = iota
	FetchRefused       // the guest may not send it, or it is none
	FetchFailed        // no answer came
	numFetches
)

var fetchNames = [numFetches]string{FetchOK: "ok", FetchRefused: "refused", FetchFailed: "failed"}

// Alarm is what a run of an alarm came to.
type Alarm uint8

// The ends of a run.
const (
	AlarmOK      Alarm = iota
	AlarmFailed        // and is tried again
	AlarmMoved         // the alarm was not due any more
	AlarmGivenUp       // the alarm was deleted, as it had failed too often
	numAlarms
)

var alarmNames = [numAlarms]string{
	AlarmOK: "ok", AlarmFailed: "failed", AlarmMoved: "moved", AlarmGivenUp: "given_up",
}

// Change is what a deploy or a rollback came to.
type Change uint8

// The ends of a change.
const (
	ChangeOK      Change = iota
	ChangeRefused        // nothing was changed: the caller's fault
	ChangeFailed         // nothing was changed: ours
	numChanges
)

var changeNames = [numChanges]string{ChangeOK: "ok", ChangeRefused: "refused",
	ChangeFailed: "failed"}
