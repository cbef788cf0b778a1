package release_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/host/storage"
)

// A version is a module and the config that it was deployed with.

// metricShares wants /metrics to show what versions take.
func (h *deployHost) metricShares(want map[string]float64) {
	h.t.Helper()
	families, err := h.runtime.Metrics().Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "cairn_version_percent" && l.GetName() == "version" {
					got[l.GetValue()] = m.GetGauge().GetValue()
				}
			}
		}
	}
	if !maps.Equal(got, want) {
		h.t.Errorf("the metrics show %v, want %v", got, want)
	}
}

// bound is a config of a script that binds the counter by a name, from which a
// test sees which config counts.
func bound(t *testing.T, name string) string {
	t.Helper()
	return fmt.Sprintf(`"durable_objects": {"bindings": [{"name": %q, "class_name": "Counter"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`, name)
}

// TestRestartServesWhatServed deploys, rolls back, changes the files, and
// restarts after each: a restart undoes neither a deploy nor a rollback, and files
// that are new are a deploy.
func TestRestartServesWhatServed(t *testing.T) {
	modules := map[int][]byte{1: tinyCounter(t, 1), 10: tinyCounter(t, 10)}
	files := func(binding string, step int) release.Script {
		return release.Script{Config: parseConfig(t, bound(t, binding)), Wasm: modules[step]}
	}
	h := startDeploys(t, files("A", 1))
	last := 0
	for i, step := range []struct {
		do      func()
		binding string // by which the object answers
		step    int    // by which it counts
		number  int    // of the version that serves
	}{
		{func() {}, "A", 1, 1},
		{func() {
			h.deploy(release.Deploy{Wasm: modules[10], Config: files("B", 10).Config})
		}, "B", 10, 2},
		{func() { h.restart(files("A", 1)) }, "B", 10, 2},
		{func() { h.rollback(0) }, "A", 1, 1},
		{func() { h.restart(files("A", 1)) }, "A", 1, 1},
		// The files are those of version 2, which was taken back.
		{func() { h.restart(files("B", 10)) }, "A", 1, 1},
		{func() { h.restart(files("C", 1)) }, "C", 1, 3},
		{func() { h.rollback(0) }, "B", 10, 2},
		{func() { h.restart(files("C", 1)) }, "B", 10, 2},
		{func() { h.restart(files("C", 10)) }, "C", 10, 4},
		{func() {
			moved := files("C", 10)
			moved.Config = parseConfig(t, "\n// a comment\n"+bound(t, "C"))
			h.restart(moved)
		}, "C", 10, 4},
		// With the config that counts.
		{func() { h.deploy(release.Deploy{Wasm: modules[1]}) }, "C", 1, 5},
	} {
		step.do()
		for _, binding := range []string{"A", "B", "C"} {
			got, err := h.runtime.Call(t.Context(), binding, "object", "increment", []byte("[]"))
			switch want := fmt.Sprint(last + step.step); {
			case (err == nil) != (binding == step.binding):
				t.Errorf("step %d: binding %s: %s, %v", i, binding, got, err)
			case err == nil && string(got) != want:
				t.Errorf("step %d: it counts %s, want %s", i, got, want)
			}
		}
		last += step.step
		h.serves(map[int]int{step.number: 100})
	}
}

// TestVersionKeepsVars goes between versions that are one module with several
// values of a variable, also beside each other.
func TestVersionKeepsVars(t *testing.T) {
	t.Parallel()
	wasm := testguest.Build(t, "probe")
	script := func(value string) release.Script {
		return release.Script{Wasm: wasm,
			Config: parseConfig(t, fmt.Sprintf(`"vars": {"V": %q},
				"durable_objects": {"bindings": [{"name": "P", "class_name": "Probe"}]},
				"migrations": [{"tag": "v1", "new_sqlite_classes": ["Probe"]}]`, value))}
	}
	h := startDeploys(t, script("one"))
	says := func(name, want string) {
		t.Helper()
		got, err := h.runtime.Call(t.Context(), "P", name, "run", []byte(`["var V"]`))
		if quoted := fmt.Sprintf("%q", fmt.Sprintf("%q", want)); err != nil ||
			string(got) != quoted {
			t.Errorf("%s: %s, %v, want %s", name, got, err, quoted)
		}
	}
	says("A", "one")
	if v := h.deploy(release.Deploy{Wasm: wasm, Config: script("two").Config}); v.Number != 2 {
		t.Errorf("another config is version %d", v.Number)
	}
	says("A", "two")
	h.restart(script("one"))
	says("A", "two")
	h.rollback(0)
	says("A", "one")
	h.deploy(release.Deploy{Wasm: wasm, Config: script("three").Config, Percent: 50})
	seen := map[int]bool{}
	for i := range 20 {
		name := fmt.Sprint("object", i)
		if _, err := h.runtime.Call(t.Context(), "P", name, "run", []byte(`[""]`)); err != nil {
			t.Fatal(err)
		}
		o, err := h.runtime.Admin().Object("", "Probe", name)
		if err != nil {
			t.Fatal(err)
		}
		says(name, map[int]string{1: "one", 3: "three"}[o.Version])
		seen[o.Version] = true
	}
	if !seen[1] || !seen[3] {
		t.Errorf("20 objects are of the versions %v", seen)
	}
}

// TestPlanOfBoth refuses to take a class away that a version is bound to which
// takes a share only.
func TestPlanOfBoth(t *testing.T) {
	wasm := tinyCounter(t, 1)
	const own = `"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`
	named := func(name, text string) release.Script {
		c := parseConfig(t, text)
		c.Name = name
		return release.Script{Config: c, Wasm: wasm}
	}
	h := startDeploys(t, named("app", own),
		func(o *host.Options) { o.More = []release.Script{named("other", own)} })
	h.deploy(release.Deploy{Script: "other", Wasm: tinyCounter(t, 10), Percent: 50,
		Config: named("other", `"durable_objects": {"bindings": [
			{"name": "C", "class_name": "Counter", "script_name": "app"}]}, `+own).Config})
	// class_register is gone: i32.const 8, i32.const 7, i32.const 0, two calls.
	i := bytes.Index(wasm, []byte{0x41, 8, 0x41, 7, 0x41, 0})
	none := bytes.Clone(wasm)
	copy(none[i:], bytes.Repeat([]byte{1}, 10))
	d := release.Deploy{Script: "app", Wasm: none,
		Config: parseConfig(t, strings.Replace(own, "]}]",
			`]}, {"tag": "v2", "deleted_classes": ["Counter"]}]`, 1))}
	_, err := h.releases().Deploy(t.Context(), d)
	if !errors.Is(err, release.ErrRefused) ||
		!strings.Contains(err.Error(), "version 2 of other, which takes a share") {
		t.Errorf("deploy: %v", err)
	}
	if _, err := h.releases().Rollback(t.Context(), "other", 0); err != nil {
		t.Fatal(err)
	}
	h.deploy(d)
}

// TestVersionsWithoutConfigs starts on a store whose versions were kept without
// their configs: they ran with the one of the file.
func TestVersionsWithoutConfigs(t *testing.T) {
	script := tinyScript(t)
	h := startDeploys(t, script)
	h.counts("A", 1)
	h.deploy(release.Deploy{Wasm: tinyCounter(t, 10)})
	h.stop()
	store, err := storage.Open("data/store", storage.Options{FS: h.options.FS})
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := store.Meta("versions/app")
	var record map[string]any
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]byte{"config/app/" + record["main_config"].(string): nil}
	record["format"] = 1
	delete(record, "main_config")
	delete(record, "main_number")
	for _, item := range record["list"].([]any) {
		delete(item.(map[string]any), "config")
	}
	if values["versions/app"], err = json.Marshal(record); err != nil {
		t.Fatal(err)
	}
	seq, err := store.UpdateMeta(values)
	if err == nil {
		err = store.Wait(t.Context(), seq)
	}
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	h.restart(script)
	h.serves(map[int]int{2: 100})
	h.counts("A", 11)
	h.restart(script) // from what the first start wrote
	h.rollback(0)
	h.counts("A", 12)
}
