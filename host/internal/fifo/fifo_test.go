package fifo_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/cairn-dev/cairn/host/internal/fifo"
)

// TestQueue compares a queue with a slice, through random turns that move its
// head around.
func TestQueue(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	var q fifo.Queue[*int]
	var model []*int
	first := func() *int {
		if len(model) == 0 {
			return nil
		}
		return model[0]
	}
	fills := 0 // how much more is pushed than taken out
	for turn := range 200_000 {
		if turn%1000 == 0 {
			fills = random.IntN(3)
		}
		switch random.IntN(4 + fills) {
		case 0, 1:
			want := first()
			if got := q.Pop(); got != want {
				t.Fatalf("seed %d: pop gave another than the oldest", seed)
			}
			model = model[min(1, len(model)):]
		case 2:
			wanted := new(int) // in no queue
			if len(model) > 0 && random.IntN(3) > 0 {
				i := random.IntN(len(model))
				wanted = model[i]
				model = slices.Delete(model, i, i+1)
			}
			was := q.Len()
			if got := q.Remove(func(x *int) bool { return x == wanted }); q.Len() < was &&
				got != wanted {
				t.Fatalf("seed %d: remove gave another than it was asked for", seed)
			}
		default:
			x := new(int)
			q.Push(x)
			model = append(model, x)
		}
		if q.Len() != len(model) || q.First() != first() {
			t.Fatalf("seed %d: %d in the queue, want %d", seed, q.Len(), len(model))
		}
	}
	for _, want := range model {
		if q.Pop() != want {
			t.Fatalf("seed %d: the rest is out of order", seed)
		}
	}
}

// TestQueueAllocates wants a queue to allocate nothing while it holds no more than
// it has held.
func TestQueueAllocates(t *testing.T) {
	var q fifo.Queue[*int]
	x := new(int)
	for range 3 {
		q.Push(x)
	}
	if n := testing.AllocsPerRun(100, func() {
		q.Push(x)
		q.Pop()
		q.Remove(func(y *int) bool { return y == x })
		q.Push(x)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestQueueLetsGo wants nothing to stay in memory that was taken out.
func TestQueueLetsGo(t *testing.T) {
	type large struct{ buffer []byte }
	var q fifo.Queue[*large]
	var gone []weak.Pointer[large]
	for range 4 {
		x := &large{}
		q.Push(x)
		gone = append(gone, weak.Make(x))
	}
	q.Remove(func(x *large) bool { return x == gone[1].Value() })
	for q.Pop() != nil {
	}
	runtime.GC()
	for i := range gone {
		if gone[i].Value() != nil {
			t.Errorf("number %d is held", i)
		}
	}
	runtime.KeepAlive(&q)
}
