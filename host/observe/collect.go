package observe

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// requestClasses are the values of the label code.
var requestClasses = [6]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cairn_"+name, help, labels, nil)
}

// What Metrics collects itself. METRICS.md says more of each.
var (
	descRequests = desc("requests_total", "Requests answered, by class of status.",
		"script", "code")
	descLatency = desc("request_duration_seconds", "From a request to its answer.", "script")
	descLines   = desc("guest_log_lines_total", "Records that guests logged.", "script")
	descDropped = desc("guest_log_dropped_total", "Of those, not written.", "script")
	descCalls   = desc("calls_total", "Calls of objects, alarms among them.",
		"script", "class", "outcome")
	descDuration = desc("call_duration_seconds", "From a call to its reply.", "script", "class")
	descQueued   = desc("call_queue_seconds", "Of calls that had to wait for their turn.",
		"script", "class")
	descResets  = desc("resets_total", "Activations that were reset.", "script", "class", "cause")
	descGate    = desc("log_wait_seconds", "Waits for the log to be durable.")
	descFetches = desc("outbound_requests_total", "Requests of guests out of the host.", "outcome")
	descAlarms  = desc("alarms_total", "Runs of alarms.", "outcome")
	descRetried = desc("alarm_retries_total", "Of those, retries.")
	descLate    = desc("alarm_lateness_seconds", "By which alarms began late; no retries.")
	descDeploys = desc("deploys_total", "Deploys.", "outcome")
	descRolled  = desc("rollbacks_total", "Rollbacks.", "outcome")
	descCut     = desc("log_suppressed_total", "Records of the host that were not written.")
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descRequests, descLatency, descLines, descDropped, descCalls, descDuration,
		descQueued, descResets, descGate, descFetches, descAlarms, descRetried, descLate,
		descDeploys, descRolled, descCut,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, s := range m.scripts {
		counts(to, descRequests, s.requests[:], requestClasses[:], name)
		to <- s.duration.metric(descLatency, name)
		count(to, descLines, &s.lines, name)
		count(to, descDropped, &s.dropped, name)
	}
	for name, c := range m.classes {
		counts(to, descCalls, c.calls[:], outcomeNames[:], name.script, name.class)
		to <- c.duration.metric(descDuration, name.script, name.class)
		to <- c.waited.metric(descQueued, name.script, name.class)
		counts(to, descResets, c.resets[:], causeNames[:], name.script, name.class)
	}
	to <- m.GateWaits.metric(descGate)
	counts(to, descFetches, m.fetches[:], fetchNames[:])
	counts(to, descAlarms, m.alarms[:], alarmNames[:])
	count(to, descRetried, &m.retried)
	to <- m.lateness.metric(descLate)
	counts(to, descDeploys, m.deploys[:], changeNames[:])
	counts(to, descRolled, m.rollbacks[:], changeNames[:])
	count(to, descCut, m.log.suppressedTotal())
}

func count(to chan<- prometheus.Metric, d *prometheus.Desc, v *atomic.Uint64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v.Load()), labels...)
}

// counts shows an array of counters; the last label says which.
func counts(to chan<- prometheus.Metric, d *prometheus.Desc, v []atomic.Uint64, names []string,
	labels ...string) {
	for i := range v {
		count(to, d, &v[i], append(labels[:len(labels):len(labels)], names[i])...)
	}
}
