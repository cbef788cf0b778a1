package module

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestDiff: what differs comes back, wherever in a page it is and however long,
// and nothing else is written.
func TestDiff(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	base := make([]byte, 3*pageBytes)
	for i := range base {
		base[i] = byte(rng.UintN(3))
	}
	check := func(at, length int) {
		t.Helper()
		memory := bytes.Clone(base)
		for i := at; i < at+length; i++ {
			memory[i] ^= byte(1 + rng.UintN(255))
		}
		var diff []byte
		last := uint64(0)
		for offset := 0; offset < len(memory); offset += pageBytes {
			diff, last = appendDiff(diff, memory[offset:offset+pageBytes],
				base[offset:offset+pageBytes], uint64(offset), last)
		}
		if length <= 64 && len(diff) > length+16 {
			t.Errorf("seed %d: %d bytes at %d became %d", seed, length, at, len(diff))
		}
		diff = append(diff, 0, 0, 'r')
		again := bytes.Clone(base)
		if rest := applyDiff(again, diff, func(_, _ uint64) {}); string(rest) != "r" {
			t.Errorf("seed %d: %q is left", seed, rest)
		}
		if !bytes.Equal(again, memory) {
			t.Fatalf("seed %d: %d bytes at %d did not come back", seed, length, at)
		}
	}
	check(0, 0)
	check(0, len(base))
	for at := range 2*pageBytes + 1 {
		check(at, 1)
	}
	for range 2000 {
		at := rng.IntN(len(base))
		check(at, rng.IntN(min(300, len(base)-at)+1))
	}
}
