package main

import (
	"os"
)

// exits end the program.
var exits = ways{
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
}
