package host_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestListMillion lists CAIRN_KEYS keys of one object and measures what that
// takes: the guest has a limit that a tenth of them would pass, and the host's
// peak is its process's. It is make million.
func TestListMillion(t *testing.T) {
	total, err := strconv.Atoi(os.Getenv("CAIRN_KEYS"))
	if err != nil {
		t.Skip("CAIRN_KEYS is not set: see make million")
	}
	const (
		valueBytes = 100
		part       = 20_000
		guestBytes = 16 << 20
		maxGrowth  = 48 << 20 // beside the caches, which the first list fills
	)
	p := startProbe(t, hosttest.Options{NoListener: true,
		Options: host.Options{MemoryLimit: guestBytes, FS: vfs.Default, DataDir: t.TempDir()}})
	for from := 0; from < total; from += part {
		if got := p.run("many", fmt.Sprintf("fill k %d %d %d",
			from, min(from+part, total), valueBytes)); got != "" {
			t.Fatal(got)
		}
	}
	p.Restart()
	last := fmt.Sprintf("k%06d", total-1)
	forward, back := fmt.Sprintf("%d k000000 %s", total, last),
		fmt.Sprintf("%d %s k000000", total, last)
	for i, c := range []struct{ name, script, want string }{
		{"a first list", "scan", forward},
		{"a list", "scan", forward},
		{"in reverse", "scan reverse", back},
		{"over a batch", "fill k 0 20000 100, put z 1, delete k000001, scan end=z",
			fmt.Sprintf("true, %d k000000 %s", total-1, last)},
		{"in a transaction", "tx(fill k 0 20000 100, scan, rollback)", "rolled back"},
		{"two at once", "scan stop=1(scan end=z reverse)", "1 k000000 k000000"},
		{"pages",
			strings.TrimSuffix(strings.Repeat("list after=k000010 limit=1000, ", 3), ", "), ""},
	} {
		debug.FreeOSMemory()
		resetPeak(t)
		before := statusBytes(t, "VmRSS")
		got := p.run("many", c.script)
		peak := statusBytes(t, "VmHWM")
		if c.want != "" && got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, short(got), c.want)
		}
		t.Logf("%s: the process has %d MiB and came to %d MiB", c.name, before>>20, peak>>20)
		if i > 0 && peak-before > maxGrowth {
			t.Errorf("%s: %d MiB more than before, want %d at most",
				c.name, (peak-before)>>20, maxGrowth>>20)
		}
	}
	if got, want := p.run("many", "list"), memoryReset; got != want {
		t.Errorf("all at once, which has to pass the guest's limit: got %s, want %s",
			short(got), want)
	}
}

// resetPeak begins a new peak of what the process has in memory.
func resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("only Linux tells a process's peak: %v", err)
	}
}

// statusBytes reads a line of /proc/self/status.
func statusBytes(t *testing.T, name string) (bytes int64) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), name+":")
	if _, err := fmt.Sscan(line, &bytes); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return bytes << 10
}
