package main

import (
	"crypto/rand"
	"time"
)

// spins never come to an end.
var spins = ways{
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
}

var turns uint64
