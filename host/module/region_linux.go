package module

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pageBytes is the unit in which memories are compared with their image.
const pageBytes = 4096

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

	written
}

// newRegion reserves total bytes; f may be nil.
func newRegion(total uint64, f *imageFile) (region, error) {
	total = (total + pageBytes - 1) &^ (pageBytes - 1)
	base, err := unix.MmapPtr(-1, 0, nil, uintptr(total), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return region{}, fmt.Errorf("reserve %d bytes of address space: %w", total, err)
	}
	r := region{base: base, total: total}
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
	r.grown = max(from, r.image)
	r.forget()
	return nil
}
