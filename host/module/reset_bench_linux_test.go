package module

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// resets are the ways in which a memory could become its image again.
var resets = []struct {
	name  string
	reset func(r *region) error
}{
	{"pages", copyPages},
	// The same, where others take a page fault meanwhile.
	{"pages-beside-faults", copyPages},
	// The kernel forgets the private pages; each faults when it is written again.
	{"madvise", func(r *region) error {
		return unix.Madvise(r.bytes(r.image), unix.MADV_DONTNEED)
	}},
	// A new mapping in the place of the old one.
	{"remap", func(r *region) error {
		_, err := unix.MmapPtr(benchImage.fd, 0, r.base, uintptr(r.image),
			unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
		return err
	}},
	// All of the image, whatever was written.
	{"copy", func(r *region) error { copy(r.bytes(r.image), benchImage.bytes); return nil }},
}

// copyPages is what Instance.Reset does: the private pages are copied back.
func copyPages(r *region) error {
	mem := r.bytes(r.image)
	for _, offset := range r.private(r.image) {
		copy(mem[offset:offset+pageBytes], r.from(offset))
	}
	return nil
}

// benchImage is as large as a small Go guest's.
var benchImage *imageFile

func (r *region) from(offset uint64) []byte { return benchImage.bytes[offset : offset+pageBytes] }

// BenchmarkReset lets each of some threads write to a few pages of a memory of
// its own and reset it, again and again: 8 pages are a call of a small object, 24
// one of a Worker, which waits once. cpu-ns/op is the processor time of the process,
// which other programs disturb less than ns/op.
func BenchmarkReset(b *testing.B) {
	const pages = 576
	contents := make([]byte, pages*pageBytes)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range contents {
		contents[i] = byte(random.Uint32())
	}
	var err error
	if benchImage, err = newImageFile(contents); err != nil {
		b.Fatal(err)
	}
	defer benchImage.close()
	for _, written := range []int{8, 24} {
		for _, threads := range []int{1, 2, 4, 8, 16} {
			for _, way := range resets {
				b.Run(fmt.Sprintf("written=%d/threads=%d/way=%s", written, threads, way.name),
					func(b *testing.B) {
						wait := func() {}
						if strings.HasSuffix(way.name, "beside-faults") {
							wait = besideFaults(b)
						}
						benchmarkReset(b, threads, random.Perm(pages)[:written], wait, way.reset)
					})
			}
		}
	}
}

func benchmarkReset(b *testing.B, threads int, written []int, wait func(),
	reset func(*region) error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	regions := make([]region, threads)
	for i := range regions {
		var err error
		if regions[i], err = newRegion(128<<20, benchImage); err != nil {
			b.Fatal(err)
		}
		defer regions[i].release()
	}
	once := func(r *region) error {
		stretch := r.begin(true)
		mem := r.bytes(r.image)
		for n, page := range written {
			if n == len(written)/2 { // the guest waits
				r.end(stretch)
				wait()
				stretch = r.begin(false)
			}
			mem[page*pageBytes]++
		}
		r.end(stretch)
		return reset(r)
	}
	for i := range regions { // what is private at rest is so from the start
		if err := once(&regions[i]); err != nil {
			b.Fatal(err)
		}
	}
	cpu := processorTime()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range regions {
		n := b.N / threads
		if i < b.N%threads {
			n++
		}
		wg.Go(func() {
			for range n {
				if err := once(&regions[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processorTime()-cpu)/float64(b.N), "cpu-ns/op")
	for i := range regions {
		if r := &regions[i]; string(r.bytes(r.image)) != string(benchImage.bytes) {
			b.Error("the memory is not the image")
		}
	}
}

// besideFaults takes a page fault, as others do while a guest waits for them.
func besideFaults(b *testing.B) func() {
	page, err := unix.Mmap(-1, 0, pageBytes, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Munmap(page) })
	return func() {
		page[0] = 1
		unix.Madvise(page, unix.MADV_DONTNEED)
	}
}

// processorTime is what the process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
