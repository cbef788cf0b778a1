// Command spin is a guest that never comes to an end.
package main

import (
	"crypto/rand"
	"time"

	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{
		"loop": func() error {
			for {
				turns++
			}
		},
		"sleep": func() error {
			time.Sleep(1000 * time.Hour)
			return nil
		},
		"random": func() error { // host calls that cost the guest itself nothing
			buf := make([]byte, 1<<20)
			for {
				rand.Read(buf)
			}
		},
	})
}

var turns uint64
