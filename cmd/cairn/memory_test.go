package main

import (
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/account"
)

// TestMemoryBudget wants every way to write a size, and one line about what is none.
func TestMemoryBudget(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int64
		wrong string // part of the error
	}{
		{"8MiB", 8 << 20, ""}, {"8M", 8 << 20, ""}, {"8MB", 8 << 20, ""},
		{"16777216", 16 << 20, ""}, {"16777216B", 16 << 20, ""}, {"1GiB", 1 << 30, ""},
		{"1.5GiB", 3 << 29, ""}, {"2 GiB", 2 << 30, ""}, {"0.5T", 1 << 39, ""},
		{"65536KiB", 64 << 20, ""}, {"0", 0, "0 B"}, {"1K", 0, "1 KiB"}, {"3MiB", 0, "3 MiB"},
		{"8388607", 0, "8 MiB"}, {"-1", 0, "not a size"}, {"-1GiB", 0, "not a size"},
		{"much", 0, "not a size"}, {"NaN", 0, "not a size"},
		{"inf", 0, "not a size"}, {"1e9", 0, "not a size"}, {"0x1000000", 0, "not a size"},
		{"1.GiB", 0, "not a size"}, {"1GiBB", 0, "not a size"}, {"1KMG", 0, "not a size"},
		{"GiB", 0, "not a size"}, {" 1GiB", 0, "not a size"},
		{"99999999999TiB", 0, "more than any machine"},
		{"1" + strings.Repeat("0", 400), 0, "more than any machine"},
	} {
		bytes, err := memoryBudget(c.text)
		if c.wrong == "" && (err != nil || bytes != c.bytes) {
			t.Errorf("%q is %d, %v; want %d", c.text, bytes, err, c.bytes)
		}
		if c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong) ||
			strings.Contains(err.Error(), "\n")) {
			t.Errorf("%.20q: %v, want %q", c.text, err, c.wrong)
		}
	}
	if bytes, err := memoryBudget(""); err != nil || bytes < minMemory || bytes > machineMemory() {
		t.Errorf("left out: %d, %v", bytes, err)
	}
}

// TestHeapLimit wants Go to have what memories and code leave of the budget, and never
// less than what was granted to it.
func TestHeapLimit(t *testing.T) {
	const budget, base = 800 << 20, 50 << 20
	a := account.New(budget)
	if got := heapLimit(a, base); got != base+900<<20 {
		t.Errorf("an empty host's: %d", got)
	}
	a.Count(account.Memories, 400<<20)
	if got := heapLimit(a, base); got != base+450<<20 {
		t.Errorf("with half of it outside: %d", got)
	}
	a.Count(account.SetAside, 480<<20)
	if got := heapLimit(a, base); got != base+540<<20 {
		t.Errorf("with more inside than is left: %d", got)
	}
}
