package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Load of TestKill: several names, so that batches of different objects share a
// commit, and several connections to each.
const (
	killNames       = 4
	killConnections = 16
)

// TestKill kills cairn with SIGKILL under load, over and over on one data
// folder. After each restart every acknowledged increment is there, no value has
// been answered twice, and nothing was counted that was not sent. CAIRN_CRASHES
// says how often.
func TestKill(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	if v := os.Getenv("CAIRN_CRASHES"); v != "" {
		var err error
		if rounds, err = strconv.Atoi(v); err != nil {
			t.Fatalf("CAIRN_CRASHES: %v", err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	config, data := counterConfig(t), t.TempDir()
	counts := make([]count, killNames)
	for i := range counts {
		counts[i] = count{name: fmt.Sprintf("object-%d", i), answered: map[int64]bool{}}
	}
	for round := range rounds {
		p := startServe(t, nil, "--data", data, "--log-level", "error", config)
		checkCounts(t, p, counts, round)
		// Some kills come with the first answers, most with the load going on.
		killUnderLoad(t, p, counts, 1+random.IntN(2000))
		if t.Failed() {
			t.Fatalf("round %d of %d", round, rounds)
		}
	}
	p := startServe(t, nil, "--data", data, config)
	checkCounts(t, p, counts, rounds)
	p.stop()
	for i := range counts {
		t.Logf("%s: %d sent, %d acknowledged, counts %d", counts[i].name, counts[i].sent.Load(),
			len(counts[i].answered), counts[i].last)
	}
}

// count is what the clients know of one object, over all rounds.
type count struct {
	name string
	sent atomic.Int64
	last int64 // after the last restart

	mu       sync.Mutex
	answered map[int64]bool
}

// acknowledge notes an answered value.
func (c *count) acknowledge(value int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered[value] {
		return fmt.Errorf("%s: %d was answered twice", c.name, value)
	}
	if value <= c.last {
		return fmt.Errorf("%s: %d was answered after a restart with %d", c.name, value, c.last)
	}
	c.answered[value] = true
	return nil
}

// checkCounts compares what a restarted cairn counts with what the clients know.
func checkCounts(t *testing.T, p *process, counts []count, round int) {
	t.Helper()
	for i := range counts {
		c := &counts[i]
		_, body := p.get("/?name=" + c.name)
		value, err := countIn(body, c.name)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if sent, acknowledged := c.sent.Load(), int64(len(c.answered)); value < acknowledged ||
			value > sent {
			t.Errorf("round %d: %s counts %d, with %d acknowledged and %d sent",
				round, c.name, value, acknowledged, sent)
		}
		for answered := range c.answered {
			if answered > value {
				t.Errorf("round %d: %s counts %d and had answered %d",
					round, c.name, value, answered)
			}
		}
		c.last = value
	}
}

// killUnderLoad sends increments from many connections and kills cairn once so
// many were acknowledged.
func killUnderLoad(t *testing.T, p *process, counts []count, after int) {
	var acknowledged atomic.Int64
	var killed atomic.Bool
	kill := sync.OnceFunc(func() {
		killed.Store(true)
		p.cmd.Process.Kill()
	})
	var wg sync.WaitGroup
	for i := range killConnections {
		wg.Go(func() {
			c := &counts[i%len(counts)]
			client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			for {
				c.sent.Add(1)
				value, err := increment(&client, p, c.name)
				if errors.Is(err, errDied) && killed.Load() {
					return
				}
				if err == nil {
					err = c.acknowledge(value)
				}
				if err != nil {
					t.Error(err)
					kill()
					return
				}
				if acknowledged.Add(1) >= int64(after) {
					kill()
				}
			}
		})
	}
	wg.Wait()
	kill() // for a load that ended in an error
	if code := p.wait(); code != -1 {
		t.Errorf("cairn ended by itself with exit code %d", code)
	}
}

var errDied = errors.New("no answer")

// increment sends one increment. It is a POST because Go's client sends a GET
// once more when its connection breaks, which would count twice.
func increment(client *http.Client, p *process, name string) (int64, error) {
	resp, err := client.Post("http://"+p.addr+"/increment?name="+name, "", nil)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errDied, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errDied, err)
	}
	if resp.StatusCode != 200 {
		return 0, fmt.Errorf("%s: %d %q", name, resp.StatusCode, body)
	}
	return countIn(string(body), name)
}

// countIn reads the counter's answer.
func countIn(body, name string) (int64, error) {
	text, ok := strings.CutPrefix(body, "Durable Object '"+name+"' count: ")
	value, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("%s: answered %q", name, body)
	}
	return value, nil
}
