package module_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/module"
)

// mappings counts the mappings of the process.
func mappings(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	return bytes.Count(maps, []byte("\n"))
}

// TestMappings makes a few hundred instances, writes all over them, grows,
// suspends, resumes and resets them: each takes two mappings, its image and what
// is after it, whatever is done with it. The kernel's limit is one for the
// process, and to reach it is the end of the process.
func TestMappings(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/vm/max_map_count")
	if err != nil {
		t.Skip(err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	// A host has some 64 residents, 128 idle instances of each of some versions,
	// and a Worker for each request under way.
	const instances, each, most = 300, 2, 4096
	v, err := start(newEngine(t, module.Options{MemoryLimit: 4 << 20}), acrobat(0))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	before := mappings(t)
	all := make([]*module.Instance, instances)
	for n := range all {
		i := get(t, v)
		all[n] = i
		for _, what := range []int{doCount, doGrowOne, doGrowOne} {
			if err := enter(t, i, what, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		// Every other page becomes private.
		for at := uint32(0); at < uint32(i.MemoryBytes()); at += 2 * 4096 {
			i.Memory().WriteByte(at+8, 1)
		}
		state, err := i.Suspend(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := i.Resume(state); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			if err := i.Reset(); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Go's own heap grows meanwhile, by a mapping now and then.
	grown := mappings(t) - before
	if grown > instances*each+instances/4 {
		t.Errorf("%d instances take %d mappings, want %d each", instances, grown, each)
	}
	if most*each > limit/4 {
		t.Errorf("%d instances would take %d mappings of the %d that there can be",
			most, most*each, limit)
	}
	for _, i := range all {
		v.Discard(i)
	}
}
