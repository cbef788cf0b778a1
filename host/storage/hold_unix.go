//go:build unix

package storage

import (
	"os"
	"syscall"
)

// identify returns the numbers of a file, if it has any.
func identify(info os.FileInfo) (fileID, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(stat.Dev), stat.Ino}, true
}
