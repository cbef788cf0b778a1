package host

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/outbound"
	"github.com/cairn-dev/cairn/host/storage"
)

// Metrics returns what /metrics shows, see observe/METRICS.md.
func (r *Runtime) Metrics() *prometheus.Registry { return r.metrics.Registry() }

// timedLog is a log whose waits are counted, those that do wait.
type timedLog struct {
	storage.Log
	waits *observe.Histogram
}

// Wait implements storage.Log.
func (l timedLog) Wait(ctx context.Context, seq storage.Seq) error {
	if seq <= l.Durable() {
		return l.Log.Wait(ctx, seq) // the log may have failed
	}
	began := observe.Now()
	err := l.Log.Wait(ctx, seq)
	l.waits.Observe(began.Since())
	return err
}

// wrapLog counts the waits for the log, outside of what a test puts before it.
func (r *Runtime) wrapLog(l storage.Log) storage.Log {
	if r.options.WrapLog != nil {
		l = r.options.WrapLog(l)
	}
	return timedLog{l, &r.metrics.GateWaits}
}

// countedOutbound counts what becomes of guests' requests.
type countedOutbound struct {
	*outbound.Client
	metrics *observe.Metrics
}

// Fetch implements app.Outbound.
func (c countedOutbound) Fetch(ctx context.Context, seen gate.Mark, request, dst []byte) (
	[]byte, error) {
	out, err := c.Client.Fetch(ctx, seen, request, dst)
	switch {
	case err == nil:
		c.metrics.Fetched(observe.FetchOK)
	case outbound.Failed(err):
		c.metrics.Fetched(observe.FetchFailed)
	default:
		c.metrics.Fetched(observe.FetchRefused)
	}
	return out, err
}

// countAlarm counts a run of an alarm that began so late and gave err.
func (r *Runtime) countAlarm(due alarm.Due, late time.Duration, err error) {
	ran := observe.AlarmFailed
	switch {
	case errors.Is(err, event.ErrAlarmMoved):
		ran = observe.AlarmMoved
	case err == nil && due.Abandon:
		ran = observe.AlarmGivenUp
	case err == nil:
		ran = observe.AlarmOK
	}
	r.metrics.AlarmRan(ran, late, due.RetryCount > 0)
}
