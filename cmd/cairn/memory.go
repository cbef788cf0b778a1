package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/cairn-dev/cairn/host/account"
)

// minMemory is the least budget that makes sense: the smallest store takes 5 MiB.
const minMemory = 8 << 20

// sizes are what memoryBudget reads: a number, and a power of 1024.
var sizes = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGT]?)(?:i?B)?$`)

// memoryBudget reads --memory, like 2GiB, in bytes; left out it is half of the
// machine's. Whether the app fits is known when its modules are: see module.Image.Fits.
func memoryBudget(text string) (int64, error) {
	if text == "" {
		return max(machineMemory()/2, minMemory), nil
	}
	parts := sizes.FindStringSubmatch(text)
	if parts == nil {
		return 0, usageError{fmt.Errorf("--memory %q is not a size like 2GiB or 512MiB", text)}
	}
	shift := map[string]uint{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[parts[2]]
	value, err := strconv.ParseFloat(parts[1], 64)
	bytes := value * float64(uint64(1)<<shift)
	switch {
	case err != nil || bytes > 1<<60:
		return 0, usageError{fmt.Errorf("--memory %q is more than any machine has", text)}
	case bytes < minMemory:
		return 0, usageError{fmt.Errorf("--memory %q is %s, and the store alone takes %s (a "+
			"small app needs some 64MiB)",
			text, account.Size(int64(bytes)), account.Size(minMemory))}
	}
	return int64(bytes), nil
}

// machineMemory returns the memory that this process may use, in bytes: the
// machine's, or less in a container; 4 GiB where nobody says.
func machineMemory() int64 {
	const unknown = 4 << 30
	machine := int64(unknown)
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			machine = kib << 10
		}
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max",
		"/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// "max" is not a number: no limit.
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10,
			64); err == nil && n > 0 {
			machine = min(machine, n)
		}
	}
	return machine
}
