package hostfunc

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
)

// TestCharge spends a call's time in host functions alone, which costs it no
// fuel: the host looks at the clock all the same.
func TestCharge(t *testing.T) {
	memory := newMemory(t)
	for _, bytes := range []uint64{0, 1, pageBytes} {
		var c Call
		c.Memory = memory
		c.Begin(nil, nil, time.Nanosecond)
		calls := 0
		func() {
			defer func() {
				if r := recover(); r != ErrCPULimit {
					t.Errorf("%d bytes: ended with %v", bytes, r)
				}
			}()
			for ; calls < 10_000; calls++ {
				c.charge()
				c.view(0, bytes)
			}
		}()
		// Twice, because the clock starts with the first look at it.
		if limit := 2*workQuantum/(callWork+int(bytes)) + 2; calls > limit {
			t.Errorf("%d bytes: ended after %d calls, want at most %d", bytes, calls, limit)
		}
		c.End()
	}
}

// logged is a Host that keeps what is logged.
type logged struct {
	lines  []string
	levels []int32
}

func (l *logged) Log(level int32, text, _ []byte) {
	l.lines, l.levels = append(l.lines, string(text)), append(l.levels, level)
}

// TestStdio turns what is written to the standard streams into lines.
func TestStdio(t *testing.T) {
	long := strings.Repeat("x", maxStdioLine)
	for _, c := range []struct {
		name   string
		writes []string // the first byte is the stream's number
		want   []string
		levels []int32
	}{
		{"a line", []string{"1hello\n"}, []string{"hello"}, []int32{abi.LevelInfo}},
		{"an error", []string{"2oh\n"}, []string{"oh"}, []int32{abi.LevelWarn}},
		{"in pieces", []string{"1he", "1llo\nwor", "1ld\n"},
			[]string{"hello", "world"}, []int32{0, 0}},
		{"no end", []string{"1hello"}, []string{"hello"}, []int32{abi.LevelInfo}},
		{"empty lines", []string{"1\n\na\n\n"}, []string{"a"}, []int32{0}},
		{"two streams", []string{"1out", "2err", "1more\n"}, []string{"out", "err", "more"},
			[]int32{0, 4, 0}},
		{"longest", []string{"1" + long + "\nb\n"}, []string{long, "b"}, []int32{0, 0}},
		{"too long", []string{"1" + long + "y\n"}, []string{long, "y"}, []int32{0, 0}},
	} {
		var l logged
		var call Call
		call.Begin(&l, nil, 0)
		for _, w := range c.writes {
			call.writeStdio(uint32(w[0]-'0'), []byte(w[1:]))
		}
		if call.Dropped() != 0 {
			t.Errorf("%s: %d lines dropped", c.name, call.Dropped())
		}
		call.End()
		if !slices.Equal(l.lines, c.want) || !slices.Equal(l.levels, c.levels) {
			t.Errorf("%s: %.60q at %v, want %.60q at %v",
				c.name, l.lines, l.levels, c.want, c.levels)
		}
	}
}

// TestStdioBudget writes far more than a call may log. Neither the log nor the
// buffer takes it.
func TestStdioBudget(t *testing.T) {
	var l logged
	var c Call
	c.Begin(&l, nil, 0)
	c.writeStdio(1, []byte(strings.Repeat("x", 4*abi.MaxLogBytesPerCall)))
	total := 0
	for _, line := range l.lines {
		total += len(line)
	}
	if total != abi.MaxLogBytesPerCall {
		t.Errorf("logged %d bytes, want %d", total, abi.MaxLogBytesPerCall)
	}
	if want := 3 * abi.MaxLogBytesPerCall / maxStdioLine; c.Dropped() != want {
		t.Errorf("dropped %d, want %d", c.Dropped(), want)
	}
	if cap(c.stdio) > 2*maxStdioLine {
		t.Errorf("keeps a buffer of %d bytes", cap(c.stdio))
	}
}

// TestFdWriteShort gives fd_write as many ranges as it takes, each the whole of
// linear memory: it takes a part and says how much.
func TestFdWriteShort(t *testing.T) {
	memory := newMemory(t)
	const count = 1024
	for i := range uint32(count) {
		iov := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 0), pageBytes)
		memory.Write(8*i, iov)
	}
	var c Call
	c.Memory = memory
	c.Begin(&logged{}, nil, 0)
	defer c.End()
	if errno := fdWrite(&c, []uint64{1, 0, count, count * 8}); errno != errnoSuccess {
		t.Fatalf("errno %d", errno)
	}
	if got, _ := memory.ReadUint32Le(count * 8); got != maxStdioWrite {
		t.Errorf("took %d bytes, want %d", got, maxStdioWrite)
	}
	if errno := fdWrite(&c, []uint64{1, 0, count + 1, 0}); errno != errnoInval {
		t.Errorf("one range more: errno %d", errno)
	}
	if errno := fdWrite(&c, []uint64{3, 0, 1, 0}); errno != errnoBadf {
		t.Errorf("another file: errno %d", errno)
	}
}
