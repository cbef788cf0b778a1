package main

// recursions go on for ever.
var recursions = ways{
	"deep": func() error {
		sum = down(1)
		return nil
	},
	"flat": func() error { // few bytes of stack a call
		sum = flat(1)
		return nil
	},
}

var sum int

func down(n int) int {
	var frame [64]int
	frame[n%64] = n
	return down(n+1) + frame[(n*7)%64]
}

func flat(n int) int { return flat(n+1) + 1 }
