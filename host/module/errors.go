package module

import (
	"fmt"
	"strings"
)

// CompileError says why a module is refused.
type CompileError struct {
	Problem string // what is wrong, naming what is missing
	Hint    string // what to try; may be empty
	Err     error  // the cause; may be nil
}

// Error is one line: of the cause only the first. A trap has a stack behind it,
// which Unwrap's error still tells.
func (e *CompileError) Error() string {
	s := e.Problem
	if e.Err != nil {
		cause, _, _ := strings.Cut(e.Err.Error(), "\n")
		s += ": " + cause
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *CompileError) Unwrap() error { return e.Err }

func refuse(hint, format string, args ...any) error {
	return &CompileError{Problem: fmt.Sprintf(format, args...), Hint: hint}
}
