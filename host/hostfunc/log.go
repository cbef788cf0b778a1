package hostfunc

import (
	"bytes"

	"github.com/cairn-dev/cairn/abi"
)

// Log takes what a guest logs, and what it writes to its standard streams. Without
// one, both are dropped.
type Log interface {
	Log(level int32, text, attrs []byte)
}

// logFunctions are the imports of abi.CapabilityLog.
var logFunctions = bindings{
	abi.FuncLogWrite: logWrite,
}

// logWrite is the host function abi.FuncLogWrite. It writes a record to the
// host's log.
//
// # Parameters
//
//   - level: log/slog's, such as abi.LevelInfo
//   - text_ptr, text_len: the message
//   - attrs_ptr, attrs_len: a JSON object, or nothing
//
// # Result
//
//   - StatusOK: written
//   - StatusTooLarge: beyond abi.MaxLogBytesPerCall; dropped and counted
//   - StatusFault: a range lies outside linear memory
func logWrite(c *Call, args []uint64) abi.Status {
	text, ok1 := c.view(args[1], args[2])
	attrs, ok2 := c.view(args[3], args[4])
	if !ok1 || !ok2 {
		return abi.StatusFault
	}
	if !c.LogBudget(len(text) + len(attrs)) {
		return abi.StatusTooLarge
	}
	c.log(int32(uint32(args[0])), text, attrs)
	return abi.StatusOK
}

// log gives a record to the Host.
func (c *Call) log(level int32, text, attrs []byte) {
	c.leavePlace() // whoever reads the log may be slow
	if host := c.can.log; host != nil {
		host.Log(level, text, attrs)
	}
}

// LogBudget takes n bytes of what the call may log and reports whether there
// were as many. An empty record costs one byte, so that a loop ends as well.
func (c *Call) LogBudget(n int) bool {
	if c.logBytes+max(n, 1) > abi.MaxLogBytesPerCall {
		c.dropped++
		return false
	}
	c.logBytes += max(n, 1)
	return true
}

// writeStdio takes what the guest wrote to a standard stream and logs it line by
// line. Lines of standard error are held for a while: before it ends, a Go guest
// that fails writes some 70 of them, which belong into the record of its end.
func (c *Call) writeStdio(fd uint32, text []byte) {
	if fd != c.stdioFD {
		c.flushStdio()
		c.stdioFD = fd
	}
	if fd == 2 {
		if len(c.held)+len(text) > maxHeld {
			c.flushHeld()
		}
		if len(text) <= maxHeld {
			c.held = append(c.held, text...)
			return
		}
	}
	c.splitLines(text)
}

// splitLines logs lines; one that has not ended waits for its rest.
func (c *Call) splitLines(text []byte) {
	for len(text) > 0 {
		part := text[:min(len(text), maxStdioLine-len(c.stdio))]
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end]
		}
		c.stdio = append(c.stdio, part...)
		text = text[len(part):]
		if end >= 0 {
			text = text[1:]
		}
		if end >= 0 || len(c.stdio) == maxStdioLine {
			c.flushLine()
		}
	}
}

const (
	// maxStdioLine is where a line of standard output is cut.
	maxStdioLine = 4 << 10
	// maxHeld bounds what is held of standard error: more than the stack of a Go
	// guest without memory takes.
	maxHeld = 16 << 10
)

// LastWords returns what is held of standard error and lets go of it, once the
// guest has failed. It is valid until the next Begin.
func (c *Call) LastWords() []byte {
	if c.stdioFD != 2 {
		c.flushStdio()
	}
	words := append(c.stdio, c.held...)
	c.stdio, c.held = words[:0], c.held[:0]
	return bytes.TrimSpace(words)
}

// flushStdio logs what is held, and the line that has not ended.
func (c *Call) flushStdio() {
	c.flushHeld()
	c.flushLine()
}

// flushHeld logs the lines of standard error that are held.
func (c *Call) flushHeld() {
	if len(c.held) > 0 {
		c.splitLines(c.held)
		c.held = c.held[:0]
	}
}

func (c *Call) flushLine() {
	level := int32(abi.LevelInfo)
	if c.stdioFD == 2 {
		level = abi.LevelWarn
	}
	if len(c.stdio) > 0 && c.can.log != nil && c.LogBudget(len(c.stdio)) {
		c.log(level, c.stdio, nil)
	}
	c.stdio = c.stdio[:0]
}
