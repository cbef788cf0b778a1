//go:build unix

package listen

import "syscall"

// Descriptors returns how many descriptors this process may have open.
func Descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fallbackDescriptors
	}
	return int(min(uint64(limit.Cur), 1<<30))
}
