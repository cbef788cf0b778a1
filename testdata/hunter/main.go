// Command hunter is a guest that looks for what others left behind: one object
// hides a secret wherever a guest can put one, and others look through all of
// their linear memory, and what the host hands out, for it.
package main

import (
	"unsafe"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterObject("Hunter", func(state *guest.State, _ *guest.Env) (*Hunter, error) {
		return &Hunter{state: state}, nil
	})
}

// Hunter hides and looks.
type Hunter struct {
	state *guest.State
	heap  [][]byte
}

const secretBytes = 16

// secret returns byte i of the secret that a number stands for. Whoever looks
// must not have the secret in memory, so it is never put together there.
func secret(number uint32, i int) byte {
	x := (number + uint32(i)) * 2654435761
	x ^= x >> 15
	x *= 2246822519
	return byte(x >> 13)
}

func fill(b []byte, number uint32) {
	for i := range b {
		b[i] = secret(number, i%secretBytes)
	}
}

var global [64 << 10]byte

// Hide fills a global, the stack, and megabytes of heap, most of it in memory
// that the guest has to grow into. It stores the secret and fails once, so that
// the host's buffers have seen it as well. It returns the size of its memory.
func (h *Hunter) Hide(number uint32, megabytes int) (uint32, error) {
	fill(global[:], number)
	var stack [4 << 10]byte
	fill(stack[:], number)
	for range megabytes {
		b := make([]byte, 1<<20)
		fill(b, number)
		h.heap = append(h.heap, b)
	}
	if err := h.state.Storage.PutBytes("secret", global[:]); err != nil {
		return 0, err
	}
	if _, err := h.state.Storage.GetBytes("secret"); err != nil {
		return 0, err
	}
	return memoryPages() << 16, nil
}

// Hunt counts the places in linear memory that hold the secret.
func (h *Hunter) Hunt(number uint32) (found int) {
	first := secret(number, 0)
	size := uintptr(memoryPages()) << 16
	for at := uintptr(0); at+secretBytes <= size; at++ {
		if peek(at) == first && holds(at, number) {
			found++
		}
	}
	return found
}

func holds(at uintptr, number uint32) bool {
	for i := range secretBytes {
		if peek(at+uintptr(i)) != secret(number, i) {
			return false
		}
	}
	return true
}

// peek reads linear memory. An address of a wasm guest is an offset into it.
func peek(at uintptr) byte { return *(*byte)(unsafe.Add(nil, at)) }

// Leftovers asks the host for a result that no import has left in this call,
// and returns how long it is.
func (h *Hunter) Leftovers() uint32 {
	buf := make([]byte, 128<<10)
	var n uint32
	resultRead(unsafe.Pointer(&buf[0]), uint32(len(buf)), &n)
	return n
}
