// Package contain keeps a mistake of ours from ending the node. A panic that
// nobody recovers from ends the process, and with it everybody's requests; so
// each goroutine that does work for one request, one alarm or one round of
// housekeeping begins in [Run], and only that work is lost.
//
// It does not decide what has to be given up after a panic: whoever holds the
// state that may be half changed does (see object's assertion.go). It is no way
// to handle errors: each line that it logs is a fault in cairn.
package contain

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Run runs f. It reports false if f has panicked, and logs that with its stack.
func Run(l *slog.Logger, during string, f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			Report(l, during, v)
		}
	}()
	f()
	return true
}

// Report logs what was recovered, with the stack of the panic. It must be called
// by the deferred function that has recovered it.
func Report(l *slog.Logger, during string, v any) {
	l.Error("assertion failed, this is a fault in cairn", "during", during,
		"error", fmt.Sprint(v), "stack", string(debug.Stack()))
}
