package host_test

import (
	"fmt"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestDurableListStreams lists more than a guest has memory for.
func TestDurableListStreams(t *testing.T) {
	t.Parallel()
	total, part := 100_000, 10_000
	if testing.Short() {
		total = 80_000
	}
	p := startProbe(t, hosttest.Options{NoListener: true,
		Options: host.Options{MemoryLimit: 32 << 20}})
	const bytes = 500
	for from := 0; from < total; from += part {
		if got := p.run("many", fmt.Sprintf("fill k %d %d %d", from, from+part, bytes)); got != "" {
			t.Fatal(got)
		}
	}
	last := fmt.Sprintf("k%06d", total-1)
	for _, c := range []durableCase{
		{"all", "scan", fmt.Sprintf("%d k000000 %s", total, last)},
		{"reverse", "scan reverse", fmt.Sprintf("%d %s k000000", total, last)},
		{"a page", "scan after=k012344 limit=1000", "1000 k012345 k013344"},
		{"a page in reverse", "scan end=k012345 reverse limit=1000", "1000 k012344 k011345"},
		{"stops early", "scan stop=3", "3 k000000 k000002"},
		{"within a scan", "scan stop=3(scan start=k000100 limit=10, count), count",
			"3 k000000 k000002, 4"},
		{"all at once is too much",
			"list", "[reset] Durable Object exceeded its memory limit and was reset."},
		{"it is still there", "scan", fmt.Sprintf("%d k000000 %s", total, last)},
		{"deleteAll", "deleteall, list", "empty"},
	} {
		if got := p.run("many", c.script); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
