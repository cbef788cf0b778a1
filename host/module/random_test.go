package module_test

import (
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/module"
)

// dice is a guest that has WASI's random_get write 8 bytes to address 64 and
// keeps what it drew while it started at 48, as a guest in C or Rust does that
// seeds its hash tables.
func dice() []byte {
	a := guest().importing("wasi_snapshot_preview1", "random_get", tIII)
	draw := func(at int32) []byte { return code(i32(at), i32(8), callFunc(1), drop) }
	for i := range a.funcs {
		switch a.funcs[i].export {
		case "_initialize":
			a.funcs[i].code = code(a.funcs[i].code, draw(48))
		case "object_call":
			a.funcs[i].code = code(draw(64), i32(0))
		}
	}
	return a.bytes()
}

// TestRandomGet draws in two instances of one version at a time, in one that was
// reset, and in one whose memory was set aside: no two draws are alike. What a
// guest drew before its image was taken all its instances share, which abi/SPEC.md
// tells its author.
func TestRandomGet(t *testing.T) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			v, err := start(newEngine(t, o), dice())
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			seen := map[uint64]int{}
			draws := 0
			draw := func(i *module.Instance) {
				t.Helper()
				if err := enter(t, i, 0, time.Second); err != nil {
					t.Fatal(err)
				}
				got, _ := i.Memory().ReadUint64Le(64)
				draws++
				if before, again := seen[got]; again || got == 0 {
					t.Errorf("draw %d gave %x, as draw %d", draws, got, before)
				}
				seen[got] = draws
			}
			a, b := get(t, v), get(t, v)
			draw(a)
			draw(b)
			startA, _ := a.Memory().ReadUint64Le(48)
			startB, _ := b.Memory().ReadUint64Le(48)
			image, _ := v.Taken()
			if shared := startA == startB; shared != image || startA == 0 {
				t.Errorf("at start %x and %x, with an image: %v", startA, startB, image)
			}
			v.Put(a)
			a = get(t, v)
			draw(a)
			if image {
				state, err := a.Suspend(nil)
				if err != nil {
					t.Fatal(err)
				}
				draw(a)
				if err := a.Reset(); err != nil {
					t.Fatal(err)
				}
				if err := a.Resume(state); err != nil {
					t.Fatal(err)
				}
				draw(a)
			}
			v.Put(a)
			v.Put(b)
		})
	}
}
