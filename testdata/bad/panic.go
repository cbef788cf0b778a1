package main

import (
	"runtime"
)

// panics are those of Go.
var panics = ways{
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
}

var errs []error
