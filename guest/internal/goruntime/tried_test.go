package goruntime

import (
	"fmt"
	"go/build"
	"go/version"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// advice is what to do on a Go that something in this package does not fit.
func advice() string {
	return "This is " + runtime.Version() +
		"; what the SDK knows of Go's runtime was seen to hold on " + Tried + `.
Check each point of the package comment with this Go:
  go test ./guest/internal/goruntime        what the runtime's source says
  go test ./testdata/sdk -run TestRandom    there is an image, and no two instances draw the same
  go test ./host -run TestGarbage           what objects keep that sleep
  go test ./guest/...                       allocations, and goroutines that are left
  go test ./host/module/rewrite             jumps of the compiler's loops are found
Mend what does not hold, then add the version to Tried.`
}

// TestTried fails on a Go that nobody has looked at yet.
func TestTried(t *testing.T) {
	if lang := version.Lang(runtime.Version()); !slices.Contains(strings.Fields(Tried), lang) {
		t.Error(advice())
	}
}

// TestSource looks for what this package relies on in the source of the Go that
// runs the test. Spaces do not count.
func TestSource(t *testing.T) {
	sizes := slices.Sorted(slices.Values(smallSizes[:]))
	for _, tt := range []struct{ file, text string }{
		// Generator, and what plausible and Reseed know of its turns.
		{"internal/chacha8rand/chacha8.go",
			"type State struct { buf [32]uint64 seed [4]uint64 i uint32 n uint32 c uint32 }"},
		{"internal/chacha8rand/chacha8.go", fmt.Sprint("ctrInc = ", blockStep, " ")},
		{"internal/chacha8rand/chacha8.go", fmt.Sprint("ctrMax = ", lastBlock+blockStep, " ")},
		{"internal/chacha8rand/chacha8.go", fmt.Sprint("chunk = ", len(Generator{}.buf), " ")},
		{"internal/chacha8rand/chacha8.go", fmt.Sprint("reseed = ",
			len(Generator{}.buf)-lastWords, " ")},
		// Each m has one; in WebAssembly there is only m0, a static variable.
		{"runtime/runtime2.go", " chacha8 chacha8rand.State "},
		{"runtime/proc.go", " m0 m "},
		{"runtime/rand.go", " c := &mp.chacha8 "},
		// Size classes, and where pointers are noted.
		{"internal/runtime/gc/sizeclasses.go",
			"uint16{0, " + strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", ", "),
				"[]") + ", "},
		{"internal/runtime/gc/sizeclasses.go",
			"uint8{0, " + strings.Repeat("1, ", len(smallSizes))},
		{"internal/runtime/gc/sizeclasses.go", "PageShift = 13 "},
		{"internal/runtime/gc/malloc.go",
			"MinSizeForMallocHeader = goarch.PtrSize * goarch.PtrBits "},
		{"internal/runtime/gc/malloc.go", fmt.Sprint("MallocHeaderSize = ", HeaderBytes, " ")},
	} {
		b, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "src",
			filepath.FromSlash(tt.file)))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if !strings.Contains(strings.Join(strings.Fields(string(b)), " "), tt.text) {
			t.Errorf("%s does not say %q", tt.file, tt.text)
		}
	}
	if spanBytes != 1<<13 || smallSizes[0] != 64*8 {
		t.Error("spanBytes and smallSizes are not what the source says")
	}
	if t.Failed() {
		t.Error(advice())
	}
}
