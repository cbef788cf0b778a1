//go:build !linux

package loadgen

func newSleeper() (sleeper, error) { return newTimerSleeper() }
