package host_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// metamorphicSeed names the environment variable that repeats a run.
const metamorphicSeed = "CAIRN_SEED"

// ledgerModel is what a plain map knows of an object.
type ledgerModel struct {
	value, calls int64
	evictions    int
}

// TestMetamorphic runs random calls of a few hundred objects that share a few
// instances, from several goroutines, and compares every answer with a map:
// what is in storage, and what the object remembers. Each goroutine has objects
// of its own, so that it knows what they must answer.
func TestMetamorphic(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(metamorphicSeed); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for _, way := range []metamorphicWay{
		{name: "images true", evictIdle: time.Hour},
		{name: "images false", evictIdle: time.Hour, noImages: true},
		{name: "evictions", evictIdle: time.Millisecond},
	} {
		t.Run(way.name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("again with: %s=%d go test -run '^TestMetamorphic$' ./host",
						metamorphicSeed, seed)
				}
			}()
			runMetamorphic(t, seed, way)
		})
	}
}

// metamorphicWay is how a run is set. Where objects are evicted after a
// millisecond, memory may be gone at any call, and must be now and then.
type metamorphicWay struct {
	name      string
	evictIdle time.Duration
	noImages  bool
}

func (w metamorphicWay) evicts() bool { return w.evictIdle < time.Second }

func runMetamorphic(t *testing.T, seed uint64, way metamorphicWay) {
	noImages := way.noImages
	const (
		goroutines = 4
		rounds     = 3 // with a restart between them
	)
	objects, calls, residents := 75, 1500, 3
	if noImages || testing.Short() {
		objects, calls = 10, 100 // each instance starts by itself
	}
	if way.evicts() {
		calls /= 3
	}
	if noImages {
		residents = goroutines * objects // who has no image forgets where others suspend
	}
	h := hosttest.Start(t, hosttest.Options{Guest: "ledger", NoListener: true,
		Options:  host.Options{NoImages: noImages, Residents: residents, EvictIdle: way.evictIdle},
		Bindings: map[string]string{"LEDGERS": "Ledger"}})
	models := make([]map[string]*ledgerModel, goroutines)
	for g := range models {
		models[g] = map[string]*ledgerModel{}
		for i := range objects {
			models[g][fmt.Sprintf("ledger %d.%d", g, i)] = &ledgerModel{}
		}
	}
	evictions := 0
	for round := range uint64(rounds) {
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(seed, round<<8|uint64(g)))
				for n := range calls {
					name := fmt.Sprintf("ledger %d.%d", g, random.IntN(objects))
					if !ledgerCall(t, h, random, name, models[g][name], way.evicts()) {
						t.Errorf("round %d, goroutine %d, call %d", round, g, n)
						return
					}
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		h.Restart()
		for _, objects := range models {
			for _, m := range objects {
				m.calls = 0 // memory is not kept
				evictions += m.evictions
			}
		}
	}
	if evictions == 0 && way.evicts() {
		t.Error("no object was evicted")
	}
}

// ledgerCall makes one random call and compares the answer.
func ledgerCall(t *testing.T, h *hosttest.Host, random *rand.Rand, name string, m *ledgerModel,
	evicts bool) bool {
	amount := random.Int64N(100) + 1
	switch kind := random.IntN(20); {
	case kind == 0:
		_, err := h.Call("LEDGERS", name, "trap", amount)
		wantError(t, err, remote|reset, "guest trapped")
		m.calls = 0
		return err != nil
	case kind < 6:
		amount = 0
	case kind < 12:
		amount = -amount
	}
	m.calls++
	m.value += amount
	var got struct{ Value, Calls int64 }
	h.Must(&got, "LEDGERS", name, "add", amount)
	if evicts && got.Calls == 1 && m.calls > 1 {
		m.calls = 1
		m.evictions++
	}
	if got.Value != m.value || got.Calls != m.calls {
		t.Errorf("%s: value %d, call %d; want %d, %d", name, got.Value, got.Calls, m.value, m.calls)
		return false
	}
	return true
}
