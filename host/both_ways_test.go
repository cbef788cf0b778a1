package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// bothWays has calls for each guest of ./testdata that no other table runs with
// and without images. A line is "METHOD /path body", or "BINDING name method
// [arguments]".
var bothWays = map[string]struct {
	bindings map[string]string
	lines    string
}{
	"box": {map[string]string{"BOX": "Box"}, `
		BOX a get []
		BOX a put [{"a": [1, "é", null]}]
		BOX a get []
		BOX b get []
		BOX a throw ["next"]
		BOX a get []
		BOX a args [1, "two", null]
		BOX a name []
		BOX a refuse ["Name", "no"]
		BOX a panic []
		BOX a get []
		BOX a abort ["over"]
		BOX a get []
		BOX a missing []
		BOX a put []`},
	"chain": {map[string]string{"LINKS": "Link"}, `
		POST / [["call", "a", ["put", 1], ["get"], ["call", "b", ["put", 2], ["get"]]]]
		POST / [["call", "a", ["calls"], ["get"], ["delete"], ["get"]], ["call", "b", ["calls"]]]
		POST / [["try", "a", ["put", 3], ["abort", "over"]], ["call", "a", ["get"], ["calls"]]]
		POST / [["call", "a", ["put", 4], ["throw", "no"]]]
		POST / [["call", "a", ["get"], ["calls"]]]
		POST / [["try", "fails with b", ["get"]]]
		POST / [["throw", "by the Worker"]]
		POST / no JSON`},
	"counter10": {map[string]string{"COUNTERS": "Counter"}, `
		GET /increment?name=A
		GET /increment?name=A
		GET /decrement?name=B
		GET /?name=A
		GET /nowhere`},
	"cycle": {map[string]string{"NODES": "Node"}, `
		NODES a deep ["", 5]
		NODES a deep ["n", 8]
		NODES a run [[{"Put": "k"}, {"Call": "b", "Do": [{"Call": "a", "Do": [{"Put": "l"}]}]}]]
		NODES a get ["l"]
		NODES a run [[{"Call": "b", "Do": [{"Put": "m"}, {"Trap": "now"}], "Catch": true}]]
		NODES b get ["m"]
		NODES slow built []
		NODES picky built []
		NODES judge run [[{"Put": "no"}]]
		NODES picky2 built []
		NODES a runs []
		NODES a run [[{"Fail": "text"}]]
		NODES a run [[{"Abort": "text"}]]
		NODES a runs []`},
	"echo": {map[string]string{}, `
		GET /path?q=%C3%A9&b
		POST /x body
		POST /length 12345
		GET /large?bytes=300000
		GET /count
		GET /count
		GET /throw
		GET /throw?overloaded
		GET /panic
		GET /count
		POST /respond {"status": 418, "header": [["X-A", "b"]], "body": "dGVh"}`},
	"ledger": {map[string]string{"LEDGERS": "Ledger"}, `
		LEDGERS a add [5]
		LEDGERS a add [-2]
		LEDGERS a trap [7]
		LEDGERS a add [0]
		LEDGERS b add [1]`},
	"probe": {probeBindings, `
		PROBE a run ["put a 1, get a, list"]
		PROBE a run ["put a 2, put b 3, delete a, abort no"]
		PROBE a run ["entries"]
		PROBE a run ["putbytes b \"\\x00\\xff\", raw b, size b, deleteall, list"]
		PROBE a run ["try(put a nil)"]
		PROBE a run ["put a mine, call .b(put a yours), call .b(get a)"]
		PROBE a run ["put a 1, call OTHER:.(get a), call PLAIN:.(get a)"]
		PROBE a run ["throw oops"]
		PROBE a sum [1, 2, 3]
		PROBE a pair []
		PLAIN a run ["put a 1, get a"]`},
	"sdk": {map[string]string{"PROBES": "Probe"}, `
		PROBES a put ["k", "v"]
		PROBES a get ["k"]
		PROBES a fill [50, 2000]
		PROBES a many []
		PROBES a transact ["commit"]
		PROBES a transact ["fail"]
		PROBES a transact ["panic"]
		PROBES a large [300000]
		PROBES a block []
		PROBES a deleteAll []
		PROBES a get ["k"]
		GET /nowhere`},
	"tally": {map[string]string{"T": "Tally"}, `
		T a increment []
		T a increment []
		T b increment []`},
}

// ownTests are guests whose answers differ by design, or that have a test of
// their own with and without images.
var ownTests = map[string]string{
	"hunter": "TestHunter", "random": "TestRandomDiffers", "bad": "TestBadGuests",
}

// TestBothWays runs every guest with instances that are copies of an image and
// with instances that start the plain way. Both give the same answers.
func TestBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an instance for each object")
	}
	for name, guest := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answers [2][]string
			for i, noImages := range []bool{false, true} {
				h := hosttest.Start(t,
					hosttest.Options{Guest: name, Bindings: guest.bindings,
						Options: host.Options{NoImages: noImages}})
				for line := range strings.Lines(strings.TrimSpace(guest.lines)) {
					answers[i] = append(answers[i], runLine(t, h, strings.TrimSpace(line)))
				}
				for _, r := range h.Logs() {
					if strings.Contains(r.Message, "no image") {
						t.Errorf("log: %s %v", r.Message, r.Attrs)
					}
				}
			}
			if len(answers[0]) < 3 {
				t.Fatal("too few lines")
			}
			for n, image := range answers[0] {
				if plain := answers[1][n]; image != plain {
					t.Errorf("%s\nwith an image:\n%.500s\nplain:\n%.500s",
						strings.Split(guest.lines, "\n")[n+1], image, plain)
				}
			}
		})
	}
}

// runLine sends what a line says and returns the answer, an error's too.
func runLine(t *testing.T, h *hosttest.Host, line string) string {
	words := strings.SplitN(line, " ", 4)
	if path, ok := strings.CutPrefix(line, words[0]+" /"); ok {
		path, body, _ := strings.Cut(path, " ")
		status, answer := h.Do(words[0], "/"+path, body)
		// The port is another one each time.
		return fmt.Sprint(status, " ",
			strings.ReplaceAll(answer, strings.TrimPrefix(h.URL, "http://"), "host"))
	}
	if len(words) != 4 {
		t.Fatalf("no line: %q", line)
	}
	answer, err := h.Runtime.Call(t.Context(), words[0], words[1], words[2], []byte(words[3]))
	if err != nil {
		return "error: " + err.Error()
	}
	return string(answer)
}

// TestBothWaysIsAll wants each folder of ./testdata to be run both ways by
// somebody.
func TestBothWaysIsAll(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root, "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		_, here := bothWays[name]
		_, own := ownTests[name]
		if !e.IsDir() || name == "internal" || here || own ||
			slices.Contains(samples, name) || slices.Contains(languages, name) {
			continue
		}
		t.Errorf("testdata/%s is not run with and without images, bothWays is the place", name)
	}
}
