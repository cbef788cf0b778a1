package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
)

// TestSeed is the example that cairn began with, byte for byte (SEMANTICS 0),
// with its two config files as they are.
func TestSeed(t *testing.T) {
	const usage = "Select a Durable Object to contact by using the `name` URL query string " +
		"parameter, for example, ?name=A"
	for _, file := range []string{"wrangler.jsonc", "wrangler.toml"} {
		t.Run(file, func(t *testing.T) {
			p := startServe(t, nil, "--data", t.TempDir(),
				filepath.Join(root, "testdata/counter", file))
			if want := "cairn serves my-counter on http://" + p.addr + "\n"; p.line != want {
				t.Errorf("printed %q, want %q", p.line, want)
			}
			for _, c := range []struct {
				path   string
				status int
				body   string
			}{
				{"/", 200, usage},
				{"/increment", 200, usage},
				{"/nowhere?name=", 200, usage}, // the name is checked before the path
				{"/increment?name=A", 200, "Durable Object 'A' count: 1"},
				{"/increment?name=A", 200, "Durable Object 'A' count: 2"},
				{"/increment?name=A", 200, "Durable Object 'A' count: 3"},
				{"/decrement?name=B", 200, "Durable Object 'B' count: -1"},
				{"/?name=C", 200, "Durable Object 'C' count: 0"},
				{"/?name=A", 200, "Durable Object 'A' count: 3"},
				{"/increment?name=a%20b%26c", 200, "Durable Object 'a b&c' count: 1"},
				{"/nowhere?name=A", 404, "Not found"},
			} {
				if status, body := p.get(c.path); status != c.status || body != c.body {
					t.Errorf("%s: %d %q, want %d %q", c.path, status, body, c.status, c.body)
				}
			}
			p.stop()
		})
	}
}

// TestParallelIncrements holds the seed's promise: reading, adding and writing
// is safe, whoever else calls.
func TestParallelIncrements(t *testing.T) {
	const increments = 1000
	data, config := t.TempDir(), counterConfig(t)
	p := startServe(t, nil, "--data", data, config)
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range increments {
		wg.Go(func() {
			resp, err := http.Get("http://" + p.addr + "/increment?name=A")
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("%d %q %v", resp.StatusCode, body, err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[string(body)]++
		})
	}
	wg.Wait()
	for i := range increments {
		if body := fmt.Sprintf("Durable Object 'A' count: %d", i+1); seen[body] != 1 {
			t.Fatalf("%q was answered %d times", body, seen[body])
		}
	}
	const want = "Durable Object 'A' count: 1000"
	if _, body := p.get("/?name=A"); body != want {
		t.Errorf("%q, want %q", body, want)
	}
	p.stop()
	if _, body := startServe(t, nil, "--data", data, config).get("/?name=A"); body != want {
		t.Errorf("after a restart %q, want %q", body, want)
	}
}
