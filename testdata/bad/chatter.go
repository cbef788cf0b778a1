package main

import (
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

// chatter is a log without bound.
var chatter = ways{
	"records": func() error {
		for range lines {
			guest.Logger().Info("blah", "text", line)
		}
		return nil
	},
	"lines": func() error {
		for range lines {
			fmt.Println(line)
		}
		return nil
	},
	"one line": func() error {
		for range lines {
			fmt.Print(line)
		}
		return nil
	},
	"large": func() error {
		fmt.Print(strings.Repeat(line, lines))
		return nil
	},
}

const lines = 10_000

var line = strings.Repeat("chatter ", 12) // 1 MB of it
