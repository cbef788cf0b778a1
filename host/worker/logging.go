package worker

import (
	"log/slog"

	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/internal/contain"
)

var _ hostfunc.Log = (*call)(nil)

// Log implements hostfunc.Log.
func (c *call) Log(level int32, text, attrs []byte) {
	c.Version.Counts.Log(c.logger(), level, text, attrs)
}

// logger returns the script's log with the request attached.
func (c *call) logger() *slog.Logger {
	if c.log == nil {
		c.log = c.Budget.Request().Tag(c.Version.Logger)
	}
	return c.log
}

// contained runs f, the answer of a Worker. It is contain.Run with a log that is made
// only when there is something to say.
func (c *call) contained(f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			contain.Report(c.logger(), "a Worker", v)
		}
	}()
	f()
	return true
}
