package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
)

// twig, branch and grown are those of testdata/cycle/tree.go.
type twig struct {
	Kind, Add, To string
	Do            []twig
}

type branch struct {
	Token string
	Do    []twig
}

type grown struct {
	Token string
	Added []string
}

// treesFor names the environment variable that says for how long TestTrees runs.
const treesFor = "CAIRN_TREES"

// hangsAfter is how long a round of trees may take before it is taken to hang: a
// thousand times what it takes.
const hangsAfter = 2 * time.Minute

// TestTrees runs random trees of calls between a few objects from many clients:
// cycles of every length, from both sides at once, calls of oneself, resets, traps,
// aborts, critical sections, transactions, background work and alarms at every
// depth, beside evictions and deploys. The objects watch over themselves, see
// testdata/cycle/tree.go. Every call is answered once and with its own reply, what
// was answered is stored, what is stored was written once, and nobody hangs.
func TestTrees(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(metamorphicSeed); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	length := 10 * time.Second
	if testing.Short() {
		length = 2 * time.Second
	}
	if text := os.Getenv(treesFor); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again with: %s=%d go test -run '^TestTrees$' ./host", metamorphicSeed, seed)
		}
	})
	w := newWood(t)
	var sum int
	for begun := time.Now(); !t.Failed() && time.Since(begun) < length; seed++ {
		sum += w.round(seed)
	}
	t.Logf("%d trees, %d answered, %d failed, %d tokens kept of %d",
		sum, w.answered, sum-w.answered, w.kept, w.sown)
	if w.answered == 0 || w.answered == sum {
		t.Errorf("%d of %d trees were answered: the mixture is no good", w.answered, sum)
	}
}

// wood is a host that runs trees.
type wood struct {
	*hosttest.Host
	t        *testing.T
	variants [2][]byte // of the guest, which differ in their bytes only

	mu                   sync.Mutex
	answered, kept, sown int
}

func newWood(t *testing.T) *wood {
	wasm := testguest.Build(t, "cycle")
	custom := []byte{0, 5, 4, 't', 'r', 'e', 'e'}
	w := &wood{t: t, variants: [2][]byte{wasm, append(append([]byte(nil), wasm...), custom...)}}
	w.Host = hosttest.Start(t, hosttest.Options{
		Options:    host.Options{Wasm: wasm, Residents: 2, EvictIdle: time.Millisecond},
		NoListener: true,
		Bindings:   map[string]string{"TREES": "Tree"}, OnLog: w.log})
	w.deploy(1) // compiled now, a deploy is quick later
	return w
}

// log looks for what an object or the host found wrong where nobody waits.
func (w *wood) log(r hosttest.Record) {
	text := r.Message + r.Attr("error")
	if strings.Contains(text, "WRONG") || strings.Contains(text, "assertion") {
		w.t.Errorf("the log says: %s", text)
	}
}

// woods are the objects of a round: few, so that they meet.
var woods = [][]string{
	{"A"}, {"A", "B"}, {"A", "B", "C"}, {"A", "B", "callA"}, {"A", "callcallA", "callA"},
	{"A", "B", "C", "D", "E", "F"},
}

// round runs a number of trees from several clients, waits for all of them, and
// compares what is stored with what was answered.
func (w *wood) round(seed uint64) (trees int) {
	random := rand.New(rand.NewPCG(seed, 1))
	names := woods[random.IntN(len(woods))]
	clients, each := 1+random.IntN(12), 1+random.IntN(12)
	// Without resets all must be answered, but for constructors that call in a circle.
	mild := random.IntN(3) == 0 && !strings.Contains(strings.Join(names, ""), "call")
	known := make([][]string, clients)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() { known[c] = w.client(seed, c, names, each, mild) })
		}
		if variant := random.IntN(16); variant < len(w.variants) {
			wg.Go(func() { w.deploy(variant) })
		}
		wg.Wait()
	}()
	select {
	case <-done:
	case <-time.After(hangsAfter):
		stacks := make([]byte, 1<<20)
		w.t.Fatalf("round %d hangs:\n%s", seed, stacks[:runtime.Stack(stacks, true)])
	}
	w.audit(seed, names, known)
	return clients * each
}

// client sends trees, one after the other, and returns what is known to be stored.
func (w *wood) client(seed uint64, number int, names []string, each int,
	mild bool) (known []string) {
	g := &sower{random: rand.New(rand.NewPCG(seed, uint64(number)+2)), names: names, mild: mild,
		prefix: fmt.Sprintf("%d.%d", seed, number)}
	answered := 0
	for range each {
		b := branch{Token: g.token(), Do: g.twigs(g.random.IntN(6), 1)}
		got, err := w.Call("TREES", g.name(), "grow", b)
		switch {
		case err != nil && strings.Contains(err.Error(), "WRONG"):
			w.t.Errorf("%s: %v", b.Token, err)
		case err != nil && mild:
			w.t.Errorf("%s: %v, and nothing can fail in it", b.Token, err)
		case err == nil:
			var r grown
			unmarshal(w.t, got, &r)
			if r.Token != b.Token {
				w.t.Errorf("%s was answered with the reply to %s", b.Token, r.Token)
			}
			known, answered = append(known, r.Added...), answered+1
		}
	}
	w.mu.Lock()
	w.answered += answered
	w.sown += g.count
	w.mu.Unlock()
	return known
}

// deploy puts a variant in place of what runs, which may be itself.
func (w *wood) deploy(variant int) {
	if _, err := w.Runtime.Releases().Deploy(context.Background(),
		release.Deploy{Wasm: w.variants[variant]}); err != nil {
		w.t.Errorf("deploy: %v", err)
	}
}

// audit lets every object count, and looks for what was answered.
func (w *wood) audit(seed uint64, names []string, known [][]string) {
	stored := map[string]bool{}
	for _, name := range names {
		var tokens []string
		got, err := w.Call("TREES", name, "audit")
		for tries := 0; err != nil && tries < 1000; tries++ { // background work may reset it still
			if strings.Contains(err.Error(), "WRONG") {
				break
			}
			got, err = w.Call("TREES", name, "audit")
		}
		if err != nil {
			w.t.Errorf("round %d, %s: %v", seed, name, err)
			return
		}
		if err := json.Unmarshal(got, &tokens); err != nil {
			w.t.Fatal(err)
		}
		for _, token := range tokens {
			stored[name+"/"+token] = true
		}
	}
	w.kept += len(stored)
	for _, list := range known {
		for _, token := range list {
			if !stored[token] {
				w.t.Errorf("round %d: %s was answered and is not stored", seed, token)
			}
		}
	}
}

// sower makes random trees.
type sower struct {
	random *rand.Rand
	names  []string
	prefix string
	count  int // of tokens
	mild   bool
}

func (g *sower) name() string { return g.names[g.random.IntN(len(g.names))] }

func (g *sower) token() string {
	g.count++
	return fmt.Sprintf("%s.%d", g.prefix, g.count)
}

// twigs makes n twigs; those that hold others hold fewer, the deeper they are.
func (g *sower) twigs(n, depth int) []twig {
	list := []twig{}
	for range n {
		list = append(list, g.twig(depth))
	}
	return list
}

func (g *sower) twig(depth int) twig {
	w := twig{Add: g.token()}
	inner := func() []twig { return g.twigs(g.random.IntN(max(5-depth/2, 1)), depth+1) }
	switch n := g.random.IntN(100); {
	case n < 35:
		w.Kind = "add"
	case n < 75:
		w.Kind, w.To, w.Do = "call", g.name(), inner()
	case n < 78:
		w.Kind, w.Do = "transaction", inner()
		if g.mild { // nothing that a transaction refuses
			w.Do = []twig{{Kind: "add", Add: g.token()},
				{Kind: "rollback", Do: []twig{{Kind: "add", Add: g.token()}}}}
		}
	case n < 80 && !g.mild:
		w.Kind, w.Do = "rollback", inner()
	case n < 83:
		w.Kind, w.Do = "background", inner()
	case n < 84:
		w.Kind = "sync"
	case n < 86:
		w.Kind = "burn"
	case g.mild:
		w.Kind = "add"
	case n < 89:
		w.Kind, w.Do = "critical", inner()
	case n < 91:
		w.Kind, w.Do = "alarm", inner()
	case n < 94:
		w.Kind = "fail"
	case n < 97:
		w.Kind = "abort"
	default:
		w.Kind = "trap"
	}
	return w
}
