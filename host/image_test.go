package host_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestRandomDiffers wants two objects of one module to draw different numbers,
// though both begin as the same image, and each to draw others the next time; and
// so of its Worker's requests.
func TestRandomDiffers(t *testing.T) {
	t.Parallel()
	for _, noImages := range []bool{false, true} {
		h := hosttest.Start(t, hosttest.Options{Guest: "random",
			Options:  host.Options{NoImages: noImages},
			Bindings: map[string]string{"RANDOM": "Random"}})
		seen := map[string]string{}
		for n, name := range []string{"A", "B", "C", "A", "A", "B", worker, worker, worker} {
			if n == 4 {
				h.Restart() // and so another activation
			}
			var draws map[string]string
			if name == worker {
				_, body := h.Get("/")
				if err := json.Unmarshal([]byte(body), &draws); err != nil {
					t.Fatalf("%v: %s", err, body)
				}
			} else {
				h.Must(&draws, "RANDOM", name, "draw")
			}
			if len(draws) != 5 {
				t.Errorf("draws: %v", draws)
			}
			for source, value := range draws {
				if before, again := seen[source+value]; again {
					t.Errorf("images %v: %s of %s gave %s, as that of %s",
						!noImages, source, name, value, before)
				}
				seen[source+value] = name
			}
		}
	}
}

const worker = "the Worker"

// TestHunter hides a secret in one object and looks for it in others, which get
// the same instance, one after another.
func TestHunter(t *testing.T) {
	t.Parallel()
	const (
		number = 0x5eed
		limit  = 24 << 20
	)
	for _, c := range []struct {
		name      string
		megabytes int
		noImages  bool
	}{
		{"within the image", 0, false},
		{"grown", 8, false},
		{"plain", 8, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hosttest.Start(t, hosttest.Options{Guest: "hunter", NoListener: true,
				Options:  host.Options{NoImages: c.noImages, Residents: 1, MemoryLimit: limit},
				Bindings: map[string]string{"HUNTERS": "Hunter"}})
			hunt := func(name string) (found int) {
				t.Helper()
				h.Must(&found, "HUNTERS", name, "hunt", number)
				return found
			}
			var size, left int
			h.Must(&size, "HUNTERS", "owner", "hide", number, c.megabytes)
			if size < c.megabytes<<20 || size > limit {
				t.Errorf("its memory has %d bytes", size)
			}
			for round := range 2 {
				// What has been hidden is found where it is: the hunt works, and a
				// suspended object wakes with all of its memory. Without an image it
				// is forgotten instead.
				if found := hunt("owner"); found < 4096+c.megabytes<<16 &&
					!(c.noImages && round > 0) {
					t.Errorf("round %d: the owner finds its secret at %d places", round, found)
				}
				for i := range 3 {
					name := fmt.Sprint("hunter ", i)
					if found := hunt(name); found != 0 {
						t.Errorf("round %d: %s found the secret at %d places", round, name, found)
					}
					if h.Must(&left, "HUNTERS", name, "leftovers"); left != 0 {
						t.Errorf("round %d: the host gave %s a result of %d bytes",
							round, name, left)
					}
				}
			}
		})
	}
}

// TestGrowToLimit lets an object grow to the end of what it may have, and
// others use the instance after it.
func TestGrowToLimit(t *testing.T) {
	t.Parallel()
	h := hosttest.Start(t, hosttest.Options{Guest: "bad", NoListener: true, Bindings: badBindings,
		Options: host.Options{Residents: 1, MemoryLimit: 24 << 20}})
	for i := range 3 {
		name := fmt.Sprint("villain ", i)
		_, err := h.Call("BAD", name, "misbehave", "slowly")
		wantError(t, err, reset, memoryText)
		var n int
		if h.Must(&n, "GOOD", "bystander", "increment"); n != i+1 {
			t.Errorf("the good object counted %d, want %d", n, i+1)
		}
	}
}
