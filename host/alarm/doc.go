// Package alarm wakes objects at the time that they asked for.
//
// There are three types. A [Scheduler] finds the alarms that are due in the
// store's index of times and runs them. A [Due] is one of them, an [Outcome]
// what became of a run. The alarm itself belongs to storage: it is set in the
// batch of the call that sets it, and it is deleted in the batch of the handler
// that succeeded. The scheduler only reads.
//
// # What holds (SEMANTICS 2.7)
//
//   - An alarm runs at least once, at its time or later, and never before it:
//     the clock is looked at again just before a run.
//   - At most one run of an object is under way, and it has a hundred a second at
//     most, see pace.
//   - A run that failed is tried again after 2, 4, 8, … seconds, and up to a
//     quarter of that more. After RetryMax retries that counted the alarm is
//     given up and deleted. Failures of the infrastructure do not count, and are
//     retried for ever.
//   - An alarm that was set meanwhile takes the place of a retry, also one for the
//     very time of the alarm that failed: the store tells of those.
//   - How often a run failed is known in memory only. After a restart every
//     alarm that is stored starts over, and what is overdue runs at once.
//
// # Durability
//
// An alarm may go off before the batch that set it is durable: a call is not
// held up either by what it could have seen. What its handler does waits at the
// output gates, and its writes come after that batch in the log. If the log
// fails, none of it has happened, and nobody has seen it.
//
// # Where it has got to
//
// The scheduler holds a place in the index. What lies before it has run, or is
// held in memory: it waits for its turn (at most Options.Window), is running (at
// most Options.Concurrency) or waits for a retry (at most Options.MaxRetrying).
// So memory and the time to start do not grow with the number of alarms, and
// alarms that keep failing are not in the way of the others. A commit that sets
// an alarm before the place moves it back; the store hints at those.
//
// When too many wait for a retry, one more is forgotten instead of held: its
// failures do not count, and it runs again in a pass over the whole index,
// overflowDelay later.
//
// What stays out: what an object is and how it runs. Handlers may take 15
// minutes upstream; here the limits of a call hold for them, and the scheduler
// waits as long as the call takes.
package alarm
