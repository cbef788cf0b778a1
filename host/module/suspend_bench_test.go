package module_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/module"
)

// BenchmarkSuspendResume sets an object's memory aside and gives it back, by how
// much differs from the image: the cases are a counter written in Go after 1,
// 100 and 50,000 calls (the last with GOGC=25), and objects that hold data.
func BenchmarkSuspendResume(b *testing.B) {
	for _, c := range []struct{ bytes, pages int }{
		{139, 9}, {3 << 10, 23}, {27 << 10, 690}, {256 << 10, 64}, {4 << 20, 1024},
	} {
		b.Run(fmt.Sprintf("bytes=%d/pages=%d", c.bytes, c.pages), func(b *testing.B) {
			e := newEngine(b, module.Options{})
			a := guest()
			a.pages = uint32(max(576, c.pages+32) * 4096 / module.WasmPageBytes)
			v, err := start(e, a.bytes())
			if err != nil {
				b.Fatal(err)
			}
			defer v.Close()
			i := get(b, v)
			defer i.Close()
			writeDifference(b, i, c.bytes, c.pages)
			state, err := i.Suspend(nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := i.Resume(state); err != nil {
					b.Fatal(err)
				}
				if state, err = i.Suspend(state); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(state.Bytes()), "state-B")
		})
	}
}

// writeDifference writes bytes that are not zero, the image's, spread over pages.
func writeDifference(b *testing.B, i *module.Instance, bytes, pages int) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for page := range pages {
		part := make([]byte, bytes*(page+1)/pages-bytes*page/pages)
		for n := range part {
			part[n] = byte(1 + random.UintN(255))
		}
		if !i.Memory().Write(uint32(4096+page*4096), part) {
			b.Fatal("outside of memory")
		}
	}
	if err := enter(b, i, 0, time.Second); err != nil {
		b.Fatal(err)
	}
}
