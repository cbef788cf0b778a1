package ingress_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hosttest"
)

func startBox(t *testing.T) *hosttest.Host {
	return hosttest.Start(t, hosttest.Options{Guest: "box",
		Bindings: map[string]string{"BOX": "Box", "a box": "Box"}})
}

// TestRoute is the built-in route, of an app without a Worker. Its cases share
// their objects, in order.
func TestRoute(t *testing.T) {
	h := startBox(t)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no arguments", "POST", "/BOX/A/get", "", 200, `null`},
		{"one argument", "POST", "/BOX/A/put", `[{"a": [1, 2]}]`, 200, `null`},
		{"what was put", "GET", "/BOX/A/get", "", 200, `{"a":[1,2]}`},
		{"another object", "GET", "/BOX/B/get", "", 200, `null`},
		{"arguments", "POST", "/BOX/A/args", ` [1, "zwei", null, [3]] `,
			200, `[1,"zwei",null,[3]]`},
		{"empty array", "POST", "/BOX/A/args", `[]`, 200, `[]`},
		{"query is not the name's", "GET", "/BOX/A/get?x=/y/z", "", 200, `{"a":[1,2]}`},
		{"any method", "PUT", "/BOX/A/args", `[7]`, 200, `[7]`},
		{"escaped binding and method", "GET", "/a%20box/A/%67et", "", 200, `{"a":[1,2]}`},

		{"no route", "GET", "/", "", 404, "no such route"},
		{"no name", "GET", "/BOX", "", 404, "no such route"},
		{"no method", "GET", "/BOX/A", "", 404, "no such route"},
		{"empty method", "GET", "/BOX/A/", "", 404, "no such route"},
		{"too many parts", "GET", "/BOX/A/get/more", "", 404, "no such route"},
		{"no such binding", "GET", "/COX/A/get", "", 404, "no such route"},
		{"no such method", "GET", "/BOX/A/gone", "", 500,
			`The RPC receiver does not implement the method \"gone\".`},

		{"not JSON", "POST", "/BOX/A/args", `[1,`, 400, "not a JSON array"},
		{"not an array", "POST", "/BOX/A/args", `{"a":1}`, 400, "not a JSON array"},
		{"two arrays", "POST", "/BOX/A/args", `[1][2]`, 400, "not a JSON array"},
		{"too many arguments", "POST", "/BOX/A/put", `[1,2]`, 500,
			"it takes 1 arguments, but was given 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := do(t, c.method, h.URL+c.path, c.body)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/json" ||
				!json.Valid([]byte(body)) {
				t.Errorf("not JSON: %s, %s", got, body)
			}
			if c.status == 200 && body != c.want || !strings.Contains(body, c.want) {
				t.Errorf("answered %s, want %s", body, c.want)
			}
		})
	}
}

// TestRouteErrors wants each property of an error in the answer, and the status
// that follows from them.
func TestRouteErrors(t *testing.T) {
	h := startBox(t)
	for _, c := range []struct {
		call, args string
		status     int
		retryAfter string
		want       string
	}{
		{"throw", `[1]`, 500, "", `{"message":"thrown","name":"Error","overloaded":false,` +
			`"remote":true,"reset":false,"retryable":false}`},
		{"panic", ``, 500, "", `{"message":"panicked","name":"Error","overloaded":false,` +
			`"remote":true,"reset":false,"retryable":false}`},
		{"abort", `["enough"]`, 500, "", `{"message":"enough","name":"Error","overloaded":false,` +
			`"remote":true,"reset":true,"retryable":false}`},
		// An object cannot claim to be overloaded: its error is remote, no more.
		{"refuse", `["RangeError", "too \"far\""]`,
			500, "", `{"message":"too \"far\"","name":"RangeError","overloaded":false,` +
				`"remote":true,"reset":false,"retryable":false}`},
	} {
		t.Run(c.call, func(t *testing.T) {
			resp, body := do(t, "POST", h.URL+"/BOX/A/"+c.call, c.args)
			if want := `{"error":` + c.want + "}\n"; body != want || resp.StatusCode != c.status {
				t.Errorf("answered %d %s, want %d %s", resp.StatusCode, body, c.status, want)
			}
			if got := resp.Header.Get("Retry-After"); got != c.retryAfter {
				t.Errorf("Retry-After %q, want %q", got, c.retryAfter)
			}
		})
	}
}

// TestOverload fills a mailbox: the first call beyond it is answered at once, 503,
// while all others wait; then they are answered as well.
func TestOverload(t *testing.T) {
	const queued = 1000 // object's limit
	inside, release := make(chan struct{}), make(chan struct{})
	h := hosttest.Start(t, hosttest.Options{Guest: "box", Bindings: map[string]string{"BOX": "Box"},
		OnLog: func(r hosttest.Record) {
			if r.Message == "hold" {
				close(inside)
				<-release
			}
		}})
	type answer struct {
		status int
		header http.Header
		body   string
	}
	answers := make(chan answer, queued+2)
	send := func(path, args string) {
		resp, body := do(t, "POST", h.URL+path, args)
		answers <- answer{resp.StatusCode, resp.Header, body}
	}
	go send("/BOX/A/log", `["hold"]`)
	<-inside
	for range queued + 1 {
		go send("/BOX/A/get", "")
	}
	first := <-answers
	if first.status != 503 || first.header.Get("Retry-After") != "1" ||
		!strings.Contains(first.body, `"message":"Durable Object is overloaded. Too many `+
			`requests queued.","name":"Error","overloaded":true,"remote":false`) {
		t.Errorf("answered %d %s", first.status, first.body)
	}
	if resp, body := do(t, "POST", h.URL+"/BOX/B/get", ""); resp.StatusCode != 200 {
		t.Errorf("another object: %d %s", resp.StatusCode, body)
	}
	close(release)
	for range queued + 1 {
		if a := <-answers; a.status != 200 || a.body != "null" {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
	}
}

// TestRouteNames wants every name to reach its own object, whatever is in it.
func TestRouteNames(t *testing.T) {
	h := startBox(t)
	names := []string{
		"", " ", "a/b", "a%2Fb", "a?b#c", "ä/漢/🙂", "..", ".", "a+b", "a b", "\x00\x7f", `"`,
		strings.Repeat("n", abi.MaxNameBytes), strings.Repeat("n", abi.MaxNameBytes+1),
	}
	for i, name := range names {
		if resp, body := do(t, "POST", h.URL+path(name, "put"),
			fmt.Sprintf("[%d]", i)); resp.StatusCode != 200 {
			t.Fatalf("%q: %d %s", name, resp.StatusCode, body)
		}
	}
	ids := map[string]string{}
	for i, name := range names {
		if _, body := do(t, "GET", h.URL+path(name, "get"), ""); body != fmt.Sprint(i) {
			t.Errorf("%q holds %s, want %d", name, body, i)
		}
		_, body := do(t, "GET", h.URL+path(name, "name"), "")
		var told [2]string
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatalf("%q: %v: %s", name, err, body)
		}
		want := name
		if len(name) > abi.MaxNameBytes {
			want = "" // it exists, and is not told its name
		}
		if told[1] != want {
			t.Errorf("%.20q (%d bytes) was told %.20q, want %.20q", name, len(name), told[1], want)
		}
		if other, ok := ids[told[0]]; ok {
			t.Errorf("%q and %q are both %s", name, other, told[0])
		}
		ids[told[0]] = name
	}
}

func path(name, method string) string { return "/BOX/" + url.PathEscape(name) + "/" + method }

// TestRouteNotText refuses names that are no UTF-8, which no guest could write, and
// escapes that are none.
func TestRouteNotText(t *testing.T) {
	h := startBox(t)
	for _, path := range []string{"/BOX/%ff/get", "/BOX/A/%ff", "/BOX/%zz/get", "/BOX/A/get%"} {
		resp, body := raw(t, h, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "no such route") {
			t.Errorf("%s: answered %d %s", path, resp.StatusCode, body)
		}
	}
}
