// Command goguest is a guest that works the way Go programs do: JSON, sort, maps,
// goroutines, and garbage. Each export returns a checksum.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"
)

func main() {}

var calls int // survives from call to call, like an object's state

type order struct {
	ID    int               `json:"id"`
	Names []string          `json:"names"`
	Price float64           `json:"price"`
	Tags  map[string]string `json:"tags,omitempty"`
}

//go:wasmexport json_work
func jsonWork(n int32) uint64 {
	calls++
	var sum bytes.Buffer
	for i := range int(n) {
		in := order{i, []string{"a", strings.Repeat("é", i%17)}, float64(i) / 3,
			map[string]string{"k": fmt.Sprint(i)}}
		b, err := json.Marshal(in)
		if err != nil {
			panic(err)
		}
		var out order
		if err := json.Unmarshal(b, &out); err != nil {
			panic(err)
		}
		u, err := url.Parse(fmt.Sprintf("https://example.com/%d?q=%s",
			out.ID, url.QueryEscape(out.Names[1])))
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(&sum, u, out)
	}
	return checksum(sum.Bytes())
}

//go:wasmexport sort_work
func sortWork(n int32) uint64 {
	calls++
	r := rand.New(rand.NewSource(int64(n)))
	xs := make([]int, n)
	for i := range xs {
		xs[i] = r.Intn(1 << 30)
	}
	ys := slices.Clone(xs)
	slices.Sort(xs)
	sort.Slice(ys, func(i, j int) bool { return ys[i] < ys[j] }) // call_indirect
	if !slices.Equal(xs, ys) {
		panic("two sorts differ")
	}
	return checksum([]byte(fmt.Sprint(xs)))
}

//go:wasmexport map_work
func mapWork(n int32) uint64 {
	calls++
	m := map[string]int{}
	for i := range int(n) {
		m[fmt.Sprint(i*7919%int(n))] += i
	}
	sum := 0
	for k, v := range m {
		sum += len(k) * v
	}
	return uint64(sum) + uint64(len(m))<<40
}

//go:wasmexport goroutine_work
func goroutineWork(n int32) uint64 {
	calls++
	var wg sync.WaitGroup
	jobs, results := make(chan int), make(chan int, 4)
	for range 4 {
		wg.Go(func() {
			for j := range jobs {
				garbage := make([][]byte, 50)
				for i := range garbage {
					garbage[i] = make([]byte, 100+j%400)
				}
				results <- j*j + len(garbage[j%50])
			}
		})
	}
	go func() {
		for i := range int(n) {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	sum := 0
	for r := range results {
		sum += r
	}
	return uint64(sum)
}

//go:wasmexport hash_work
func hashWork(n int32) uint64 {
	calls++
	b := make([]byte, 1<<10)
	for range n {
		h := sha256.Sum256(b)
		copy(b, h[:])
	}
	return checksum(b)
}

//go:wasmexport calls_so_far
func callsSoFar() uint64 { return uint64(calls) }

func checksum(b []byte) uint64 {
	h := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(h[:])
}
