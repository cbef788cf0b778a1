package abi

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
)

// words are what the machine's errors mean to the rooms above.
var words = []struct{ machine, program error }{
	{module.ErrRetired, program.ErrRetired},
	{module.ErrInstances, program.ErrInstances},
	{module.ErrNoMemory, program.ErrNoMemory},
	{module.ErrCPULimit, program.ErrCPULimit},
	{module.ErrMemoryLimit, program.ErrMemoryLimit},
}

// translated is an error of the machine that says what it means in package program's
// words as well. Its text stays.
func translated(err error) error {
	for _, word := range words {
		if errors.Is(err, word.machine) {
			return &meant{err, word.program}
		}
	}
	return err
}

// meant is an error with what it means.
type meant struct {
	error
	means error
}

// Unwrap returns both.
func (m *meant) Unwrap() []error { return []error{m.error, m.means} }

// refuse says why a module is refused, and what to try.
func refuse(hint, format string, args ...any) error {
	return &module.CompileError{Problem: fmt.Sprintf(format, args...), Hint: hint}
}
