package loadgen

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// fdSleeper sleeps by a timerfd, which is exact to some microseconds where Go's
// own timers are late by up to a millisecond: the poller waits for it as for a
// connection.
type fdSleeper struct {
	fd   int // file.Fd would make it blocking
	file *os.File
	spec unix.ItimerSpec
	buf  [8]byte
}

func newSleeper() (sleeper, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create timer: %w", err)
	}
	return &fdSleeper{fd: fd, file: os.NewFile(uintptr(fd), "timer")}, nil
}

func (s *fdSleeper) sleep(d time.Duration) {
	s.spec.Value = unix.NsecToTimespec(int64(d))
	if err := unix.TimerfdSettime(s.fd, 0, &s.spec, nil); err != nil {
		return // the caller looks at the clock
	}
	s.file.Read(s.buf[:]) // fails only when it is woken
}

func (s *fdSleeper) wake()  { s.file.SetReadDeadline(time.Unix(1, 0)) }
func (s *fdSleeper) close() { s.file.Close() }
