// Command chatter is a guest that logs without bound.
package main

import (
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{
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
	})
}

const lines = 10_000

var line = strings.Repeat("chatter ", 12) // 1 MB of it
