package main

// leaks want more memory than there may be.
var leaks = ways{
	"slowly": func() error {
		for {
			kept = append(kept, make([]byte, 1<<20))
		}
	},
	"at once": func() error {
		kept = append(kept, make([]byte, huge))
		return nil
	},
}

var (
	kept [][]byte
	huge = 3 << 30
)
