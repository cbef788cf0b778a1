package program

import (
	"errors"

	"github.com/cairn-dev/cairn/host/account"
)

// Errors of Program.Get and Instance.Enter. What a kind of program knows besides wraps
// them, and has a text of its own.
var (
	ErrRetired = errors.New("program: another has taken its place")
	// ErrInstances says that the host has all the instances that it can have.
	ErrInstances = errors.New("program: no more instances")
	// ErrNoMemory says that the host has no memory for what was wanted.
	ErrNoMemory    = errors.New("program: the host has no memory for it")
	ErrCPULimit    = errors.New("program: it exceeded its CPU limit")
	ErrMemoryLimit = errors.New("program: it exceeded its memory limit")
)

// NoMemory reports whether the host has too much in memory for what was wanted.
func NoMemory(err error) bool {
	var refused *account.Error
	return errors.As(err, &refused) || errors.Is(err, ErrInstances) || errors.Is(err, ErrNoMemory)
}
