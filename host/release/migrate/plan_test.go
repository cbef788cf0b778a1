package migrate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/storage"
)

func mustParse(t *testing.T, text string) []Script {
	t.Helper()
	scripts, err := parseScripts(text)
	if err != nil {
		t.Fatal(err)
	}
	return scripts
}

// start does what a start of the host does.
func start(t *testing.T, store *storage.Store, scripts []Script) {
	t.Helper()
	if _, err := run(store, "serve", scripts); err != nil {
		t.Fatal(err)
	}
}

// A plan holds for the record that it was made for, and for no other.
func TestStale(t *testing.T) {
	store := openStore(t, vfs.NewMem())
	first, err := NewPlan(store, mustParse(t, "a: jsonc A\n  v1 sqlite A\n"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewPlan(store, mustParse(t, "b: jsonc B\n  v1 sqlite B\n"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is done already
		if _, err := first.Apply(store); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := second.Apply(store); !errors.Is(err, ErrStale) {
		t.Errorf("a plan for an older record: %v, want ErrStale", err)
	}
	if r, err := Read(store); err != nil || r.Scripts["b"] != nil || r.Scripts["a"] == nil {
		t.Errorf("the record has %v, %v", r.Scripts, err)
	}
}

// What is written with a record is in its batch, and is written without one too.
func TestApplyWith(t *testing.T) {
	store := openStore(t, vfs.NewMem())
	for i, value := range []string{"one", "two"} {
		plan, err := NewPlan(store, mustParse(t, "a: jsonc A\n  v1 sqlite A\n"))
		if err != nil {
			t.Fatal(err)
		}
		before := store.Last()
		seq, err := plan.Apply(store, map[string][]byte{"version/a": []byte(value)})
		if err != nil || seq != before+1 {
			t.Fatalf("start %d: sequence %d after %d, %v, want one batch", i, seq, before, err)
		}
		if got, _, err := store.Meta("version/a"); err != nil || string(got) != value {
			t.Errorf("start %d: %q, %v, want %q", i, got, err, value)
		}
	}
}

// A plan takes nothing from the record that it was made of.
func TestPlanIsPure(t *testing.T) {
	text := `{"version":1,"next_number":3,"scripts":{"a":{"tag":"v1","migrations":["v1"],` +
		`"namespaces":{` +
		`"A":{"number":1,"unique_key":"a-A","created":"v1"},"B":{"number":2,"unique_key":"a-B",` +
		`"created":"v1"}}}}}`
	r, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.plan(mustParse(t, "a: jsonc C D\n  v1 new A B\n"+
		"  v2 rename A C | delete B\n  v3 new D\n"),
		func(uint32) (bool, error) { return true, nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) != 3 || len(plan.Record.Deleting) != 1 {
		t.Errorf("changes %q, deleting %v", plan.Changes, plan.Record.Deleting)
	}
	if got, _ := r.encode(); string(got) != text {
		t.Errorf("the record became %s", got)
	}
	broken := errors.New("disk is on fire")
	_, err = r.plan(mustParse(t, "b: jsonc"), func(uint32) (bool, error) { return false, broken })
	if !errors.Is(err, broken) {
		t.Errorf("a store that cannot be read: %v", err)
	}
}

// A script whose class only ever had a binding and never an object says nothing
// when the class goes; a store that cannot tell is no reason to go on.
func TestOrphansAsk(t *testing.T) {
	r := &Record{Version: 1, NextNumber: 2, Scripts: map[string]*ScriptRecord{
		"a": {Namespaces: map[string]Namespace{"A": {Number: 1, UniqueKey: "a-A"}}},
	}}
	for _, c := range []struct {
		has     bool
		refused bool
	}{{false, false}, {true, true}} {
		_, err := r.plan(mustParse(t, "a: jsonc B\n"), func(uint32) (bool, error) {
			return c.has, nil
		})
		var e *config.Error
		if (err != nil) != c.refused || c.refused && !errors.As(err, &e) {
			t.Errorf("objects %v: %v, want refused %v", c.has, err, c.refused)
		}
	}
}

// cutLog notes what would be left if the machine stopped after each batch: with
// nothing that was not synced, and with all of it.
type cutLog struct {
	storage.Log
	fs *vfs.MemFS

	mu   sync.Mutex
	left []vfs.FS
}

func (l *cutLog) Append(b *storage.Batch) (storage.Seq, error) {
	l.cut()
	seq, err := l.Log.Append(b)
	l.cut()
	if err == nil {
		err = l.Log.Wait(context.Background(), seq)
	}
	l.cut()
	return seq, err
}

func (l *cutLog) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	rng := rand.New(rand.NewPCG(1, uint64(len(l.left))))
	for _, percent := range []int{0, 50, 100} {
		l.left = append(l.left,
			l.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng}))
	}
}

// TestCrash stops the machine at every step of a start that creates, renames and
// deletes, and starts anew on what is left.
func TestCrash(t *testing.T) {
	const old, new = "a: jsonc A B C\n  v1 sqlite A B C\n", "a: jsonc A D E\n" +
		"  v1 sqlite A B C\n  v2 rename B D | delete C | sqlite E\n"
	fs := vfs.NewCrashableMem()
	store, err := storage.Open("store", storage.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	start(t, store, mustParse(t, old))
	r, err := Read(store)
	if err != nil {
		t.Fatal(err)
	}
	const many = 300 // so that destroying them takes two batches
	for class, n := range map[string]int{"A": 3, "B": 5, "C": many} {
		for i := range n {
			if err := putObject(store, r.Scripts["a"].Namespaces[class],
				fmt.Sprint(class, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	cuts := &cutLog{fs: fs}
	store, err = storage.Open("store",
		storage.Options{FS: fs, WrapLog: func(l storage.Log) storage.Log {
			cuts.Log = l
			return cuts
		}})
	if err != nil {
		t.Fatal(err)
	}
	start(t, store, mustParse(t, new))
	want, err := describe(store)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"D: number 2,", "[B0 B1 B2 B3 B4]", "E: number 4,",
		"next number 5"} {
		if !strings.Contains(want, text) {
			t.Fatalf("without a crash, the store has no %s:\n%s", text, want)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	partly := 0
	for i, left := range cuts.left {
		if checkCut(t, left, mustParse(t, new), want) {
			partly++
		}
		if t.Failed() {
			t.Fatalf("cut %d of %d", i, len(cuts.left))
		}
	}
	if partly == 0 {
		t.Errorf("of %d cuts, none fell into the deletion", len(cuts.left))
	}
}

// checkCut starts on what a crash has left, twice, and reports whether some of
// the objects of the deleted class, and not all, were gone.
func checkCut(t *testing.T, left vfs.FS, scripts []Script, want string) (partly bool) {
	t.Helper()
	store, err := storage.Open("store", storage.Options{FS: left})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r, err := Read(store)
	if err != nil {
		t.Fatal(err)
	}
	going, err := store.ObjectsOf(3, abi.ID{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if _, exists := r.Scripts["a"].Namespaces["C"]; exists && len(going) != 300 {
		t.Errorf("the class exists and has %d objects", len(going))
	}
	if len(r.Deleting) == 0 && r.Scripts["a"].Tag == "v2" && len(going) > 0 {
		t.Errorf("nothing is being deleted and %d objects are left", len(going))
	}
	for range 2 {
		start(t, store, scripts)
		if got, err := describe(store); err != nil || got != want {
			t.Errorf("after a crash:\n%s(%v)\nwant:\n%s", got, err, want)
		}
	}
	return 0 < len(going) && len(going) < 300
}

// TestRandom applies random migrations to two scripts and compares what their
// classes have with a map. Then all tags change, which must change nothing else.
func TestRandom(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		if !t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { testRandom(t, seed) }) {
			return // run it alone with -run TestRandom/seedN
		}
	}
}

func testRandom(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	store := openStore(t, vfs.NewMem())
	m := model{
		classes: map[string]map[string]string{"a": {}, "b": {}},
		configs: map[string]*config.Config{},
	}
	for _, name := range []string{"a", "b"} {
		m.configs[name] = &config.Config{Path: name + "/wrangler.jsonc", Name: name}
	}
	puts, moved := 0, rng.IntN(2) == 0
	for range 30 {
		m.step(rng, moved)
		if !moved && rng.IntN(3) > 0 {
			continue // several migrations at one start
		}
		start(t, store, m.scripts())
		m.check(t, store)
		for _, name := range []string{"a", "b"} {
			for _, class := range slices.Sorted(maps.Keys(m.classes[name])) {
				if rng.IntN(2) == 0 {
					puts++
					object := fmt.Sprint("o", puts)
					if err := put(store, name+"/"+class, object); err != nil {
						t.Fatal(err)
					}
					m.classes[name][class] += " " + object
				}
			}
		}
	}
	start(t, store, m.scripts())
	if moved {
		return // a class that another script took is created again
	}
	for _, c := range m.configs {
		for i := range c.Migrations {
			c.Migrations[i].Tag += "x"
		}
	}
	start(t, store, m.scripts())
	m.check(t, store)
}

// model is what the scripts should have: by script and class, the objects.
type model struct {
	classes map[string]map[string]string
	configs map[string]*config.Config
}

// step adds a migration. With moved, it can take a class from the other script.
func (m *model) step(rng *rand.Rand, moved bool) {
	name, other := "a", "b"
	if rng.IntN(2) == 0 {
		name, other = other, name
	}
	c, classes := m.configs[name], m.classes[name]
	mig := config.Migration{Tag: fmt.Sprint("v", len(c.Migrations))}
	class, target := fmt.Sprintf("%c", 'P'+rng.IntN(4)), fmt.Sprintf("%c", 'P'+rng.IntN(4))
	_, exists := classes[class]
	_, taken := classes[target]
	take, there := m.classes[other][target]
	switch k := rng.IntN(4); {
	case k < 2 && !exists:
		mig.NewSQLiteClasses, classes[class] = []string{class}, ""
	case k == 1 && exists && !taken:
		mig.Renamed = []config.Rename{{From: class, To: target}}
		classes[target] = classes[class]
		delete(classes, class)
	case k == 2 && exists:
		mig.Deleted = []string{class}
		delete(classes, class)
	case k == 3 && moved && there && !exists && len(m.configs[other].Migrations) > 0:
		mig.Transferred = []config.Transfer{{From: target, FromScript: other, To: class}}
		classes[class] = take
		delete(m.classes[other], target)
	default:
		return
	}
	c.Migrations = append(c.Migrations, mig)
}

func (m *model) scripts() []Script {
	var scripts []Script
	for _, name := range []string{"a", "b"} {
		classes := slices.Sorted(maps.Keys(m.classes[name]))
		scripts = append(scripts, Script{Config: m.configs[name], Classes: classes})
	}
	return scripts
}

func (m *model) check(t *testing.T, store *storage.Store) {
	t.Helper()
	r, err := Read(store)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, classes := range m.classes {
		want := slices.Sorted(maps.Keys(classes))
		if got := r.Scripts[name].classes(); !slices.Equal(got, want) {
			t.Fatalf("%s has classes %v, want %v", name, got, want)
		}
		for class, want := range classes {
			owners, err := store.ObjectsOf(r.Scripts[name].Namespaces[class].Number, abi.ID{}, 1000)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range owners {
				got = append(got, o.Name)
			}
			objects := strings.Fields(want)
			slices.Sort(got)
			slices.Sort(objects)
			if !slices.Equal(got, objects) {
				t.Fatalf("%s/%s has objects %v, want %v", name, class, got, objects)
			}
		}
	}
}
