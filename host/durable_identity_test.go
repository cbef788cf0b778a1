package host_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/testdata/probe/promises"
)

const (
	notOfHere   = "TypeError: Durable Object ID is not valid for this namespace."
	seedCounter = "dd0ad57b24bdf9cd367bb3c0512b58bb1587e3e8cc2ae6bdb809d4938fbcc20c"
)

// TestDurableIdentity is A.
func TestDurableIdentity(t *testing.T) {
	t.Parallel()
	p := startProbe(t, hosttest.Options{NoListener: true})
	promises.Identity(t, promiser{p})
	if names := p.objects(t, "Probe"); slices.Contains(names, "ghost") ||
		!slices.Contains(names, "1_1 nothing is sent") {
		t.Errorf("an object exists before its first call: %q", names)
	}
}

// TestDurableUniqueID is A: IDs that no name has.
func TestDurableUniqueID(t *testing.T) {
	t.Parallel()
	p := startProbe(t, hosttest.Options{NoListener: true})
	seen := map[string]bool{}
	for range 20 {
		out := p.run("maker", "newid PROBE, newid PROBE")
		if !regexp.MustCompile(`^[0-9a-f]{64} "", [0-9a-f]{64} ""$`).MatchString(out) {
			t.Fatalf("newid printed %s", out)
		}
		for _, id := range []string{out[:64], out[69:133]} {
			if seen[id] {
				t.Errorf("%s was made twice", id)
			}
			seen[id] = true
			if got, want := p.run("maker", "call #"+id+"(id, name, put x 1), idfromstring PROBE "+
				id), id+`, "", `+id+` ""`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := p.run("maker", "try(call OTHER:#"+id+"(id))"); got != notOfHere {
				t.Errorf("in another namespace: %s", got)
			}
		}
	}
	p.Restart()
	for id := range seen {
		if got := p.run("maker", "call #"+id+"(get x)"); got != "1" {
			t.Errorf("after a restart: %s", got)
		}
	}
}

// TestDurableIDVectors is A1: the IDs of SEMANTICS 2.1, as far as a config can
// ask for them, and the others natively.
func TestDurableIDVectors(t *testing.T) {
	p := startScripts(t, hosttest.Script(t, "probe",
		`"name": "my-counter", "durable_objects": {"bindings": [
		{"name": "PROBE", "class_name": "Counter"}]}, "migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`))
	for name, want := range map[string]string{
		"A": seedCounter,
		"":  "3a093f2f91f35cb42e549f707593570ee2afa7461b0a7f594b59dd4bfc967b26",
	} {
		p.says("PROBE", name, "id", want)
	}
	mykey := app.NewNamespace(1, "mykey")
	for name, want := range map[string]string{
		"http://foo/":    "59002eb8cf872e541722977a258a12d6a93bbe8192b502e1c0cb250aa91af234",
		"http://foo/bar": "02b496f65dd35cbac90e3e72dc5a398ee93926ea4a3821e26677082d2e6f9b79",
		"name":           "3652ef6221834806dc8df802d1d216e27b7d07e0a6b7adf6cfdaeec90f06459a",
	} {
		if got := mykey.IDFromName([]byte(name)).String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// startScripts runs scripts of testdata/probe, the first of them in public.
func startScripts(t *testing.T, scripts ...release.Script) *probe {
	t.Helper()
	return &probe{t: t,
		Host: hosttest.Start(t, hosttest.Options{Scripts: scripts, NoListener: true})}
}

// restartWith runs other scripts on the same store.
func (p *probe) restartWith(scripts ...release.Script) {
	p.t.Helper()
	p.Restart(func(o *hosttest.Options) { o.Scripts = scripts })
}

// says wants a script to print something in an object of what is public.
func (p *probe) says(binding, name, script, want string) {
	p.t.Helper()
	if got := p.runIn(binding, name, script); got != want {
		p.t.Errorf("%s/%s: %s: got %s, want %s", binding, name, script, got, want)
	}
}

// TestDurableSharedNamespace is A12 and B22: two scripts bound to one class see
// the same objects under the same IDs, and stay in their own environments.
func TestDurableSharedNamespace(t *testing.T) {
	t.Parallel()
	const migrations = `"migrations": [{"tag": "v1", "new_sqlite_classes": ["Probe"]}]`
	a := hosttest.Script(t, "probe",
		`"name": "a", "vars": {"WHO": "a"}, "durable_objects": {"bindings": [
		{"name": "PROBE", "class_name": "Probe"}, {"name": "B", "class_name": "Probe", "script_name": "b"}]}, `+migrations)
	b := hosttest.Script(t, "probe",
		`"name": "b", "vars": {"WHO": "b"}, "durable_objects": {"bindings": [
		{"name": "A", "class_name": "Probe", "script_name": "a"}, {"name": "PROBE", "class_name": "Probe"}]}, `+migrations)
	p := startScripts(t, a, b)
	inA := p.runIn("PROBE", "x", "id")
	inB := p.runIn("B", "x", "id")
	if inA == inB {
		t.Errorf("two namespaces share the ID %s", inA)
	}
	p.says("PROBE", "x", "add n 1, var WHO", `1, "a"`)
	p.says("PROBE", "x", "add n 1, call B:x(add n 1, var WHO), call B:x(call A:x(get n))",
		`2, 1, "b", 2`)
	p.says("PROBE", "x", "idfromstring B "+inB+", call B:#"+inB+"(id)", inB+` "", `+inB)
	p.says("PROBE", "x", "try(call B:#"+inA+"(id))", notOfHere)
	p.restartWith(b, a) // b is public now
	p.says("A", "x", "add n 1, id, var WHO", `3, `+inA+`, "a"`)
	p.says("PROBE", "x", "add n 1, id, var WHO", `2, `+inB+`, "b"`)
	p.says("PROBE", "x", "call A:#"+inA+"(id)", inA)
}
