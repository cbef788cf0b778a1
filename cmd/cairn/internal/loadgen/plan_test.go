package loadgen

import (
	"strings"
	"testing"
)

// TestPlan wants these requests.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		o           Options
		addr        string
		write, read string // the last name's
	}{
		{Options{URL: "http://h:8787", Names: 3, Reads: 0.5}, "h:8787",
			"GET /increment?name=o3 HTTP/1.1\r\nHost: h:8787\r\n\r\n",
			"GET /?name=o3 HTTP/1.1\r\nHost: h:8787\r\n\r\n"},
		{Options{URL: "http://h", Names: 3}, "h:80", "GET /increment?name=o3 HTTP/1.1\r\n" +
			"Host: h\r\n\r\n", ""},
		{Options{URL: "http://h", Names: 3, Reads: 0.5, ReadPath: "/r"}, "h:80",
			"GET /increment?name=o3 HTTP/1.1\r\nHost: h\r\n\r\n",
			"GET /r HTTP/1.1\r\nHost: h\r\n\r\n"},
		{Options{URL: "http://h/", Names: 3}, "h:80", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ""},
		{Options{URL: "http://h?a={name}", Names: 3}, "h:80",
			"GET /?a=o3 HTTP/1.1\r\nHost: h\r\n\r\n", ""},
		{Options{URL: "http://[::1]:8/{name}/{name}", Names: 10}, "[::1]:8",
			"GET /o10/o10 HTTP/1.1\r\nHost: [::1]:8\r\n\r\n", ""},
	} {
		p, addr, err := newPlan(c.o)
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
			continue
		}
		last := uint64(c.o.Names - 1)
		write, read := string(p.write.at(last)), string(p.read.at(last))
		if c.read == "" {
			c.read = c.write
		}
		if addr != c.addr || write != c.write || read != c.read {
			t.Errorf("%+v: %q, %q, %q, want %q, %q, %q",
				c.o, addr, write, read, c.addr, c.write, c.read)
		}
	}
}

// TestPlanBytes refuses requests that would fill the memory.
func TestPlanBytes(t *testing.T) {
	_, _, err := newPlan(Options{URL: "http://h/{name}" + strings.Repeat("x", 2000),
		Names: maxNames})
	if err == nil || !strings.Contains(err.Error(), "fewer names") {
		t.Errorf("%v", err)
	}
}

// TestSpread draws names and kinds evenly, the same ones for the same seed.
func TestSpread(t *testing.T) {
	const names, draws, share = 20, 100_000, 0.25
	p, _, err := newPlan(Options{URL: "http://h", Names: names, Reads: share})
	if err != nil {
		t.Fatal(err)
	}
	reads, same := 0, 0
	seen := map[string]int{}
	for k := range uint64(draws) {
		request, read := p.pick(1, k)
		again, readAgain := p.pick(1, k)
		if &request[0] != &again[0] || read != readAgain {
			t.Fatalf("request %d differs from itself", k)
		}
		if other, _ := p.pick(2, k); string(other) == string(request) {
			same++
		}
		seen[string(request)]++
		if read {
			reads++
		}
	}
	if reads < draws*24/100 || reads > draws*26/100 {
		t.Errorf("%d of %d read, want a quarter", reads, draws)
	}
	if len(seen) != 2*names {
		t.Errorf("%d different requests, want %d", len(seen), 2*names)
	}
	for request, n := range seen {
		want := draws / names * 3 / 4
		if strings.HasPrefix(request, "GET /?") {
			want = draws / names / 4
		}
		if n < want*85/100 || n > want*115/100 {
			t.Errorf("%.20q: %d times, want about %d", request, n, want)
		}
	}
	// 1/20 × (9/16 + 1/16)
	if want := draws / names * 10 / 16; same < want*85/100 || same > want*115/100 {
		t.Errorf("seeds 1 and 2 agree %d times, want about %d", same, want)
	}
	for _, share := range []float64{0, 1} {
		p.reads = share
		for k := range uint64(1000) {
			if _, read := p.pick(1, k); read != (share == 1) {
				t.Fatalf("share %v: request %d reads: %v", share, k, read)
			}
		}
	}
}
