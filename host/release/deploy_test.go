package release_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/host/storage"
)

// deployHost is a running host that gets new versions. Its objects count in
// steps: the counter's is 1, counter10's is 10, so an answer tells the version.
type deployHost struct {
	t       *testing.T
	options host.Options
	runtime *host.Runtime
	log     lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	counterBinding = `"name": "app",
		"durable_objects": {"bindings": [{"name": "C", "class_name": "Counter"}]}`
	counterV1 = counterBinding + `,
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`
)

func startDeploys(t *testing.T, s release.Script, change ...func(*host.Options)) *deployHost {
	t.Helper()
	h := &deployHost{t: t, options: host.Options{DataDir: "data", Compiler: hosttest.Compiler,
		CacheDir: testguest.CacheDir(t), FS: vfs.NewMem()}}
	h.options.Logger = slog.New(slog.NewTextHandler(&h.log, nil))
	for _, fn := range change {
		fn(&h.options)
	}
	h.restart(s)
	t.Cleanup(func() {
		h.stop()
		if t.Failed() {
			t.Logf("the host's log:\n%s", h.log.String())
		}
	})
	return h
}

func (h *deployHost) stop() {
	h.t.Helper()
	if h.runtime == nil {
		return
	}
	if err := h.runtime.Shutdown(context.Background()); err != nil {
		h.t.Error(err)
	}
	h.runtime = nil
}

// restart starts a script on the same store.
func (h *deployHost) restart(s release.Script) {
	h.t.Helper()
	h.stop()
	h.options.Config, h.options.Wasm = s.Config, s.Wasm
	var err error
	if h.runtime, err = host.Start(h.t.Context(), h.options); err != nil {
		h.t.Fatal(err)
	}
}

func (h *deployHost) releases() *release.Releases { return h.runtime.Releases() }

// deploy wants a deploy to succeed.
func (h *deployHost) deploy(d release.Deploy) release.Version {
	h.t.Helper()
	v, err := h.releases().Deploy(h.t.Context(), d)
	if err != nil {
		h.t.Fatalf("deploy: %v", err)
	}
	return v
}

func (h *deployHost) rollback(number int) release.Version {
	h.t.Helper()
	v, err := h.releases().Rollback(h.t.Context(), "", number)
	if err != nil {
		h.t.Fatalf("roll back to %d: %v", number, err)
	}
	return v
}

// increment calls a counter and returns what it counts. Any goroutine may.
func (h *deployHost) increment(name string) int {
	h.t.Helper()
	var count int
	got, err := h.runtime.Call(context.Background(), "C", name, "increment", []byte("[]"))
	if err == nil {
		err = json.Unmarshal(got, &count)
	}
	if err != nil {
		h.t.Errorf("increment %s: %v", name, err)
	}
	return count
}

// counts wants an object to count to a number with its next increment.
func (h *deployHost) counts(name string, want int) {
	h.t.Helper()
	if got := h.increment(name); got != want {
		h.t.Errorf("%s counts %d, want %d", name, got, want)
	}
}

// serves wants versions to take the shares given, by number; others take none.
func (h *deployHost) serves(shares map[int]int) {
	h.t.Helper()
	list, err := h.releases().Versions("")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, v := range list {
		if v.Percent != shares[v.Number] {
			h.t.Errorf("version %d serves %d %%, want %v", v.Number, v.Percent, shares)
		}
	}
}

// modules wants so many versions to hold code.
func (h *deployHost) modules(want int) {
	h.t.Helper()
	if got, _ := h.runtime.Modules(); got != want {
		h.t.Errorf("%d versions hold code, want %d", got, want)
	}
}

func counterScript(t *testing.T) release.Script { return hosttest.Script(t, "counter", counterV1) }

// tenfold deploys counter10.
func tenfold(t *testing.T) release.Deploy {
	return release.Deploy{Wasm: testguest.Build(t, "counter10")}
}

// TestDeploy goes from one version to the next and back, with restarts between:
// a start serves what served before. What it does with new files is in
// TestRestartServesWhatServed.
func TestDeploy(t *testing.T) {
	t.Parallel()
	h := startDeploys(t, counterScript(t))
	h.counts("A", 1)
	if v := h.deploy(tenfold(t)); v.Number != 2 || v.Percent != 100 || v.Tag != "v1" ||
		v.Size == 0 {
		t.Errorf("deployed %+v", v)
	}
	h.serves(map[int]int{2: 100})
	h.counts("A", 11) // what it stored is there
	h.counts("B", 10)
	h.modules(1)
	h.restart(counterScript(t))
	h.counts("A", 21)
	h.serves(map[int]int{2: 100})

	if v := h.rollback(0); v.Number != 1 {
		t.Errorf("rolled back to %+v", v)
	}
	h.counts("A", 22)
	h.restart(counterScript(t))
	h.counts("A", 23)
	for number, want := range map[int]error{0: release.ErrNoVersion, 99: release.ErrNoVersion,
		1: release.ErrRefused} {
		if _, err := h.releases().Rollback(t.Context(), "", number); !errors.Is(err, want) {
			t.Errorf("roll back to %d: %v, want %v", number, err, want)
		}
	}
	h.rollback(2) // forward
	h.counts("A", 33)
	h.rollback(1)
	// Another main, but one that was taken back.
	h.restart(hosttest.Script(t, "counter10", counterV1))
	h.counts("A", 34)
	h.serves(map[int]int{1: 100})
	h.modules(1)
}

// TestDeployRefuses sends what must not serve. The old version serves on, and
// nothing is left of the new one.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	h := startDeploys(t, counterScript(t))
	ten := testguest.Build(t, "counter10")
	refused := release.ErrRefused
	script := func(text string) *config.Config { return hosttest.Script(t, "counter", text).Config }
	renamed := strings.ReplaceAll(counterV1, `"Counter"}`, `"Tally"}`)
	for i, c := range []struct {
		name   string
		deploy release.Deploy
		is     error
		want   []string
	}{
		{"nothing", release.Deploy{}, refused, []string{"not a module"}},
		{"text", release.Deploy{Wasm: []byte("(module)")}, refused, []string{"not a module"}},
		{"cut", release.Deploy{Wasm: ten[:len(ten)/2]}, refused, []string{"not a module"}},
		{"no guest", release.Deploy{Wasm: []byte("\x00asm\x01\x00\x00\x00")}, refused,
			[]string{`lacks the export "memory"`}},
		{"traps", release.Deploy{Wasm: beginning(t, 0x00)}, refused,
			[]string{"_initialize failed", "unreachable", "log has the stack"}},
		{"other import", release.Deploy{Wasm: bytes.Replace(tiny(t, 0), []byte("class_register"),
			[]byte("class_registes"), 1)},
			refused, []string{"cairn_v1.class_registes"}},
		{"other export", release.Deploy{Wasm: bytes.Replace(tiny(t, 0), []byte("object_call"),
			[]byte("object_calm"), 1)},
			refused, []string{`"object_call"`}},
		{"bound class missing", release.Deploy{Wasm: bytes.Replace(tiny(t, 0), []byte("Counter"),
			[]byte("Countex"), 1)},
			refused, []string{`"Counter"`, `it has Countex`, `"from": "Counter", "to": "Countex"`}},
		{"lost class", release.Deploy{Wasm: testguest.Build(t, "echo")}, refused,
			[]string{`"Counter"`, "deleted_classes"}},
		{"renamed without migration", release.Deploy{Wasm: testguest.Build(t, "tally"),
			Config: script(renamed)},
			refused, []string{
				`{ "tag": "v2", "renamed_classes": [{ "from": "Counter", "to": "Tally" }] }`}},
		{"new without migration", release.Deploy{Wasm: ten,
			Config: script(strings.Replace(counterV1, `"bindings": [`,
				`"bindings": [{"name": "R", "class_name": "Room"}, `, 1))}, refused,
			[]string{`"Room"`}},
		{"another name", release.Deploy{Wasm: ten,
			Config: script(strings.Replace(counterV1, `"app"`, `"other"`, 1))},
			refused, []string{`"other"`, `"app"`}},
		{"no such script", release.Deploy{Script: "other", Wasm: ten}, release.ErrNoScript,
			[]string{`"other"`, `"app"`}},
		{"below zero", release.Deploy{Wasm: ten, Percent: -1}, refused, []string{"-1 percent"}},
		{"above all", release.Deploy{Wasm: ten, Percent: 101}, refused, []string{"101 percent"}},
		{"gradual without Worker", release.Deploy{Wasm: beginning(t), Percent: 5}, refused,
			[]string{"one of the versions has a Worker and the other has none"}},
		{"gradual to itself", release.Deploy{Wasm: testguest.Build(t, "counter"), Percent: 5},
			refused, []string{"version 1"}},
		{"gradual migration", release.Deploy{Wasm: testguest.Build(t, "tally"), Percent: 5,
			Config: script(strings.Replace(renamed,
				`]}]`, `]}, {"tag": "v2",
					"renamed_classes": [{"from": "Counter", "to": "Tally"}]}]`, 1))},
			refused, []string{"cannot be gradual"}},
	} {
		_, err := h.releases().Deploy(t.Context(), c.deploy)
		if !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", c.name, err, c.is)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", c.name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") &&
			!strings.Contains(err.Error(), "migration") {
			t.Errorf("%s: more than a line, and no migration to copy: %v", c.name, err)
		}
		h.modules(1)
		h.serves(map[int]int{1: 100})
		h.counts("A", i+1)
	}
	h.restart(counterScript(t))
	h.serves(map[int]int{1: 100})
}

// brokenLog is a log that a test stands before.
type brokenLog struct {
	storage.Log
	appendErr func() error
	onWait    func()
}

func (l *brokenLog) Append(b *storage.Batch) (storage.Seq, error) {
	if err := l.appendErr(); err != nil {
		return 0, err
	}
	return l.Log.Append(b)
}

func (l *brokenLog) Wait(ctx context.Context, seq storage.Seq) error {
	l.onWait()
	return l.Log.Wait(ctx, seq)
}

// TestDeployNotKept cannot write the version down, and then can, while the one
// who sent it goes away: from then on it serves, or the store would say another
// thing than the host does.
func TestDeployNotKept(t *testing.T) {
	var broken error
	onWait := func() {}
	h := startDeploys(t, counterScript(t), func(o *host.Options) {
		o.WrapLog = func(under storage.Log) storage.Log {
			return &brokenLog{under, func() error { return broken }, func() { onWait() }}
		}
	})
	broken = errors.New("no room")
	if _, err := h.releases().Deploy(t.Context(), tenfold(t)); !errors.Is(err, broken) ||
		errors.Is(err, release.ErrRefused) {
		t.Errorf("deploy: %v", err)
	}
	broken = nil
	h.modules(1)
	h.serves(map[int]int{1: 100})
	h.counts("A", 1)

	ctx, cancel := context.WithCancel(t.Context())
	onWait = cancel
	if v, err := h.releases().Deploy(ctx, tenfold(t)); err != nil || v.Number != 2 {
		t.Errorf("deploy: %+v, %v", v, err)
	}
	h.serves(map[int]int{2: 100})
	h.counts("A", 11)
	if _, err := h.releases().Deploy(ctx, tenfold(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("deploy of one who is gone: %v", err)
	}
}

// TestDeployRename gives a class another name on the running host. Its objects
// stay, and no rollback leads over the migration.
func TestDeployRename(t *testing.T) {
	h := startDeploys(t, counterScript(t))
	h.counts("A", 1)
	next := hosttest.Script(t, "tally", strings.NewReplacer(`"Counter"}`, `"Tally"}`,
		`]}]`, `]}, {"tag": "v2",
			"renamed_classes": [{"from": "Counter", "to": "Tally"}]}]`).Replace(counterV1))
	if v := h.deploy(release.Deploy{Wasm: next.Wasm, Config: next.Config}); v.Number != 2 ||
		v.Tag != "v2" {
		t.Errorf("deployed %+v", v)
	}
	h.counts("A", 2)
	h.counts("B", 1)
	o, err := h.runtime.Admin().Object("", "Tally", "A")
	if err != nil || o.Class != "Tally" || o.Version != 2 || !o.Named || o.Name != "A" ||
		!o.Active {
		t.Errorf("A is %+v, %v", o, err)
	}
	if _, err := h.runtime.Admin().Object("", "Counter", "A"); err == nil {
		t.Error("the old class is still there")
	}
	_, err = h.releases().Rollback(t.Context(), "", 0)
	if !errors.Is(err, release.ErrRefused) ||
		!strings.Contains(err.Error(), `version 1 was made before the migration "v2"`) {
		t.Errorf("rollback: %v", err)
	}
	h.counts("A", 3)
	h.restart(next)
	h.counts("A", 4)
}

// TestDeployDelete deletes a class on the running host while a call of it is
// under way: the call ends, and then its objects are gone for good.
func TestDeployDelete(t *testing.T) {
	hold := newHold(abi.FuncStoragePut)
	h := startDeploys(t, counterScript(t), hold.wrap)
	h.counts("B", 1)
	counting := hold.next(func() { h.counts("A", 1) })
	none := hosttest.Script(t, "echo", `"name": "app", "migrations": [{"tag": "v1",
		"new_sqlite_classes": ["Counter"]},
		{"tag": "v2", "deleted_classes": ["Counter"]}]`)
	deployed := make(chan struct{})
	go func() {
		defer close(deployed)
		h.deploy(release.Deploy{Wasm: none.Wasm, Config: none.Config})
	}()
	hold.release()
	<-counting
	<-deployed
	if _, err := h.runtime.Call(t.Context(), "C", "A", "increment", []byte("[]")); err == nil {
		t.Error("the binding is still there")
	}
	back := hosttest.Script(t, "counter", strings.Replace(counterV1, `]}]`,
		`]}, {"tag": "v2", "deleted_classes": ["Counter"]},
		{"tag": "v3", "new_sqlite_classes": ["Counter"]}]`, 1))
	h.deploy(release.Deploy{Wasm: back.Wasm, Config: back.Config})
	h.counts("A", 1)
	h.counts("B", 1)
}

// TestDeployPercent lets a version take a share of the objects. Which, depends on
// their IDs alone: on the next call and after a restart it is the same ones, and
// a larger share has them all.
func TestDeployPercent(t *testing.T) {
	t.Parallel()
	const objects = 200
	h := startDeploys(t, counterScript(t))
	last := [objects]int{}
	// share increments every object and returns those that the new version has.
	share := func() (taken []int) {
		for i := range objects {
			name := fmt.Sprint("object-", i)
			got := h.increment(name)
			o, err := h.runtime.Admin().Object("", "Counter", name)
			switch step := got - last[i]; {
			case err != nil || step != 1 && step != 10 || (step == 10) != (o.Version == 2):
				t.Fatalf("%s: step %d by version %d, %v", name, step, o.Version, err)
			case step == 10:
				taken = append(taken, i)
			}
			last[i] = got
		}
		return taken
	}
	d := tenfold(t)
	d.Percent = 20
	if v := h.deploy(d); v.Number != 2 || v.Percent != 20 {
		t.Errorf("deployed %+v", v)
	}
	h.serves(map[int]int{1: 80, 2: 20})
	h.metricShares(map[string]float64{"1": 80, "2": 20})
	h.modules(2)
	small := share()
	if n := len(small); n < objects/10 || n > objects*3/10 {
		t.Errorf("20 percent of %d objects are %d", objects, n)
	}
	if again := share(); !slices.Equal(small, again) {
		t.Errorf("first %v, then %v", small, again)
	}
	h.restart(counterScript(t))
	h.serves(map[int]int{1: 80, 2: 20})
	if again := share(); !slices.Equal(small, again) {
		t.Errorf("before a restart %v, after it %v", small, again)
	}
	d.Percent = 60
	h.deploy(d)
	h.serves(map[int]int{1: 40, 2: 60})
	large := share()
	for _, i := range small {
		if !slices.Contains(large, i) {
			t.Errorf("object %d went back to the old version", i)
		}
	}
	if n := len(large); n <= len(small) || n > objects*3/4 {
		t.Errorf("60 percent of %d objects are %d", objects, n)
	}
	if v := h.rollback(0); v.Number != 1 || v.Percent != 100 {
		t.Errorf("rolled back to %+v", v)
	}
	h.metricShares(map[string]float64{"1": 100})
	if taken := share(); len(taken) > 0 {
		t.Errorf("after the rollback the new version has %v", taken)
	}
	h.modules(1)
	d.Percent = 5
	h.deploy(d)
	d.Percent = 0
	h.deploy(d)
	h.serves(map[int]int{2: 100})
	if taken := share(); len(taken) != objects {
		t.Errorf("in the end the new version has %d objects", len(taken))
	}
	h.modules(1)
}
