package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A store keeps count of its own of what is durable, since pebble cannot tell a log
// or a MANIFEST that ends from one that was damaged there. The file is one line that
// is written in place after each sync and not synced itself: it may be behind and is
// never ahead, and survives the end of the process as what is written does.
//
//	cairn-durable 1 <manifest> <length> <seq> <low> <high> <unix ms> <logs> <CRC-32C, hex>\n
//
// The MANIFEST is durable up to length. The write with pebble's sequence seq is
// durable, and in a log from low to high. <logs> are the newest logs that were
// written to, with commas between them, or "-".
const (
	markFile    = "durable"
	markFormat  = "cairn-durable 1"
	markBytes   = 256 // what is left is spaces
	markLogs    = 8   // more than pebble keeps unflushed
	markTrailer = 1 + 8 + 1
)

// mark is what was known to be durable.
type mark struct {
	manifest  string // the manifest's name; "" if nothing is known
	length    int64
	seq       uint64 // 0 if nothing is known
	low, high uint64
	at        int64 // when it became so, unix ms
	logs      []uint64
}

// appendTo writes the line.
func (m *mark) appendTo(b []byte) []byte {
	start := len(b)
	b = append(b, markFormat+" "...)
	b = append(append(b, orDash(m.manifest)...), ' ')
	for _, n := range []uint64{uint64(m.length), m.seq, m.low, m.high, uint64(m.at)} {
		b = append(strconv.AppendUint(b, n, 10), ' ')
	}
	for i, n := range m.logs {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	if len(m.logs) == 0 {
		b = append(b, '-')
	}
	for len(b)-start < markBytes-markTrailer {
		b = append(b, ' ')
	}
	var sum [4]byte // hex, and not fmt: this is beside every sync
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(b[start:], castagnoli))
	return append(hex.AppendEncode(append(b, ' '), sum[:]), '\n')
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// parseMark reads the line.
func parseMark(text []byte) (m mark, ok bool) {
	if len(text) != markBytes {
		return m, false
	}
	body := text[:markBytes-markTrailer]
	if string(text[len(body):]) != fmt.Sprintf(" %08x\n", crc32.Checksum(body, castagnoli)) {
		return m, false
	}
	fields := bytes.Fields(bytes.TrimPrefix(body, []byte(markFormat)))
	if !bytes.HasPrefix(body, []byte(markFormat+" ")) || len(fields) != 7 {
		return m, false
	}
	var numbers [5]uint64
	for i := range numbers {
		n, err := strconv.ParseUint(string(fields[i+1]), 10, 63)
		if err != nil {
			return m, false
		}
		numbers[i] = n
	}
	if string(fields[0]) != "-" {
		m.manifest = string(fields[0])
	}
	m.length, m.seq, m.low, m.high = int64(numbers[0]), numbers[1], numbers[2], numbers[3]
	m.at = int64(numbers[4])
	for text := range bytes.SplitSeq(fields[6], []byte(",")) {
		if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			m.logs = append(m.logs, n)
		}
	}
	return m, true
}

// readMark reads the mark of a store. One that is missing says nothing: a store that
// an older cairn wrote has none, nor has a checkpoint. damaged says that there is
// something else in its place.
func readMark(under vfs.FS, dir string) (m mark, damaged bool, err error) {
	text, err := readFile(under, under.PathJoin(dir, markFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	m, ok := parseMark(text)
	return m, !ok && len(text) > 0, nil
}

// markKeeper keeps the mark of an open store. Its methods do nothing on a nil one.
type markKeeper struct {
	mu   sync.Mutex
	file vfs.File
	m    mark
	line []byte
}

// openMark opens the file and goes on from what it said.
func openMark(under vfs.FS, dir string, m mark) (*markKeeper, error) {
	f, err := under.OpenReadWrite(under.PathJoin(dir, markFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	return &markKeeper{file: f, m: m}, nil
}

// synced notes that a MANIFEST is durable up to length.
func (k *markKeeper) synced(manifest string, length int64) {
	if k == nil {
		return
	}
	k.mu.Lock()
	k.m.manifest, k.m.length = manifest, length
	k.writeLocked()
	k.mu.Unlock()
}

// wrote notes that a log is written to.
func (k *markKeeper) wrote(log uint64) {
	if k == nil {
		return
	}
	k.mu.Lock()
	if n := len(k.m.logs); n >= markLogs {
		k.m.logs = slices.Delete(k.m.logs, 0, n-markLogs+1)
	}
	k.m.logs = append(k.m.logs, log)
	k.mu.Unlock()
}

// settled notes that a batch is durable. It is the newest one.
func (k *markKeeper) settled(p place) {
	if k == nil {
		return
	}
	k.mu.Lock()
	k.m.seq, k.m.low, k.m.high, k.m.at = p.last, p.low, p.high, time.Now().UnixMilli()
	k.writeLocked()
	k.mu.Unlock()
}

// writeLocked writes the line. An error costs no more than what the next start could
// have told of a damage.
func (k *markKeeper) writeLocked() {
	k.line = k.m.appendTo(k.line[:0])
	_, _ = k.file.WriteAt(k.line, 0)
}

func (k *markKeeper) close() {
	if k != nil {
		_ = k.file.Close()
	}
}

// place is where a batch is in the log: the sequence of its last write, and the
// numbers of the first and the last log that it can be in.
type place struct{ last, low, high uint64 }
