//go:build !linux

package module

// pageBytes is the unit in which memories are compared with their image.
const pageBytes = 4096

// imageFile is an image's bytes.
type imageFile struct{ bytes []byte }

func newImageFile(contents []byte) (*imageFile, error) {
	return &imageFile{bytes: append([]byte(nil), contents...)}, nil
}

func (f *imageFile) close() {}

// region is the portable way without mappings: a slice with room for the
// limit, into which the image is copied.
type region struct {
	buf   []byte
	image uint64
	grown uint64
	from  *imageFile
	dirty []uint64
}

func newRegion(total uint64, f *imageFile) (region, error) {
	r := region{buf: make([]byte, total), from: f}
	if f != nil {
		r.image = uint64(copy(r.buf, f.bytes))
		r.grown = r.image
	}
	return r, nil
}

func (r *region) release() { r.buf = nil }

func (r *region) bytes(size uint64) []byte { return r.buf[:size] }

func (r *region) commit(size uint64) bool {
	if size > uint64(len(r.buf)) {
		return false
	}
	r.grown = max(r.grown, size)
	return true
}

func (r *region) discard(from uint64) error {
	if from < r.grown {
		clear(r.buf[from:r.grown])
		if from < r.image {
			copy(r.buf[from:r.image], r.from.bytes[from:])
		}
		r.grown = max(from, r.image)
	}
	return nil
}

// private returns the offsets of all pages below size: any of them may differ.
func (r *region) private(size uint64) []uint64 {
	r.dirty = r.dirty[:0]
	for at := uint64(0); at < size; at += pageBytes {
		r.dirty = append(r.dirty, at)
	}
	return r.dirty
}

// present returns how many of the first size bytes take memory: nobody tells.
func (r *region) present(uint64) (bytes int64, known bool) { return 0, false }

// What follows is of the list that written_linux.go keeps.

type stretch struct{}

func (r *region) forget() {}

func (r *region) add(from, to uint64) {}

func (r *region) begin(bool) stretch { return stretch{} }

func (r *region) end(stretch) {}
