package admin

import (
	"runtime/debug"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/observe"
)

// Gauges adds what the rooms count anyway to the metrics.
func (r Rooms) Gauges(m *observe.Metrics) {
	m.Gauge("cairn_activations", "Objects in memory.",
		func() float64 { return float64(r.Objects.Len()) })
	m.Gauge("cairn_set_aside_bytes", "Memory of suspended objects.",
		func() float64 { return float64(r.Account.Used(account.SetAside)) })
	m.Gauge("cairn_instances", "WebAssembly instances.",
		func() float64 { return float64(r.Engine.Instances()) })
	m.Gauge("cairn_module_versions", "Versions that hold compiled code.",
		func() float64 { return float64(r.Engine.Images()) })
	m.Gauge("cairn_log_appended", "Newest sequence of the log.",
		func() float64 { return float64(r.Store.Last()) })
	m.Gauge("cairn_log_durable", "Sequence up to which the log is durable.",
		func() float64 { return float64(r.Store.Durable()) })
	m.Gauge("cairn_memory_budget_bytes", "What --memory allows.",
		func() float64 { return float64(r.Account.Budget()) })
	m.Registry().MustRegister(reader{r})
}

// reader shows metrics with labels that are read when the metrics are.
type reader struct{ rooms Rooms }

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
	for _, d := range []*prometheus.Desc{descVersion, descPercent, descMemory, descRefused,
		descPool, descWaiting, descAlarms, descDisk, descWritten, descBatches,
		descSync, descBuild} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c reader) Collect(to chan<- prometheus.Metric) {
	r := c.rooms
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
	}
	c.scripts(gauge)
	for k := range account.NumKinds {
		gauge(descMemory, float64(r.Account.Used(k)), k.String())
		counter(descRefused, float64(r.Account.Refused(k)), k.String())
	}
	objects := r.Objects.Instances()
	busy, waiting := r.Workers.Busy()
	gauge(descPool, float64(objects.Busy), "object", "busy")
	gauge(descPool, float64(objects.Idle), "object", "idle")
	gauge(descPool, float64(busy), "worker", "busy")
	rest := r.Engine.Instances() - objects.Busy - objects.Idle - busy
	gauge(descPool, float64(max(0, rest)), "nobody", "idle")
	gauge(descWaiting, float64(waiting))
	alarms := r.Alarms.Stats()
	gauge(descAlarms, float64(alarms.Ready), "ready")
	gauge(descAlarms, float64(alarms.Running), "running")
	gauge(descAlarms, float64(alarms.Retrying), "retrying")
	disk := r.Store.Stats()
	gauge(descDisk, float64(disk.DiskBytes-min(disk.LogBytes, disk.DiskBytes)), "tables")
	gauge(descDisk, float64(disk.LogBytes), "log")
	counter(descWritten, float64(disk.LogWritten))
	counter(descBatches, float64(r.Store.Last()))
	to <- prometheus.MustNewConstHistogram(descSync, disk.Syncs, disk.SyncSeconds, disk.SyncBuckets)
	if info, ok := debug.ReadBuildInfo(); ok {
		gauge(descBuild, 1, info.Main.Version, info.GoVersion)
	}
}

// scripts shows what each script runs.
func (c reader) scripts(gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	for _, script := range c.rooms.App.Serving().Scripts {
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
