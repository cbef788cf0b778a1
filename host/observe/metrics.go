package observe

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics is what a host counts. Its methods may be called by many goroutines at
// once.
type Metrics struct {
	registry *prometheus.Registry

	// GateWaits are waits of answers and other things that leave for the log.
	GateWaits Histogram

	fetches   [numFetches]atomic.Uint64
	alarms    [numAlarms]atomic.Uint64
	retried   atomic.Uint64
	lateness  Histogram
	deploys   [numChanges]atomic.Uint64
	rollbacks [numChanges]atomic.Uint64
	log       *Guard // nil: none

	mu      sync.Mutex
	scripts map[string]*Script
	classes map[className]*Class
}

type className struct{ script, class string }

// New makes a host's metrics, with those of Go and of the process. guard is what
// stands before the log, or nil.
func New(guard *Guard) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: guard,
		scripts: map[string]*Script{}, classes: map[className]*Class{}}
	m.registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Registry returns what /metrics shows.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Gauge adds a metric that is read when the metrics are.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name,
		Help: help}, value))
}

// Fetched counts a guest's request out of the host.
func (m *Metrics) Fetched(f Fetch) { m.fetches[f].Add(1) }

// AlarmRan counts a run of an alarm, which began late by so much; a retry is late
// by design, and its lateness does not count.
func (m *Metrics) AlarmRan(a Alarm, late time.Duration, retry bool) {
	m.alarms[a].Add(1)
	if retry {
		m.retried.Add(1)
	} else if a != AlarmMoved {
		m.lateness.Observe(max(late, 0))
	}
}

// Deployed counts a deploy, RolledBack a rollback.
func (m *Metrics) Deployed(c Change) { m.deploys[c].Add(1) }

// RolledBack counts a rollback.
func (m *Metrics) RolledBack(c Change) { m.rollbacks[c].Add(1) }

// Script returns the part of a script. nil for a nil m.
func (m *Metrics) Script(name string) *Script {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name = label(name)
	if m.scripts[name] == nil {
		m.scripts[name] = &Script{name: name, budget: newBucket(guestRate, guestBurst)}
	}
	return m.scripts[name]
}

// Class returns the part of a script's class. nil for a nil m.
func (m *Metrics) Class(script, class string) *Class {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name := className{label(script), label(class)}
	if m.classes[name] == nil {
		m.classes[name] = &Class{}
	}
	return m.classes[name]
}

// Retain forgets all scripts and classes but these, which are served: whoever
// deploys ever new ones would else fill the metrics.
func (m *Metrics) Retain(scripts []*Script, classes []*Class) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.scripts, func(_ string, s *Script) bool {
		return !slices.Contains(scripts, s)
	})
	maps.DeleteFunc(m.classes, func(_ className, c *Class) bool {
		return !slices.Contains(classes, c)
	})
}

// maxLabelBytes bounds the value of a label; names of classes are shorter anyway.
const maxLabelBytes = 255

// label makes a name fit for a label, which is valid UTF-8. What reads a label
// that was made of two names finds the sum of both.
func label(name string) string {
	return strings.ToValidUTF8(name[:min(len(name), maxLabelBytes)], "�")
}
