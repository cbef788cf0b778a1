package event

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
)

// RequestID says of the records of a log which of them belong together: those of one
// request, or one alarm, and of everything that it set off. The log has it under
// "request". It means nothing else, and is no secret; 0 is none.
type RequestID uint64

// Requests are counted from a place that is another one for each process, so that the
// logs of two nodes, or of before and after a restart, can be read as one.
var (
	firstRequest = rand.Uint64()
	requests     atomic.Uint64
)

// NewRequestID returns an ID that no other request has.
func NewRequestID() RequestID { return RequestID(firstRequest + requests.Add(1)) }

// String returns the ID as 16 lower-case hex digits.
func (r RequestID) String() string { return fmt.Sprintf("%016x", uint64(r)) }

// MarshalText implements encoding.TextMarshaler, for logs and JSON.
func (r RequestID) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Tag returns a log whose records bear the ID; l itself where it is none. It allocates:
// who may have nothing to say does so once there is something.
func (r RequestID) Tag(l *slog.Logger) *slog.Logger {
	if r == 0 {
		return l
	}
	return l.With("request", r)
}
