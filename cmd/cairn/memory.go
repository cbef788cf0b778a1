package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// memoryBudget reads --memory, like 2GiB; left out it is half of the machine's.
func memoryBudget(text string) (int64, error) {
	if text == "" {
		return machineMemory() / 2, nil
	}
	number := strings.TrimRight(text, "KMGTiB ")
	shift, ok := map[string]uint{
		"": 0, "B": 0, "K": 10, "KiB": 10, "M": 20, "MiB": 20, "G": 30, "GiB": 30, "T": 40, "TiB": 40,
	}[strings.TrimSpace(text[len(number):])]
	value, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || value <= 0 || value*float64(uint64(1)<<shift) > 1<<60 {
		return 0, usageError{fmt.Errorf("--memory %q is not a size like 2GiB or 512MiB", text)}
	}
	return int64(value * float64(uint64(1)<<shift)), nil
}

// machineMemory returns the machine's memory in bytes, or 4 GiB where it does
// not say.
func machineMemory() int64 {
	const unknown = 4 << 30
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			return kib << 10
		}
	}
	return unknown
}
