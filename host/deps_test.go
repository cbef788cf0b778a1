package host_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// module is this module's path.
const module = "github.com/cairn-dev/cairn"

// depsRules is the import policy of the tree, in the notation of Go's own
// go/build deps test: "a < b" means package b may import package a, and
// everything a may import. Change a line in a commit of its own, with the
// reason in the message.
const depsRules = `
	NONE < abi;
	abi < abi/wire < abi/conformance, abi/conformance/guestkit;
	NONE < guest/internal/goruntime;
	abi/wire, guest/internal/goruntime < guest/internal/hostcall < guest < guest/guesttest, guest/nethttp;

	NONE < host/config, host/build, host/module/rewrite, host/listen,
		host/internal/fifo, host/internal/group, host/internal/contain, host/internal/clock,
		host/internal/choices, host/observe;
	host/internal/fifo < host/account;
	abi/wire, host/account < host/storage < host/storage/storagetest;

	host/internal/clock < host/internal/clock/clocktest;
	abi < host/placement < host/gate;
	abi/wire, host/account, host/internal/clock, host/internal/group, host/gate
		< host/event < host/hostfunc;
	host/hostfunc, host/module/rewrite < host/module;
	host/hostfunc < host/program < host/program/native;
	host/module, host/program < host/program/abi;
	host/program, host/observe < host/app;
	host/storage, host/app, host/internal/contain < host/object;
	host/event < host/router;
	host/object < host/worker;
	host/worker, host/listen < host/ingress;

	host/storage, host/config < host/release/migrate;
	host/app, host/program/abi, host/storage, host/release/migrate, host/build < host/release;
	host/storage, host/internal/contain, host/internal/clock < host/alarm;
	host/hostfunc < host/outbound;
	host/release, host/worker, host/alarm, host/listen < host/admin;

	host/ingress, host/router, host/alarm, host/outbound, host/admin < host;
	host/build, host/module/rewrite < host/internal/testguest;
	host, host/internal/testguest, host/internal/clock/clocktest < host/hosttest;
	NONE < cmd/cairn/internal/loadgen;
	host/hosttest, abi/conformance/guestkit, cmd/cairn/internal/loadgen < cmd/cairn;
`

// owners lists, for each outside module, the rooms that may import it.
var owners = map[string][]string{
	"github.com/tetratelabs/wazero": {"host/module", "host/hostfunc",
		"abi/conformance/guestkit"},
	"github.com/cockroachdb/pebble":     {"host", "host/storage", "host/hosttest"},
	"github.com/valyala/fasthttp":       {"host/ingress"},
	"github.com/spf13/cobra":            {"cmd/cairn"},
	"github.com/tailscale/hujson":       {"host/config"},
	"github.com/pelletier/go-toml":      {"host/config"},
	"github.com/cockroachdb/crlib":      {"host/storage"},
	"github.com/cockroachdb/errors":     {"host/storage"},
	"github.com/HdrHistogram":           {"cmd/cairn"},
	"github.com/cockroachdb/datadriven": {},
}

// standardOnly are the rooms that a guest author's program takes in: they stand
// on the standard library.
var standardOnly = []string{"abi", "guest"}

// parseRules turns the policy into what each package may import.
func parseRules(rules string) (map[string]map[string]bool, error) {
	allowed := map[string]map[string]bool{}
	for _, rule := range strings.Split(rules, ";") {
		var before []string
		for i, list := range strings.Split(rule, "<") {
			var names []string
			for name := range strings.SplitSeq(list, ",") {
				if name = strings.TrimSpace(name); name != "" && name != "NONE" {
					names = append(names, name)
				}
			}
			if i == 0 {
				for _, name := range names {
					if allowed[name] == nil {
						return nil, fmt.Errorf("%s is imported before it is placed", name)
					}
				}
				before = names
				continue
			}
			for _, name := range names {
				if allowed[name] == nil {
					allowed[name] = map[string]bool{}
				}
				for _, b := range before {
					allowed[name][b] = true
					for deeper := range allowed[b] {
						allowed[name][deeper] = true
					}
				}
			}
			before = names
		}
	}
	return allowed, nil
}

// room is the room that a package counts as: what a room hides in an internal
// folder of its own is part of it.
func room(dir string) string {
	if parent, _, found := strings.Cut(dir, "/internal/"); found && strings.Contains(parent, "/") {
		return parent
	}
	return dir
}

// violation says what is wrong with an import, or "".
func violation(allowed map[string]map[string]bool, dir, path string) string {
	if inside, ok := strings.CutPrefix(path, module+"/"); ok {
		dir, inside = room(dir), room(inside)
		if dir == inside {
			return ""
		}
		if allowed[dir] == nil {
			return fmt.Sprintf("%s is not in depsRules", dir)
		}
		if !allowed[dir][inside] {
			return fmt.Sprintf("%s may not import %s", dir, inside)
		}
		return ""
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for _, r := range standardOnly {
		// Whoever judges a guest runs it.
		if (dir == r || strings.HasPrefix(dir, r+"/")) && dir != "abi/conformance/guestkit" {
			return fmt.Sprintf("%s stands on the standard library and imports %s", dir, path)
		}
	}
	for prefix, rooms := range owners {
		if !strings.HasPrefix(path, prefix) {
			continue
		}
		for _, r := range rooms {
			if dir == r || strings.HasPrefix(dir, r+"/") {
				return ""
			}
		}
		return fmt.Sprintf("%s may not import %s, which belongs to %v", dir, path, rooms)
	}
	return ""
}

// TestImportOrder compares every import of the tree with the policy.
func TestImportOrder(t *testing.T) {
	allowed, err := parseRules(depsRules)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	sourceFiles(t, func(dir, file string) {
		if strings.HasPrefix(dir, "testdata") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			seen++
			if v := violation(allowed, dir, path); v != "" {
				t.Errorf("%s: %s", file, v)
			}
		}
	})
	if seen < 100 {
		t.Fatalf("saw %d imports below %s, want the whole module's", seen, root)
	}
}

// TestImportOrderFails shows that the policy refuses what it is for.
func TestImportOrderFails(t *testing.T) {
	allowed, err := parseRules(depsRules)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir, path string
		refused   bool
	}{
		{"host/object", module + "/host/storage", false},
		{"host/ingress", module + "/abi", false},
		{"host/storage", module + "/host/object", true},
		{"host/hostfunc", module + "/host/storage", true},
		{"guest", module + "/host/storage", true},
		{"host/new", module + "/abi", true},
		{"host/object", "github.com/tetratelabs/wazero/api", true},
		{"host/module", "github.com/tetratelabs/wazero/api", false},
		{"guest", "github.com/valyala/fasthttp", true},
		{"abi", "golang.org/x/sys/unix", true},
		{"abi/conformance", "github.com/tetratelabs/wazero", true},
		{"abi/conformance/guestkit", "github.com/tetratelabs/wazero", false},
		{"abi/conformance/guestkit", module + "/host/storage", true},
		{"host/module", "golang.org/x/sys/unix", false},
		{"host", "os", false},
	} {
		if got := violation(allowed, c.dir, c.path); (got != "") != c.refused {
			t.Errorf("violation(%s, %s) = %q, want refused %v", c.dir, c.path, got, c.refused)
		}
	}
	if _, err := parseRules("a < b; c < d"); err == nil {
		t.Error("a rule about a package that nobody places was accepted")
	}
}
