package module

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// Errors of getting an instance.
var (
	// ErrRetired says that the image was closed: another has taken its place.
	ErrRetired = errors.New("module: version is retired")
	// ErrInstances says that the host has all the instances that it can have.
	ErrInstances = errors.New("module: no more instances")
)

// Errors of Instance.Enter and Instance.Call. Each of them breaks the instance: what its
// memory holds means nothing any more, and it must be closed.
var (
	ErrCPULimit    = errors.New("module: guest exceeded its CPU limit")
	ErrMemoryLimit = errors.New("module: guest exceeded its memory limit")
	ErrNoMemory    = errors.New("module: the host has no memory for the guest")
	ErrExit        = errors.New("module: guest exited")
	ErrTrap        = errors.New("module: guest trapped")
	ErrNoExport    = errors.New("module: guest lacks an export")
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

// unreadable refuses bytes that are no module, with what to try for what they
// look like.
func unreadable(wasm []byte, err error) error {
	var limit *rewrite.LimitError
	if errors.As(err, &limit) {
		return &CompileError{Err: err,
			Problem: "module would take too long or too much memory to compile",
			Hint:    "split the function, or build without inlining into it"}
	}
	hint := "build a core WebAssembly module, such as with cairn build"
	begins := func(with string) bool {
		return bytes.HasPrefix(bytes.TrimSpace(wasm[:min(len(wasm), 1<<10)]), []byte(with))
	}
	switch {
	case len(wasm) == 0:
		hint = "the file is empty: did its build fail?"
	case begins("\x00asm\x0d\x00\x01\x00"):
		hint = "build for wasm32-wasip1 or wasm32-unknown-unknown and not for wasm32-wasip2, " +
			"without wasm-tools component new"
	case begins("\x00asm\x01\x00\x00\x00"):
		hint = "is the file whole? Build it again"
	case begins("("):
		hint = "this looks like WebAssembly's text format: wat2wasm makes a module of it"
	case begins("\x1f\x8b"):
		hint = "this is compressed: gunzip it"
	case begins("\x7fELF"), begins("MZ"), begins("\xcf\xfa\xed\xfe"):
		hint = "this is a program for a machine: a Go guest is built with cairn build"
	}
	return &CompileError{Problem: "not a module that cairn can run", Err: err, Hint: hint}
}
