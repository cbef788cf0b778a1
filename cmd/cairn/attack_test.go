package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// attacks are guests that take memory in the ways that guests have, and what their
// callers do beside.
var attacks = []struct {
	name string
	hog  hog
}{
	// Every page of an image of 24 MiB is written to, in each of many objects.
	{"image", hog{pages: 384, attack: hogLoop(4096, 384<<16, 4096,
		[]byte{0x20, 1, 0x20, 1, 0x36, 2, 0})}},
	// Memory that is grown and filled, and stays when the object is idle.
	{"set aside", hog{pages: 1, attack: slices.Concat(hogI32(256), []byte{0x40, 0, 0x1a},
		hogI32(1<<16), hogI32(0x5a), hogI32(255<<16), []byte{0xfc, 11, 0})}},
	// A recursion without an end, of a function with forty locals.
	{"stacks", hog{pages: 1, attack: slices.Concat([]byte{0x20, 0, 0x10, hogRecurse, 0x1a}),
		recurses: hogDeep}},
	// Values of 2 MiB up to the largest batch.
	{"batches", hog{pages: 64, attack: hogLoop(0, 31, 1, hogI32(4096), []byte{0x20, 1, 0x36, 2, 0},
		hogI32(4096), hogI32(4), hogI32(8192), hogI32(2<<20), hogI32(0),
		[]byte{0x10, hogPut, 0x1a})}},
	// A table that grows to what it may have.
	{"tables", hog{pages: 1, table: 500_000,
		attack: slices.Concat([]byte{0xd0, 0x70}, hogI32(499_000),
			[]byte{0xfc, 15, 0, 0x1a})}},
	// Answers of 24 MiB.
	{"answers", hog{pages: 400, attack: slices.Concat(hogI32(0), hogI32(24<<20),
		[]byte{0x10, hogOutput, 0x0f})}},
}

// hogDeep calls itself with one more, and keeps forty locals for afterwards.
var hogDeep = func() []byte {
	var before, after []byte
	for n := byte(1); n <= 40; n++ {
		before = append(before, 0x20, 0, 0x41, n, 0x6a, 0x21, n) // local n = local 0 + n
		after = append(after, 0x20, n, 0x6a)
	}
	return slices.Concat(before, []byte{0x20, 0, 0x41, 1, 0x6a, 0x10, hogRecurse}, after)
}()

// TestAttacks lets hogs attack a host with little memory from many clients at once,
// and wants its process to stay within the budget and a quarter, besides what an empty
// host takes; and an object of another script to be served all the while.
// CAIRN_ATTACK is how many calls each attack makes; make attack has many.
func TestAttacks(t *testing.T) {
	const budget = 128 << 20
	calls, err := strconv.Atoi(os.Getenv("CAIRN_ATTACK"))
	if err != nil {
		calls = 24
	}
	folder, err := filepath.Abs("../../testdata/counter-wat")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range attacks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "hog.wasm"), c.hog.wasm(),
				0o644); err != nil {
				t.Fatal(err)
			}
			config := writeFile(t, dir, "wrangler.jsonc", `{"name": "hog", "main": "hog.wasm",
				"durable_objects": {"bindings": [{"name": "HOG", "class_name": "Hog"},
					{"name": "COUNTERS", "class_name": "Counter", "script_name": "my-counter"}]},
				"migrations": [{"tag": "v1", "new_sqlite_classes": ["Hog"]}]}`)
			p := startServe(t, nil, "--data", filepath.Join(dir, "data"), "--memory",
				fmt.Sprint(budget),
				config, filepath.Join(folder, "wrangler.toml"))
			base := p.memory("VmHWM")
			statuses, served := p.underAttack(calls)
			peak := p.memory("VmHWM")
			t.Logf("%d MiB, empty %d MiB; answered %v; the bystander %d times",
				peak>>20, base>>20, statuses, served)
			if most := int64(base + budget/4*5); peak > most {
				t.Errorf("the process came to %d MiB, want %d at most", peak>>20, most>>20)
			}
			if served == 0 {
				t.Error("nobody else was served")
			}
			for status := range statuses {
				if status != 200 && status != 500 && status != 503 {
					t.Errorf("a client got %v", status)
				}
			}
			if status := p.call("COUNTERS/bystander/increment", "[]"); status != 200 {
				t.Errorf("afterwards the bystander gets %d", status)
			}
		})
	}
}

// underAttack makes so many calls of hogs from several clients, while a bystander calls
// a counter. It returns how many calls of hogs had which status, and how many of the
// bystander's were served.
func (p *process) underAttack(calls int) (statuses map[int]int64, served int64) {
	done, bystander := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(bystander)
		for {
			select {
			case <-done:
				return
			default:
			}
			if status := p.call("COUNTERS/bystander/increment", "[]"); status == 200 {
				served++
			}
		}
	}()
	statuses = map[int]int64{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	const clients = 24
	for client := range clients {
		wg.Go(func() {
			for n := client; n < calls; n += clients {
				status := p.call(fmt.Sprintf("HOG/%d/attack", n),
					`["`+strings.Repeat("x", hogBig)+`"]`)
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	close(done)
	<-bystander
	return statuses, served
}

// call posts to the built-in route; 0 is no answer.
func (p *process) call(path, body string) (status int) {
	resp, err := http.Post("http://"+p.addr+"/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		p.t.Errorf("%s: %v", path, err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// memory reads a line of the process's status in bytes.
func (p *process) memory(name string) int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skipf("only Linux tells what a process has in memory: %v", err)
	}
	_, line, _ := strings.Cut(string(text), name+":")
	var kib int64
	if _, err := fmt.Sscan(line, &kib); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	return kib << 10
}
