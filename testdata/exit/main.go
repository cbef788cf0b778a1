// Command exit is a guest that ends its program.
package main

import (
	"os"

	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{
		"zero": func() error {
			os.Exit(0)
			return nil
		},
		"three": func() error {
			os.Exit(3)
			return nil
		},
		"deadlock": func() error { // Go's runtime exits by itself
			<-make(chan bool)
			return nil
		},
	})
}
