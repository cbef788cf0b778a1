// Command panic is a guest whose methods panic.
package main

import (
	"runtime"

	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{
		"text": func() error { panic("at the disco") },
		"nil map": func() error {
			var m map[string]int
			m["a"] = 1
			return nil
		},
		"index": func() error {
			return errs[len(errs)]
		},
		"goexit": func() error {
			runtime.Goexit()
			return nil
		},
	})
}

var errs []error
