package testguest

import (
	"os"
	"sync"

	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// The environment variables that make passes sets.
const (
	PassesVariable = "CAIRN_PASSES" // for Passes
	EngineVariable = "CAIRN_ENGINE" // for Interpreter: "interpreter"
)

// Passes returns the passes with which hosts of tests rewrite modules: all, or what the
// environment says, in the words of rewrite.ParsePasses.
var Passes = sync.OnceValue(func() rewrite.Passes {
	text := os.Getenv(PassesVariable)
	if text == "" {
		return rewrite.AllPasses
	}
	set, err := rewrite.ParsePasses(text)
	if err != nil {
		panic(PassesVariable + ": " + err.Error())
	}
	return set
})

// Interpreter reports whether hosts of tests that would compile guests interpret them.
func Interpreter() bool { return os.Getenv(EngineVariable) == "interpreter" }
