// Package choices decides what a random test does. [Choices] are bytes that a fuzzer
// gives, and pseudo-random ones behind their end: the same bytes are the same choices.
// [Pick] takes one of a list. Without a fuzzer there are [Seeds] of tests, each [Given]
// bytes of its own.
package choices

import (
	"os"
	"strconv"
	"testing"
)

// Choices are used up as they are made, by one goroutine.
type Choices struct {
	given []byte
	state uint64
}

// New returns the choices that begin with given, which is not kept.
func New(given []byte) *Choices {
	c := &Choices{given: given, state: 0x9e3779b97f4a7c15}
	for _, b := range given {
		c.state = (c.state ^ uint64(b)) * 0x100000001b3
	}
	return c
}

// Byte returns one of 256.
func (c *Choices) Byte() byte {
	if len(c.given) > 0 {
		b := c.given[0]
		c.given = c.given[1:]
		return b
	}
	c.state += 0x9e3779b97f4a7c15
	z := c.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return byte(z >> 56)
}

// N returns a number below n, which is at most 256.
func (c *Choices) N(n int) int { return int(c.Byte()) % n }

// Bits returns eight bytes.
func (c *Choices) Bits() (v uint64) {
	for range 8 {
		v = v<<8 | uint64(c.Byte())
	}
	return v
}

// Pick returns one of a list, which is not empty.
func Pick[T any](c *Choices, from []T) T { return from[c.N(len(from))] }

// Given returns what New may be given for a number: a few bytes unlike those of others.
func Given(seed int) []byte {
	c := New([]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	c.given = nil
	return []byte{c.Byte(), c.Byte(), c.Byte(), c.Byte()}
}

// Seeds returns how many random tests a test makes: number, or what CAIRN_SEEDS says.
func Seeds(t testing.TB, number int) int {
	t.Helper()
	if text := os.Getenv("CAIRN_SEEDS"); text != "" {
		var err error
		if number, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return number
}
