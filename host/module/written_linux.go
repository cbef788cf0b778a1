package module

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"unsafe"
)

// written is what is known of a region's pages that were written. To list them is
// dear: reading pagemap costs some ten nanoseconds for each page that is mapped, which
// for a Go guest is more than everything else that a reset does. So the list of the
// last time is kept for as long as it provably holds.
//
// A page becomes a private copy by a page fault of the thread that writes to it, and
// the kernel counts each thread's faults. All that writes to a region does it in a
// stretch, between begin and end, on one goroutine that is bound to its thread
// meanwhile: where that thread has taken no fault, no page is to be added. Or it says
// before which pages it will write, see add. During a stretch, after one that was not
// counted, and whenever else there is a doubt, the list does not hold.
type written struct {
	dirty  []uint64 // offsets of the pages below size that are private copies, in order
	size   uint64
	listed bool // dirty lists all of them
	count  int  // how many more entries are to be counted
	turn   int  // of whoever wrote last: changes with each
}

// countEntries is how many entries are counted after private. The first ones of an
// object that stays in its instance are followed by many, so that a look at pagemap in
// the end is less than all of the counting.
const countEntries = 4

// forget says that pages were written, or given back, of which the list does not know.
func (w *written) forget() {
	w.listed = false
	w.turn++
}

// add says that the bytes from one offset to another are about to be written.
func (w *written) add(from, to uint64) {
	if !w.listed {
		return
	}
	for at := from &^ (pageBytes - 1); at < min(to, w.size); at += pageBytes {
		if n, found := slices.BinarySearch(w.dirty, at); !found {
			w.dirty = slices.Insert(w.dirty, n, at)
		}
	}
}

// stretch is a time in which somebody may write to a region.
type stretch struct {
	counted bool  // the goroutine is bound to its thread
	faults  int64 // of the thread, when the stretch began
	turn    int
}

// begin starts a stretch; first says that it is the first one of an entry. Whoever
// starts it ends it, before a wait that takes its time: a goroutine that is bound to a
// thread is slow to wake.
func (w *written) begin(first bool) (s stretch) {
	count := w.listed && (!first || w.count > 0)
	w.forget()
	if first {
		w.count--
	}
	if count {
		runtime.LockOSThread()
		s = stretch{counted: true, faults: threadFaults(), turn: w.turn}
	}
	return s
}

// end ends a stretch. The zero stretch ends without effect.
func (w *written) end(s stretch) {
	if s.counted {
		w.listed = threadFaults() == s.faults && s.faults >= 0 && w.turn == s.turn
		runtime.UnlockOSThread()
	}
}

// threadFaults returns how many page faults the thread has taken, or -1.
func threadFaults() int64 {
	var usage syscall.Rusage
	const rusageThread = 1
	// A raw call: it does not block, and telling Go's scheduler would cost as
	// much as the call itself.
	if _, _, errno := syscall.RawSyscall(syscall.SYS_GETRUSAGE, rusageThread,
		uintptr(unsafe.Pointer(&usage)), 0); errno != 0 {
		return -1
	}
	return int64(usage.Minflt) + int64(usage.Majflt)
}

// private returns the offsets of all pages below size that may differ from what
// the region began as, in order. The slice is valid until the next call. Without
// pagemap every page is in it. The list is kept for pages of the image alone: behind it
// the kernel may make pages unasked (khugepaged), which are written without a fault.
func (r *region) private(size uint64) []uint64 {
	if !r.listed || size != r.size {
		r.listed = r.list(pagemap(), size) && size <= r.image
	}
	r.count = countEntries
	return r.dirty
}

// list makes the list anew. It reports false, and lists every page, where pagemap
// cannot be read.
func (r *region) list(pagemap *os.File, size uint64) bool {
	r.dirty, r.size = r.dirty[:0], size
	flags, err := readPagemap(pagemap, r.base, size/pageBytes)
	if err != nil {
		for at := uint64(0); at < size; at += pageBytes {
			r.dirty = append(r.dirty, at)
		}
		return false
	}
	for p := uint64(0); p < size/pageBytes; p++ {
		entry := binary.LittleEndian.Uint64(flags[p*8:])
		if entry&(pagemapPresent|pagemapSwapped) != 0 && entry&pagemapFile == 0 {
			r.dirty = append(r.dirty, p*pageBytes)
		}
	}
	flagBuffers.Put(&flags)
	return true
}

// present returns how many of the first size bytes take memory that the kernel
// counts as the process's; known is false where it does not tell.
func (r *region) present(size uint64) (bytes int64, known bool) {
	flags, err := readPagemap(pagemap(), r.base, size/pageBytes)
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

// pagemap's bits, see the kernel's admin-guide/mm/pagemap.rst.
const (
	pagemapPresent = 1 << 63
	pagemapSwapped = 1 << 62
	pagemapFile    = 1 << 61 // of a file or shared: not yet a private copy
)

// pagemap is open for the life of the process; nil where the kernel does not
// let us read it, where its pages are not ours (arm64 has kernels with pages of
// 16 and 64 KiB), and where it does not tell the truth: an emulator or a sandbox
// may show another process's, or not count faults.
var pagemap = sync.OnceValue(func() *os.File {
	if os.Getpagesize() != pageBytes {
		return nil
	}
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	if !truthful(f) {
		f.Close()
		return nil
	}
	return f
})

// truthful tries what private relies on: an image of three pages, of which one is
// written, one is read and one left alone, and a page behind it that is written.
func truthful(pagemap *os.File) bool {
	const end = 3 * pageBytes
	image, err := newImageFile(make([]byte, end))
	if err != nil {
		return false
	}
	defer image.close()
	r, err := newRegion(end+pageBytes, image)
	if err != nil {
		return false
	}
	defer r.release()
	for _, at := range []uint64{0, end} {
		r.listed = true
		s := r.begin(false)
		r.bytes(r.total)[at] = r.bytes(r.total)[pageBytes] + 1
		r.end(s)
		if r.listed {
			return false // the fault was not counted
		}
	}
	return r.list(pagemap, r.total) && slices.Equal(r.dirty, []uint64{0, end})
}

// flagBuffers holds what readPagemap reads into.
var flagBuffers sync.Pool

// readPagemap returns the entries of count pages, 8 bytes each.
func readPagemap(pagemap *os.File, base unsafe.Pointer, count uint64) ([]byte, error) {
	if pagemap == nil {
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
	_, err := pagemap.ReadAt(flags, int64(uintptr(base)/pageBytes*8))
	return flags, err
}
