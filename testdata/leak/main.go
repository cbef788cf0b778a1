// Command leak is a guest that wants more memory than it may have.
package main

import (
	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{
		"slowly": func() error {
			for {
				kept = append(kept, make([]byte, 1<<20))
			}
		},
		"at once": func() error {
			kept = append(kept, make([]byte, huge))
			return nil
		},
	})
}

var (
	kept [][]byte
	huge = 3 << 30
)
