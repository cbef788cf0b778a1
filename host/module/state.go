package module

import (
	"bytes"
	"encoding/binary"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// State is how one instance differs from its image: an object's
// memory while it has no instance. It is bytes, not pages, as a counter's
// object differs by some hundred bytes spread over ten pages.
//
// The bytes are a list of runs, to the end, and then the globals:
//
//	+---------------+------------------+-----------------+ - - +----------+
//	| gap (uvarint) | length (uvarint) | bytes (length B)|     | 0, 0     |
//	+---------------+------------------+-----------------+ - - +----------+
//
// A gap counts from the end of the run before. Globals follow the empty run as
// 8 bytes each, or nothing when all are the image's.
type State struct {
	image *Image
	size  uint64 // of linear memory
	diff  []byte

	descriptors hostfunc.Descriptors
	taken       int64 // from the account
}

// stateBytes is what a State takes besides its diff.
const stateBytes = 64

// Bytes returns how much memory the state takes.
func (s *State) Bytes() int { return cap(s.diff) + stateBytes }

// take makes what the state has from the account as much as it says, or reports
// that it is not there.
func (s *State) take(bytes int64) bool {
	a := s.image.code.engine.options.Account
	if bytes > s.taken && !a.Try(account.SetAside, bytes-s.taken) {
		return false
	}
	a.Release(account.SetAside, max(s.taken-bytes, 0))
	s.taken = bytes
	return true
}

// Free gives back what the state took. It is of no use afterwards; it may be nil.
func (s *State) Free() {
	if s != nil && s.taken > 0 {
		s.take(0)
		s.diff = nil
	}
}

// joinGap is the most equal bytes that a run may hold: starting a new run
// costs two bytes or three.
const joinGap = 4

// appendDiff appends the runs by which page differs from base. last is the
// offset at which the run before ended; the new one is returned.
func appendDiff(diff, page, base []byte, offset, last uint64) ([]byte, uint64) {
	for i := firstDifference(page, base, 0); i < len(page); i = firstDifference(page, base, i) {
		end, equal := i+1, 0
		for j := end; j < len(page) && equal <= joinGap; j++ {
			if page[j] != base[j] {
				end, equal = j+1, 0
			} else {
				equal++
			}
		}
		start := offset + uint64(i)
		diff = binary.AppendUvarint(diff, start-last)
		diff = binary.AppendUvarint(diff, uint64(end-i))
		diff = append(diff, page[i:end]...)
		last = offset + uint64(end)
		i = end
	}
	return diff, last
}

// firstDifference returns the first place from i on where page differs from base,
// or the length of both. Most of a page does not, and comparing a block is one
// call of the fastest loop there is.
func firstDifference(page, base []byte, i int) int {
	const block = 128
	for i+block <= len(page) && bytes.Equal(page[i:i+block], base[i:i+block]) {
		i += block
	}
	for i+8 <= len(page) &&
		binary.LittleEndian.Uint64(page[i:]) == binary.LittleEndian.Uint64(base[i:]) {
		i += 8
	}
	for i < len(page) && page[i] == base[i] {
		i++
	}
	return i
}

// applyDiff writes the runs of diff to memory and returns what follows them. Before each
// run it says where that begins and ends.
func applyDiff(memory, diff []byte, writes func(from, to uint64)) (rest []byte) {
	at := uint64(0)
	for {
		gap, n := binary.Uvarint(diff)
		diff = diff[n:]
		length, n := binary.Uvarint(diff)
		diff = diff[n:]
		if length == 0 {
			return diff
		}
		at += gap
		writes(at, at+length)
		copy(memory[at:at+length], diff[:length])
		at += length
		diff = diff[length:]
	}
}

// Suspend sets the instance's difference from the image aside and resets it,
// in one pass. The instance must be idle and its image taken.
// After an error the instance must be closed; the state is good. spare is a
// state that is no longer needed, to be used again, or nil. The state is nil where
// the host has no memory for it: then the instance is reset and what it held is lost.
func (i *Instance) Suspend(spare *State) (*State, error) {
	s := spare
	if s == nil {
		s = &State{}
	}
	s.image, s.size, s.descriptors = i.image, i.mem.size, i.descriptors
	private := i.mem.private(i.mem.size)
	// The difference is made in one buffer and kept in another.
	if !s.take(2*int64(len(private))*(pageBytes+8) + stateBytes) {
		s.Free()
		return nil, i.Reset()
	}
	defer func() { s.take(int64(s.Bytes())) }() // no more than it was
	diff, last := i.image.scratch(), uint64(0)
	mem := i.mem.bytes(i.mem.size)
	for _, offset := range private {
		page, base := mem[offset:offset+pageBytes], i.image.basePage(offset)
		if bytes.Equal(page, base) {
			continue
		}
		diff, last = appendDiff(diff, page, base, offset, last)
		if offset < i.mem.image {
			copy(page, base)
		}
	}
	diff = append(diff, 0, 0)
	if i.globalsDiffer() {
		for _, g := range i.globals {
			diff = binary.LittleEndian.AppendUint64(diff, g.Get())
		}
	}
	if cap(s.diff) < len(diff) || cap(s.diff) > 2*len(diff) {
		// A fresh one costs more than the copy: memory that the process touches
		// for the first time is a page fault.
		s.diff = make([]byte, 0, len(diff))
	}
	s.diff = append(s.diff[:0], diff...)
	i.image.keepScratch(diff)
	return s, i.resetRest()
}

// Resume gives the instance, which must hold the image, the memory of s.
func (i *Instance) Resume(s *State) error {
	if s.size != i.mem.size {
		if err := i.resize(s.size); err != nil {
			return err
		}
	}
	i.descriptors = s.descriptors
	globals := applyDiff(i.mem.bytes(i.mem.size), s.diff, i.mem.add)
	for n := 0; len(globals) > 0; n, globals = n+1, globals[8:] {
		i.globals[n].Set(binary.LittleEndian.Uint64(globals))
	}
	return nil
}

// Reset makes the instance hold the image again, whatever ran in it. After an
// error it must be closed.
func (i *Instance) Reset() error {
	mem := i.mem.bytes(i.mem.size)
	for _, offset := range i.mem.private(min(i.mem.size, i.mem.image)) {
		copy(mem[offset:offset+pageBytes], i.image.file.bytes[offset:])
	}
	return i.resetRest()
}

// resetRest resets what is not a page of the image: descriptors, globals and
// grown memory.
func (i *Instance) resetRest() error {
	i.descriptors = i.image.descriptors
	for n, g := range i.globals {
		if want := i.image.globals[n]; g.Get() != want {
			g.Set(want)
		}
	}
	if len(i.mem.dirty) > maxPrivatePages {
		if err := i.mem.discard(0); err != nil {
			return err
		}
	}
	if i.mem.size == i.mem.image {
		return nil
	}
	if err := i.mem.discard(i.mem.image); err != nil {
		return err
	}
	return i.resize(i.mem.image)
}

// maxPrivatePages is how many pages an instance keeps as private copies. A page
// that was written once would stay a copy for ever, to be looked at in each
// reset; giving all of them back costs a fault for each that is written again.
const maxPrivatePages = 96

func (i *Instance) globalsDiffer() bool {
	for n, g := range i.globals {
		if g.Get() != i.image.globals[n] {
			return true
		}
	}
	return false
}

// Image returns what the state differs from.
func (s *State) Image() *Image { return s.image }
