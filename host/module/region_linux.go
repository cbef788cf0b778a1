package module

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	pageBytes = 4096
	// pagemap's bits, see the kernel's admin-guide/mm/pagemap.rst.
	pagemapPresent = 1 << 63
	pagemapSwapped = 1 << 62
	pagemapFile    = 1 << 61 // of a file or shared: not yet a private copy
)

// pagemap is open for the life of the process; nil where the kernel does not
// let us read it, where its pages are not ours (arm64 has kernels with pages of
// 16 and 64 KiB), and where it does not tell the truth: an emulator or a sandbox
// may show another process's.
var pagemap = sync.OnceValue(func() *os.File {
	if os.Getpagesize() != pageBytes {
		return nil
	}
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	b, err := unix.Mmap(-1, 0, 2*pageBytes, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		f.Close()
		return nil
	}
	defer unix.Munmap(b)
	b[0] = 1 // the second page stays untouched
	flags := make([]byte, 16)
	_, err = f.ReadAt(flags, int64(uintptr(unsafe.Pointer(&b[0]))/pageBytes*8))
	const here = pagemapPresent | pagemapSwapped
	if err != nil || binary.LittleEndian.Uint64(flags)&here == 0 ||
		binary.LittleEndian.Uint64(flags[8:])&here != 0 {
		f.Close()
		return nil
	}
	return f
})

// imageFile is an image's bytes in memory that instances map privately.
type imageFile struct {
	fd    int
	bytes []byte // a shared mapping, never written after newImageFile
}

func newImageFile(contents []byte) (*imageFile, error) {
	fd, err := unix.MemfdCreate("cairn-image", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create image: %w", err)
	}
	if err := unix.Ftruncate(fd, int64(len(contents))); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("size image: %w", err)
	}
	b, err := unix.Mmap(fd, 0, len(contents), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("map image: %w", err)
	}
	copy(b, contents)
	if err := unix.Mprotect(b, unix.PROT_READ); err != nil {
		unix.Munmap(b)
		unix.Close(fd)
		return nil, fmt.Errorf("protect image: %w", err)
	}
	return &imageFile{fd: fd, bytes: b}, nil
}

func (f *imageFile) close() {
	unix.Munmap(f.bytes)
	unix.Close(f.fd)
}

// region is a reservation of address space: the image's bytes first, where
// there is one, and anonymous memory after them.
type region struct {
	base  unsafe.Pointer
	total uint64
	image uint64 // bytes that map the image
	grown uint64 // the most that was ever committed

	// dirty lists the offsets of the pages below size that are private copies. It
	// holds if settled, or if the process has taken faults page faults. See
	// private.
	dirty   []uint64
	size    uint64
	faults  int64
	fresh   bool // nothing ran since private
	settled bool // nothing but one entry without a fault ran since private
}

// newRegion reserves total bytes; f may be nil.
func newRegion(total uint64, f *imageFile) (region, error) {
	total = (total + pageBytes - 1) &^ (pageBytes - 1)
	base, err := unix.MmapPtr(-1, 0, nil, uintptr(total), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return region{}, fmt.Errorf("reserve %d bytes of address space: %w", total, err)
	}
	r := region{base: base, total: total, faults: -1}
	if f != nil {
		r.image = uint64(len(f.bytes))
		r.grown = r.image
		if _, err := unix.MmapPtr(f.fd, 0, base, uintptr(r.image), unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE); err != nil {
			r.release()
			return region{}, fmt.Errorf("map image: %w", err)
		}
	}
	return r, nil
}

func (r *region) release() {
	if r.base != nil {
		unix.MunmapPtr(r.base, uintptr(r.total))
		r.base = nil
	}
}

func (r *region) bytes(size uint64) []byte {
	return unsafe.Slice((*byte)(r.base), r.total)[:size]
}

// commit makes size bytes usable.
func (r *region) commit(size uint64) bool {
	if size > r.total {
		return false
	}
	r.grown = max(r.grown, size)
	return true
}

// discard gives what lies from offset from on back to the kernel: it reads as
// zero, or as the image, when it is touched again.
func (r *region) discard(from uint64) error {
	if from >= r.grown {
		return nil
	}
	b := r.bytes(r.grown)[from:]
	if err := unix.Madvise(b, unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("discard memory: %w", err)
	}
	r.grown, r.faults = max(from, r.image), -1
	r.fresh, r.settled = false, false
	return nil
}

// private returns the offsets of all pages below size that may differ from what
// the region began as, in order. The slice is valid until the next call.
//
// Reading pagemap costs tens of nanoseconds for each page that is mapped, which
// for a Go guest is more than everything else that a reset does. But a page
// becomes a private copy only by a page fault of whoever runs in the instance:
// if the process has taken none meanwhile, the list of the last time still
// holds. Without pagemap every page is in the list.
func (r *region) private(size uint64) []uint64 {
	now := r.faults
	if !r.settled {
		now = pageFaults()
	}
	r.fresh, r.settled = true, false
	if now == r.faults && size == r.size {
		return r.dirty
	}
	r.dirty = r.dirty[:0]
	r.faults, r.size = now, size
	flags, err := readPagemap(r.base, size/pageBytes)
	if err != nil {
		r.faults = -1
		for at := uint64(0); at < size; at += pageBytes {
			r.dirty = append(r.dirty, at)
		}
		return r.dirty
	}
	for p := uint64(0); p < size/pageBytes; p++ {
		entry := binary.LittleEndian.Uint64(flags[p*8:])
		if entry&(pagemapPresent|pagemapSwapped) != 0 && entry&pagemapFile == 0 {
			r.dirty = append(r.dirty, p*pageBytes)
		}
	}
	flagBuffers.Put(&flags)
	return r.dirty
}

// present returns how many of the first size bytes take memory that the kernel
// counts as the process's; known is false where it does not tell.
func (r *region) present(size uint64) (bytes int64, known bool) {
	flags, err := readPagemap(r.base, size/pageBytes)
	if err != nil {
		return 0, false
	}
	for p := uint64(0); p < size/pageBytes; p++ {
		if binary.LittleEndian.Uint64(flags[p*8:])&(pagemapPresent|pagemapSwapped) != 0 {
			bytes += pageBytes
		}
	}
	flagBuffers.Put(&flags)
	return bytes, true
}

// begin and end stand around an entry. The first one after private looks whether
// the process takes a fault while it runs, so that those which others cause
// while the instance waits to be reset do not matter. What it begins with is what
// anybody saw last, without a look of its own: a fault since then counts as one
// in the entry, and costs a reading of pagemap that was not needed.
func (r *region) begin() (watch bool) {
	watch, r.fresh, r.settled = r.fresh, false, false
	if watch {
		r.faults = seenFaults.Load()
	}
	return watch
}

func (r *region) end(watch bool) { r.settled = watch && !r.fresh && pageFaults() == r.faults }

// rearm lets the next entry be watched as well, if there was no fault in the one
// before.
func (r *region) rearm() { r.fresh = r.settled }

// flagBuffers holds what readPagemap reads into.
var flagBuffers sync.Pool

// readPagemap returns the entries of count pages, 8 bytes each.
func readPagemap(base unsafe.Pointer, count uint64) ([]byte, error) {
	f := pagemap()
	if f == nil {
		return nil, errors.ErrUnsupported
	}
	var flags []byte
	if b, ok := flagBuffers.Get().(*[]byte); ok {
		flags = *b
	}
	if uint64(cap(flags)) < count*8 {
		flags = make([]byte, count*8)
	}
	flags = flags[:count*8]
	_, err := f.ReadAt(flags, int64(uintptr(base)/pageBytes*8))
	return flags, err
}

// seenFaults is what pageFaults returned last, to whomever.
var seenFaults atomic.Int64

// pageFaults returns how many page faults the process has taken; where it
// cannot tell, a number that no region keeps.
func pageFaults() int64 {
	var usage syscall.Rusage
	// A raw call: it does not block, and telling Go's scheduler would cost as
	// much as the call itself.
	if _, _, errno := syscall.RawSyscall(syscall.SYS_GETRUSAGE, syscall.RUSAGE_SELF,
		uintptr(unsafe.Pointer(&usage)), 0); errno != 0 {
		return -2
	}
	n := usage.Minflt + usage.Majflt
	seenFaults.Store(n)
	return n
}
