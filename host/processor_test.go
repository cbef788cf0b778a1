//go:build unix

package host

import (
	"syscall"
	"time"
)

// processorTime is what the process has used: other programs on the machine
// disturb it less than the time on the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
