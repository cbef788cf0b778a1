package host

import (
	"context"
	"errors"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/outbound"
	"github.com/cairn-dev/cairn/host/storage"
)

// Metrics returns what /metrics shows, see observe/METRICS.md.
func (r *Runtime) Metrics() *prometheus.Registry { return r.metrics.Registry() }

// gauges adds what the rooms count anyway to the metrics.
func (r *Runtime) gauges() {
	m := r.metrics
	m.Gauge("cairn_activations", "Objects in memory.", func() float64 { return float64(r.objects.Len()) })
	m.Gauge("cairn_set_aside_bytes", "Memory of suspended objects.",
		func() float64 { return float64(r.account.Used(account.SetAside)) })
	m.Gauge("cairn_instances", "WebAssembly instances.", func() float64 { return float64(r.engine.Instances()) })
	m.Gauge("cairn_module_versions", "Versions that hold compiled code.",
		func() float64 { return float64(r.engine.Images()) })
	m.Gauge("cairn_log_appended", "Newest sequence of the log.", func() float64 { return float64(r.store.Last()) })
	m.Gauge("cairn_log_durable", "Sequence up to which the log is durable.",
		func() float64 { return float64(r.store.Durable()) })
	m.Gauge("cairn_memory_budget_bytes", "What --memory allows.",
		func() float64 { return float64(r.account.Budget()) })
	m.Registry().MustRegister(reader{r})
}

// reader shows metrics with labels that are read when the metrics are.
type reader struct{ r *Runtime }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cairn_"+name, help, labels, nil)
}

var (
	descVersion = describe("script_version", "Version that serves.", "script")
	descPercent = describe("version_percent",
		"Share of a script's objects and requests that a version takes.", "script", "version")
	descMemory  = describe("memory_bytes", "Memory, of the budget.", "kind")
	descRefused = describe("memory_refused_total", "Refused for want of memory.", "kind")
	descPool    = describe("instances_used", "Instances, by who has them.", "by", "state")
	descWaiting = describe("requests_waiting", "Requests that wait for an instance.")
	descAlarms  = describe("alarms_held", "Alarms in memory.", "state")
	descDisk    = describe("disk_bytes", "Files of the store.", "kind")
	descWritten = describe("log_written_bytes_total", "Written to the log.")
	descBatches = describe("log_batches_total", "Batches appended to the log.")
	descSync    = describe("log_sync_seconds", "Syncs of the log.")
	descBuild   = describe("build_info", "1, for what runs.", "version", "go")
)

// Describe implements prometheus.Collector.
func (reader) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descVersion, descPercent, descMemory, descRefused, descPool,
		descWaiting, descAlarms, descDisk, descWritten, descBatches, descSync, descBuild} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c reader) Collect(to chan<- prometheus.Metric) {
	r := c.r
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
	}
	c.scripts(gauge)
	for k := range account.NumKinds {
		gauge(descMemory, float64(r.account.Used(k)), k.String())
		counter(descRefused, float64(r.account.Refused(k)), k.String())
	}
	objects := r.objects.Instances()
	busy, waiting := r.workers.Busy()
	gauge(descPool, float64(objects.Busy), "object", "busy")
	gauge(descPool, float64(objects.Idle), "object", "idle")
	gauge(descPool, float64(busy), "worker", "busy")
	gauge(descPool, float64(max(0, r.engine.Instances()-objects.Busy-objects.Idle-busy)), "nobody", "idle")
	gauge(descWaiting, float64(waiting))
	alarms := r.alarms.Stats()
	gauge(descAlarms, float64(alarms.Ready), "ready")
	gauge(descAlarms, float64(alarms.Running), "running")
	gauge(descAlarms, float64(alarms.Retrying), "retrying")
	disk := r.store.Stats()
	gauge(descDisk, float64(disk.DiskBytes-min(disk.LogBytes, disk.DiskBytes)), "tables")
	gauge(descDisk, float64(disk.LogBytes), "log")
	counter(descWritten, float64(disk.LogWritten))
	counter(descBatches, float64(r.store.Last()))
	to <- prometheus.MustNewConstHistogram(descSync, disk.Syncs, disk.SyncSeconds, disk.SyncBuckets)
	if info, ok := debug.ReadBuildInfo(); ok {
		gauge(descBuild, 1, info.Main.Version, info.GoVersion)
	}
}

// scripts shows what each script runs.
func (c reader) scripts(gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	for _, script := range c.r.app.Serving().Scripts {
		gauge(descVersion, float64(script.Stable.Number), script.Name)
		for _, v := range script.Versions() {
			percent := script.Percent
			if v == script.Stable {
				percent = 100 - percent
			}
			gauge(descPercent, float64(percent), script.Name, strconv.Itoa(v.Number))
		}
	}
}

// timedLog is a log whose waits are counted, those that do wait.
type timedLog struct {
	storage.Log
	waits *observe.Histogram
}

// Wait implements storage.Log.
func (l timedLog) Wait(ctx context.Context, seq storage.Seq) error {
	if seq <= l.Durable() {
		return l.Log.Wait(ctx, seq) // it may have failed
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
func (c countedOutbound) Fetch(ctx context.Context, seen gate.Mark, request, dst []byte) ([]byte, error) {
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
