package guestkit_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi/conformance/guestkit"
)

// kept are the counters whose modules are in the repository; host's tests judge
// the one in Go, which has to be built.
var kept = []string{"counter-wat", "counter-c", "counter-rust", "counter-as"}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLanguages wants nothing to be said about the counters, with the seed's
// requests and with none.
func TestLanguages(t *testing.T) {
	for _, folder := range kept {
		wasm := read(t, "../../../testdata", folder, "counter.wasm")
		for name, script := range map[string]guestkit.Script{"seed": guestkit.Seed, "probe": ""} {
			t.Run(folder+"/"+name, func(t *testing.T) {
				r, err := guestkit.Judge(t.Context(), wasm, script)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range r.Findings {
					t.Error(f)
				}
				t.Logf("%d plays, %d entries, %d faults", r.Plays, r.Entries, r.Faults)
			})
		}
	}
}

// TestEveryImport wants the scripted host to offer what SPEC.md has.
func TestEveryImport(t *testing.T) {
	offered := guestkit.Imports()
	for _, heading := range regexp.MustCompile("(?m)^#### .*$").
		FindAllString(string(read(t, "../../SPEC.md")), -1) {
		for _, m := range regexp.MustCompile("`(\\w+) \\(").FindAllStringSubmatch(heading, -1) {
			if !slices.Contains(offered, m[1]) {
				t.Errorf("the scripted host lacks %s", m[1])
			}
		}
	}
}

// TestNested wants the bindings of each language to live through a nested entry.
func TestNested(t *testing.T) {
	const script = "call Relay A relay []\n= [[\"hello\"],\"kept\"]\n" +
		"call Relay A relay []\n= [[\"hello\"],\"kept\"]"
	for _, language := range []string{"c", "rust", "as"} {
		t.Run(language, func(t *testing.T) {
			r, err := guestkit.Judge(t.Context(),
				read(t, "testdata", "relay-"+language+".wasm"), script)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				t.Error(f)
			}
			if r.Nested != 2 {
				t.Errorf("%d nested entries, want one in each call", r.Nested)
			}
		})
	}
}

// wrongs are what testdata/wrong.wat gets wrong, and the beginnings of the
// findings that there must be.
var wrongs = []struct {
	steps string
	want  []string // beginnings of findings, each of which there must be
}{
	{"call Wrong A z []\n= 0\nworker GET http://x/z\n= 200", nil},
	{"call Wrong A z []\n= 1", []string{"wrong: the answer is 0"}},
	{"call Wrong A a []",
		[]string{"wrong [G10]: storage_put is given address 4294967280 and length 32"}},
	{"call Wrong A b []", []string{"wrong [G10]: env_get is given places to write to that overlap",
		"wrong [G1]: env_get answers"}},
	{"call Wrong A c []",
		[]string{"wrong [G8]: object_call returns status 5", "note: the guest traps"}},
	{"call Wrong A d []",
		[]string{"wrong [G9]: object_call returns ERROR and its output is no Error"}},
	{"call Wrong A e []", []string{"wrong [G9]: object_call returns OK and its output is no JSON"}},
	{"call Wrong A f []", []string{"wrong [G1]: storage_put answers STATUS_119",
		"wrong [G1]: storage_put answers ERROR", "wrong [G1]: storage_put answers FAULT"}},
	{"call Wrong A g []", []string{"wrong [G12]: storage_get answers TOO_SMALL",
		"wrong [G9]: object_call returns OK and its output is no JSON",
		"note: the guest traps when storage_put answers ERROR"}},
	{"call Wrong A h []",
		[]string{"wrong [G2]: a nested entry in stub_call changes what that was given",
			"note: the guest traps when stub_call answers ERROR"}},
	{"call Wrong A i []", []string{"wrong [G11]: stub_call: the arguments are no JSON array",
		"note: the guest traps when stub_call answers ERROR"}},
	{"call Wrong A j []", []string{"note: object_call returns while a transaction is open",
		"note: object_call returns inside a critical section"}},
	{"call Wrong A k []", []string{"note: the guest traps"}},
	{"call Wrong A l []", []string{"wrong: object_call: it has not returned after 3s"}},
	{"call Wrong A m []", []string{"note: the guest traps when storage_get answers ERROR",
		"note: the guest traps when storage_get answers NOT_FOUND"}},
	{"call Wrong A n [1]", []string{"note: memory grows with every call"}},
	{"call Wrong A p []", []string{"note: storage_put"}},
	{"call Wrong A q []\ncall Wrong A q []",
		[]string{"note [G5]: the answer is 1, and 2 where memory is kept"}},
	{"call Wrong A r []", []string{"note: log_write: the attributes are no JSON object"}},
	{"call Wrong A s []", []string{"wrong [G6]: the answer is 1, and 0 otherwise",
		"note: the guest traps when stub_call answers ERROR"}},
	{"call Wrong A t []",
		[]string{"note: class_register is called in object_call, where it is FORBIDDEN"}},
	{"worker GET http://x/a",
		[]string{"wrong [G9]: worker_fetch: the status of its Response is 7"}},
	{"worker GET http://x/b", []string{"wrong [G9]: worker_fetch: the header of its Response"}},
	{"worker GET http://x/c",
		[]string{"note: storage_put is called in a Worker, where it is FORBIDDEN"}},
	{"worker GET http://x/d",
		[]string{"wrong [G9]: worker_fetch returns OK and its output is no Response"}},
}

// wrongStarts are the same of testdata/wrongstart.wat.
var wrongStarts = []string{
	"wrong [G3]: the guest registers", "wrong [G4]: the guest takes 4 bytes from random_get",
	"wrong [G7]: abi_version returns [1] and calls 1 imports", "note: image_prepare fails",
	"wrong [G9]: object_call returns ERROR and its output is no Error",
}

// TestEveryRule wants each rule for guests in SPEC.md to be one that a guest was
// seen to break, and to stand in section 13 with what comes of that.
func TestEveryRule(t *testing.T) {
	spec := string(read(t, "../../SPEC.md"))
	seen := strings.Join(wrongStarts, " ")
	for _, tt := range wrongs {
		seen += strings.Join(tt.want, " ")
	}
	rules := regexp.MustCompile(`(?m)^- \[(G\d+)\]`).FindAllStringSubmatch(spec, -1)
	for _, m := range rules {
		if !strings.Contains(seen, "["+m[1]+"]") {
			t.Errorf("no guest was seen to break %s", m[1])
		}
		if !strings.Contains(spec, "\n| ["+m[1]+"] |") {
			t.Errorf("section 13 does not say what comes of breaking %s", m[1])
		}
	}
	if len(rules) < 12 {
		t.Errorf("found %d rules, want all", len(rules))
	}
}

// TestWrong wants each thing that testdata/wrong.wat gets wrong to be found, and
// nothing else of what it does there.
func TestWrong(t *testing.T) {
	guestkit.SetPatience(t, 3*time.Second)
	wasm := read(t, "testdata", "wrong.wasm")
	for _, tt := range wrongs {
		t.Run(strings.SplitN(tt.steps, "\n", 2)[0], func(t *testing.T) {
			r, err := guestkit.Judge(t.Context(), wasm, guestkit.Script(tt.steps))
			if err != nil {
				t.Fatal(err)
			}
			wantFindings(t, r, tt.want)
		})
	}
}

// wantFindings wants each beginning to be one of a finding, and nothing to be
// wrong for another reason.
func wantFindings(t *testing.T, r *guestkit.Report, want []string) {
	t.Helper()
	for _, beginning := range want {
		if !slices.ContainsFunc(r.Findings, func(f guestkit.Finding) bool {
			return strings.HasPrefix(f.String(), beginning)
		}) {
			t.Errorf("nothing begins with %q", beginning)
		}
	}
	for _, f := range r.Findings {
		rule, _, _ := strings.Cut(f.String(), ":")
		if !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, rule) }) {
			t.Errorf("not wanted: %v", f)
		}
	}
}

// TestWrongStart wants what is wrong before the first call to be found.
func TestWrongStart(t *testing.T) {
	r, err := guestkit.Judge(t.Context(), read(t, "testdata", "wrongstart.wasm"), "")
	if err != nil {
		t.Fatal(err)
	}
	wantFindings(t, r, wrongStarts)
}

// TestProbed wants a report without a script to say how little it says: nothing of a
// guest with faults ran, and of a counter what its Worker calls, by a binding that was
// guessed.
func TestProbed(t *testing.T) {
	for _, tt := range []struct {
		wasm    []byte
		script  guestkit.Script
		probed  bool
		methods []string
		guessed map[string]string
	}{
		{read(t, "testdata", "wrong.wasm"), "", true, nil, nil},
		{read(t, "../../../testdata/counter-wat/counter.wasm"), "", true, []string{"increment"},
			map[string]string{"COUNTERS": "Counter"}},
		{read(t, "../../../testdata/counter-wat/counter.wasm"),
			"bind COUNTERS Counter\nworker GET http://x/?name=A", false, nil, nil},
	} {
		r, err := guestkit.Judge(t.Context(), tt.wasm, tt.script)
		if err != nil {
			t.Fatal(err)
		}
		if r.Probed != tt.probed || !slices.Equal(r.Methods, tt.methods) ||
			!maps.Equal(r.Guessed, tt.guessed) {
			t.Errorf("%q: probed %v, methods %q, guessed %q",
				tt.script, r.Probed, r.Methods, r.Guessed)
		}
	}
}

// TestNothingToJudge wants an error that says what is in the way.
func TestNothingToJudge(t *testing.T) {
	wat := read(t, "../../../testdata/counter-wat/counter.wasm")
	for _, tt := range []struct {
		name   string
		wasm   []byte
		script guestkit.Script
		want   string
	}{
		{"no module", []byte("(module)"), "", "the module is not valid"},
		{"no memory", []byte("\x00asm\x01\x00\x00\x00"), "", "the module lacks the export memory"},
		{"registers nothing",
			[]byte("\x00asm\x01\x00\x00\x00\x05\x03\x01\x00\x00\x07\x0a\x01\x06memory\x02\x00"), "",
			"registers neither a Worker nor a class"},
		{"unknown import", bytes.ReplaceAll(wat, []byte("storage_get"), []byte("storage_gut")), "",
			"storage_gut"},
		{"verb", wat, "wroker GET http://x/",
			`script: line 1: "wroker GET http://x/": no such step`},
		{"answer first", wat, "= 1", "script: line 1"},
		{"arguments", wat, "\ncall Counter A increment 1", "script: line 2"},
		{"too short", wat, "call Counter", "call takes 3 words at least"},
		{"variable", wat, "var A b", "the value is not JSON"},
	} {
		if _, err := guestkit.Judge(t.Context(), tt.wasm, tt.script); err == nil ||
			!strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
