package host_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestDurableOutbound sends requests out of objects and of the Worker, to a
// server on loopback that is listed with its port. Package outbound has the rest.
func TestDurableOutbound(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch r.URL.Path {
		case "/teapot":
			w.WriteHeader(http.StatusTeapot)
		case "/away":
			http.Redirect(w, r, r.FormValue("to"), http.StatusTemporaryRedirect)
			return
		case "/large":
			w.Header().Set("Content-Length", fmt.Sprint(abi.MaxMessageBytes+1))
			return
		case "/lost":
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, "%s %s [%s]", r.Method, r.URL.Path, body)
	}))
	defer server.Close()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request came to where none may go")
	}))
	defer other.Close()
	address, elsewhere := strings.TrimPrefix(server.URL, "http://"),
		strings.TrimPrefix(other.URL, "http://")
	const name = "localhost.example"
	p := startProbe(t, hosttest.Options{Options: host.Options{AllowHosts: []string{address}}})
	refused := func(target, host string) string {
		return "This host lets guests send nothing to " + target +
			" (allow it with --allow-host " + host + ")."
	}
	p.check(t, []durableCase{
		{"fetch: an answer", "outside " + server.URL + "/a(hi, \"there\")",
			`200 POST /a [hi, "there"]`},
		{"fetch: any status", "outside " + server.URL + "/teapot", "418 GET /teapot []"},
		{"fetch: a redirect", "outside " + server.URL + "/away?to=/b", "200 GET /b []"},
		{"fetch: a redirect elsewhere", "try(outside " + server.URL + "/away?to=" + other.URL + ")",
			refused(elsewhere, "127.0.0.1")},
		{"fetch: another port", "try(outside " + other.URL + ")", refused(elsewhere, "127.0.0.1")},
		{"fetch: another name of it", "try(outside http://localhost:1/)",
			refused("localhost:1", "localhost")},
		{"fetch: an address in IPv6", "try(outside http://[::1]/)", refused("[::1]:80", "::1")},
		{"fetch: an address that is mapped", "try(outside http://[::ffff:127.0.0.1]:1/)",
			refused("[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1")},
		{"fetch: where clouds keep secrets", "try(outside http://169.254.169.254/latest)",
			refused("169.254.169.254:80", "169.254.169.254")},
		{"fetch: a name", "try(outside http://" + name + "/)", refused(name+":80", name)},
		{"fetch: another scheme", "try(outside ftp://" + name + "/)",
			"TypeError: Fetch API cannot load: ftp://" + name +
				"/ (only http and https can be fetched)"},
		{"fetch: too large", "try(outside " + server.URL + "/large)",
			fmt.Sprintf("RangeError: The response is larger than %d bytes.", abi.MaxMessageBytes)},
		{"fetch: lost", "try(outside " + server.URL + "/lost(x)), put x 1",
			"[retryable] Network connection lost."},
		{"fetch: what was written before stays", "put x 1, outside " + server.URL +
			"/a, put x 2, abort no; get x", "[remote reset] no; 1"},
		{"fetch: of another object", "call .b(outside " + server.URL + "/a, count)",
			"200 GET /a [], 1"},
	})
	for script, want := range map[string]string{
		"outside " + server.URL + "/w":   "200 GET /w []",
		"try(outside " + other.URL + ")": refused(elsewhere, "127.0.0.1"),
	} {
		if status, body := p.Do("POST", "/", script); status != 200 || body != want {
			t.Errorf("the Worker: %s: %d %s, want %s", script, status, body, want)
		}
	}
}
