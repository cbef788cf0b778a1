// Command random is a guest whose Worker and objects draw random numbers in every
// way that a Go program can, knowingly or not.
package main

import (
	cryptorand "crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	oldrand "math/rand"
	"math/rand/v2"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(func(*guest.Request, *guest.Env) (*guest.Response, error) {
		return guest.JSON(200, draw()), nil
	})
	guest.RegisterObject("Random", func(*guest.State, *guest.Env) (*Random, error) {
		return &Random{}, nil
	})
}

// Random draws.
type Random struct{}

// Draws are what came up, by where it came from.
type Draws map[string]string

// Draw draws from everything once.
func (r *Random) Draw() Draws { return draw() }

func draw() Draws {
	secret := make([]byte, 16)
	cryptorand.Read(secret)
	return Draws{
		"crypto/rand":  hex.EncodeToString(secret),
		"math/rand/v2": fmt.Sprint(rand.Uint64()),
		"math/rand":    fmt.Sprint(oldrand.Uint64()),
		"maphash":      fmt.Sprint(maphash.String(maphash.MakeSeed(), "text")),
		"map order":    mapOrder(),
	}
}

// mapOrder goes through a map some times, as each time begins somewhere else.
func mapOrder() (order string) {
	m := map[int]bool{}
	for i := range 64 {
		m[i] = true
	}
	for range 16 {
		for i := range m {
			order += fmt.Sprint(i, " ")
			break
		}
	}
	return order
}
