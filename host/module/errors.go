package module

import "fmt"

// CompileError says why a module is refused.
type CompileError struct {
	Problem string // what is wrong, naming what is missing
	Hint    string // what to try; may be empty
	Err     error  // the cause; may be nil
}

func (e *CompileError) Error() string {
	s := e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
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
