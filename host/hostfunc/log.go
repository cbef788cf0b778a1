package hostfunc

import (
	"bytes"

	"github.com/cairn-dev/cairn/abi"
)

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
	c.leavePlace() // whoever reads the log may be slow
	c.Host.Log(int32(uint32(args[0])), text, attrs)
	return abi.StatusOK
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

// writeStdio takes what the guest wrote to a standard stream and logs it line
// by line.
func (c *Call) writeStdio(fd uint32, text []byte) {
	if fd != c.stdioFD {
		c.flushStdio()
		c.stdioFD = fd
	}
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
			c.flushStdio()
		}
	}
}

// maxStdioLine is where a line of standard output is cut.
const maxStdioLine = 4 << 10

func (c *Call) flushStdio() {
	level := int32(abi.LevelInfo)
	if c.stdioFD == 2 {
		level = abi.LevelWarn
	}
	if len(c.stdio) > 0 && c.Host != nil && c.LogBudget(len(c.stdio)) {
		c.leavePlace()
		c.Host.Log(level, c.stdio, nil)
	}
	c.stdio = c.stdio[:0]
}
