package goruntime

import (
	"testing"
	"unsafe"
)

// layout puts a generator at a word of memory, with copies of what it has just
// given around it.
func layout(at int, g Generator) (memory []byte, drawn [draws]uint64) {
	words := make([]uint64, 1024)
	copy(drawn[:], g.buf[g.i-draws:g.i])
	for _, copied := range []int{0, 100, at - 60, at + 40, len(words) - draws} {
		copy(words[copied:], drawn[:])
	}
	copy(words[at:], g.buf[:])
	copy(words[at+32:], g.seed[:])
	words[at+36] = uint64(g.i) | uint64(g.n)<<32
	words[at+37] = uint64(g.c)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8), drawn
}

func TestFindGenerator(t *testing.T) {
	var g Generator
	for i := range g.buf {
		g.buf[i] = 0x9e3779b97f4a7c15 * uint64(i+1)
	}
	for _, tt := range []struct {
		name    string
		i, n, c uint32
		found   bool
	}{
		{"begun", 4, 32, 0, true},
		{"in the middle", 17, 32, 8, true},
		{"at the end", 32, 32, 4, true},
		{"the last block", 28, 28, 12, true},
		{"another length", 28, 30, 4, false},
		{"another last length", 28, 32, 12, false},
		{"another block", 28, 32, 5, false},
		{"another seed", 28, 32, 16, false},
	} {
		g.i, g.n, g.c = tt.i, tt.n, tt.c
		memory, drawn := layout(500, g)
		got := findGenerator(memory, drawn)
		if (got != nil) != tt.found {
			t.Errorf("%s: found %v, want %v", tt.name, got != nil, tt.found)
		}
		if got != nil && unsafe.Pointer(got) != unsafe.Pointer(&memory[500*8]) {
			t.Errorf("%s: found in a wrong place", tt.name)
		}
		drawn[draws-1]++
		if findGenerator(memory, drawn) != nil {
			t.Errorf("%s: found one that has not given what was drawn", tt.name)
		}
	}
	g.i, g.n, g.c = 10, 32, 0
	memory, drawn := layout(500, g)
	memory[(500+36)*8]++ // another position
	if findGenerator(memory, drawn) != nil {
		t.Error("found one whose position does not fit")
	}
	if findGenerator(memory[:8*draws], drawn) != nil {
		t.Error("found one that ends beyond memory")
	}
}

// TestVerify has a generator that the runtime does not draw from.
func TestVerify(t *testing.T) {
	g := Generator{i: 4, n: 32}
	before := g
	if g.verify() {
		t.Error("a generator of nobody passes")
	}
	if g != before {
		t.Error("it was changed")
	}
}

// TestReseed has the ready words and the seed in one piece, and nothing else.
func TestReseed(t *testing.T) {
	for _, ready := range []int{0, ReadyWords} {
		fills := 0
		g := Generator{i: 4, n: lastWords, c: lastBlock}
		g.Reseed(ready, func(b []byte) {
			fills++
			for i := range b {
				b[i] = 0xff
			}
		})
		want := Generator{i: uint32(32 - ready), n: 32}
		for i := range want.seed {
			want.seed[i] = 1<<64 - 1
		}
		for i := 32 - ready; i < 32; i++ {
			want.buf[i] = 1<<64 - 1
		}
		if g != want || fills != 1 {
			t.Errorf("ready %d: after %d fills %+v, want %+v", ready, fills, g, want)
		}
	}
}
