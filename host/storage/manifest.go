package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A MANIFEST says which sstables and logs a store consists of: a list of edits, each
// in a record of pebble's package record, each synced before the next is written.
// Pebble takes the first record that it cannot read for the end, whatever follows,
// and removes all files that the edits up to there do not name. So the file is read
// here before: what a crash can leave is all edits and perhaps part of one more.
//
//	chunk = | CRC (4B) | size (2B) | type (1B) | payload |   in blocks of 32 KiB
//	edit  = tags and values, uvarints; these come first:
//	        | 1 | comparer (string) |   | 2 | oldest log that is needed |
//
// All numbers of chunks are little-endian.
const (
	chunkHeader = 7
	chunkBlock  = 32 << 10
	chunkFull   = 1 // the record; chunkFirst is its beginning
	chunkFirst  = 2

	editComparer = 1
	editLog      = 2
)

// manifest is what a MANIFEST says that concerns a start.
type manifest struct {
	name      string
	length    int64  // up to where its records are good
	oldestLog uint64 // the first log that is not in sstables yet
}

// readManifest reads a MANIFEST. durable is how many of its bytes were known to be
// durable, 0 if that is not known. The error wraps ErrCorrupt if it is damaged.
func readManifest(fs vfs.FS, path string, durable int64) (manifest, error) {
	m := manifest{name: fs.PathBase(path)}
	text, err := readFile(fs, path)
	if err != nil {
		return m, err
	}
	r := record.NewReader(bytes.NewReader(text), 0)
	for {
		m.length = r.Offset()
		edit, err := readRecord(r)
		if err == io.EOF {
			break
		}
		if err != nil && !record.IsInvalidRecord(err) {
			return m, fmt.Errorf("read %s: %w", m.name, err)
		}
		if err != nil {
			if m.length == 0 || laterRecord(text, m.length) {
				return m, fmt.Errorf("%w: %s is damaged at byte %d", ErrCorrupt, m.name, m.length)
			}
			break // torn by a crash, before anybody relied on it
		}
		if log, ok := editOldestLog(edit); ok {
			m.oldestLog = log
		}
	}
	if m.length == 0 || m.length < durable {
		return m, fmt.Errorf("%w: %s ends at byte %d of at least %d",
			ErrCorrupt, m.name, m.length, max(durable, 1))
	}
	return m, nil
}

func readRecord(r *record.Reader) ([]byte, error) {
	next, err := r.Next()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(next)
}

func readFile(fs vfs.FS, path string) (text []byte, err error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}

// laterRecord reports whether a record begins behind a bad one that begins at from.
// There cannot be one after a crash: nothing was written behind what was not synced.
func laterRecord(text []byte, from int64) bool {
	end := min((from/chunkBlock+1)*chunkBlock, int64(len(text)))
	for at := from + 1; at < end; at++ { // how long the bad one is nobody knows
		if size, ok := chunkAt(text[at:end], chunkFull, chunkFirst); ok && size > 0 {
			return true
		}
	}
	for block := end; block < int64(len(text)); block += chunkBlock {
		end := min(block+chunkBlock, int64(len(text)))
		for at := block; at < end; {
			if _, ok := chunkAt(text[at:end], chunkFull, chunkFirst); ok {
				return true
			}
			size, ok := chunkAt(text[at:end], chunkFirst+1, chunkFirst+2) // more of the bad one
			if !ok {
				break
			}
			at += int64(size)
		}
	}
	return false
}

// chunkAt returns the size of the chunk at the beginning of b, if it is good and of
// one of two types.
func chunkAt(b []byte, a, c byte) (size int, ok bool) {
	if len(b) < chunkHeader || b[6] != a && b[6] != c {
		return 0, false
	}
	size = chunkHeader + int(binary.LittleEndian.Uint16(b[4:]))
	if size > len(b) {
		return 0, false
	}
	sum := crc32.Checksum(b[6:size], castagnoli)
	return size, binary.LittleEndian.Uint32(b) == (sum>>15|sum<<17)+0xa282ead8 // LevelDB's mask
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// editOldestLog returns the oldest log that an edit says is needed, if it does.
func editOldestLog(edit []byte) (log uint64, ok bool) {
	tag, n := binary.Uvarint(edit)
	if n > 0 && tag == editComparer {
		edit = edit[n:]
		size, n := binary.Uvarint(edit)
		if n <= 0 || size > uint64(len(edit)-n) {
			return 0, false
		}
		edit = edit[n+int(size):]
		tag, _ = binary.Uvarint(edit)
	}
	if tag != editLog || len(edit) == 0 {
		return 0, false
	}
	log, n = binary.Uvarint(edit[1:])
	return log, n > 0
}
