package host_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cairn-dev/cairn/host/hosttest"
)

// metricRow is a row of METRICS.md: name, type, labels.
type metricRow struct{ name, kind, labels string }

// documentedMetrics reads METRICS.md.
func documentedMetrics(t *testing.T) (rows []metricRow) {
	t.Helper()
	file, err := os.Open("observe/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		cells := strings.Split(lines.Text(), "|")
		if len(cells) < 5 || !strings.HasPrefix(cells[1], " `cairn_") {
			continue
		}
		rows = append(rows, metricRow{strings.Trim(cells[1], " `"), strings.TrimSpace(cells[2]),
			strings.TrimSpace(cells[3])})
	}
	return rows
}

// shownMetrics are the rows that a host's metrics would make.
func shownMetrics(families []*dto.MetricFamily) (rows []metricRow) {
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "cairn_") {
			continue
		}
		var labels []string
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		rows = append(rows, metricRow{f.GetName(), strings.ToLower(f.GetType().String()),
			strings.Join(labels, ", ")})
	}
	return rows
}

// TestMetricsTable compares METRICS.md with what a host shows, both ways.
func TestMetricsTable(t *testing.T) {
	h := hosttest.Start(t, hosttest.Options{Guest: "counter"})
	families, err := h.Runtime.Metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	documented, shown := documentedMetrics(t), shownMetrics(families)
	byLabels := func(r metricRow) metricRow { // Prometheus sorts them
		labels := strings.Split(r.labels, ", ")
		slices.Sort(labels)
		r.labels = strings.Join(labels, ", ")
		return r
	}
	for i := range documented {
		documented[i] = byLabels(documented[i])
		if !slices.Contains(shown, documented[i]) {
			t.Errorf("METRICS.md has %+v, the host has not", documented[i])
		}
	}
	for _, r := range shown {
		if !slices.Contains(documented, byLabels(r)) {
			t.Errorf("the host shows %+v, METRICS.md has no such row", r)
		}
	}
	for _, want := range []string{"go_goroutines", "process_open_fds", "go_build_info"} {
		if !slices.ContainsFunc(families, func(f *dto.MetricFamily) bool {
			return f.GetName() == want
		}) {
			t.Errorf("there is no %s", want)
		}
	}
}

// metricOf returns a metric's value, or a histogram's count.
func metricOf(t *testing.T, h *hosttest.Host, name string, labels ...string) float64 {
	t.Helper()
	families, err := h.Runtime.Metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum, found := 0.0, false
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() != name || !hasLabels(m, labels) {
				continue
			}
			found = true
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() +
				float64(m.GetHistogram().GetSampleCount())
		}
	}
	if !found {
		t.Errorf("there is no %s with %v", name, labels)
	}
	return sum
}

func hasLabels(m *dto.Metric, want []string) bool {
	for _, w := range want {
		if !slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool {
			return fmt.Sprintf("%s=%s", l.GetName(), l.GetValue()) == w
		}) {
			return false
		}
	}
	return true
}
