package goruntime

import (
	"encoding/binary"
	"math/rand/v2"
	"unsafe"
)

// Every instance of a module begins as a copy of one image, and with it comes
// the state of Go's random numbers: those of math/rand, the seeds of maps and of
// hash/maphash, the order of a map. So it is drawn anew when an instance comes
// to life. The runtime offers no way to do that. But it keeps the state in a
// variable at a fixed place, which draws from it betray; the image is prepared
// once, so there is time to look for it, and to make sure.

// A Generator is the state of internal/chacha8rand in an m of the runtime.
type Generator struct {
	buf     [32]uint64 // a block of output: what is drawn next
	seed    [4]uint64
	i, n, c uint32 // drawn, to draw, and the block's number
}

const (
	generatorBytes = 32*8 + 4*8 + 3*4
	blockStep      = 4  // a block of buf's size counts as four
	lastBlock      = 12 // of a seed; the next seed is the end of it
	lastWords      = 28 // to draw from the last block
)

// draws is how many values in a row are looked for.
const draws = 4

// draw draws values that lie side by side in the generator, unless a block ends
// between them.
func draw() (drawn [draws]uint64) {
	for i := range drawn {
		drawn[i] = rand.Uint64()
	}
	return drawn
}

// findGenerator looks through memory for the generator that has just given
// drawn. memory must be aligned to 8 bytes.
func findGenerator(memory []byte, drawn [draws]uint64) *Generator {
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(memory))), len(memory)/8)
	for at, word := range words {
		if word != drawn[0] || at+draws > len(words) || [draws]uint64(words[at:at+draws]) != drawn {
			continue
		}
		// Copies of what was drawn look the same. In a generator the position
		// in buf is where it should be.
		for first := range len(Generator{}.buf) - draws + 1 {
			start := at - first
			if start < 0 || start*8+generatorBytes > len(memory) {
				continue
			}
			g := (*Generator)(unsafe.Pointer(&words[start]))
			if int(g.i) == first+draws && g.plausible() {
				return g
			}
		}
	}
	return nil
}

func (g *Generator) plausible() bool {
	switch {
	case g.c%blockStep != 0 || g.c > lastBlock:
		return false
	case g.c == lastBlock:
		return g.n == lastWords
	}
	return g.n == uint32(len(g.buf))
}

// ReadyWords are what a Worker's instance finds to draw. A request's own code
// draws little, the map of a URL's query one; the block that the guest would
// compute for that took 3 µs.
const ReadyWords = 8

// Reseed gives g a seed of random bytes, and the last ready words of a block, also
// random; they lie before it. What is drawn after those comes from the seed. An
// object has none: most draw nothing, and it would keep them while it sleeps.
func (g *Generator) Reseed(ready int, fill func([]byte)) {
	begin := len(g.buf) - ready
	n := uintptr(ready*8) + unsafe.Sizeof(g.seed)
	fill(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(g), begin*8)), n))
	g.i, g.n, g.c = uint32(begin), uint32(len(g.buf)), 0
}

// verify proves that the runtime draws from g: it says what will be drawn, and
// lets the runtime draw.
func (g *Generator) verify() bool {
	saved := *g
	defer func() { *g = saved }()
	var known [ReadyWords*8 + 32]byte
	for i := range known {
		known[i] = byte(i)
	}
	g.Reseed(ReadyWords, func(b []byte) { copy(b, known[:]) })
	for i := range ReadyWords {
		if rand.Uint64() != binary.LittleEndian.Uint64(known[i*8:]) {
			return false
		}
	}
	want := rand.NewChaCha8([32]byte(known[ReadyWords*8:]))
	for range len(g.buf) {
		want.Uint64() // of block 0, which nobody has drawn from
	}
	for range 2 * len(g.buf) {
		if rand.Uint64() != want.Uint64() {
			return false
		}
	}
	return true
}
