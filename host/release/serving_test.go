package release_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/release"
)

// torn says what does not fit together in what calls begin with.
func torn(now *app.Serving) error {
	for number, c := range now.Classes {
		for _, v := range c.Script.Versions() {
			if _, ok := v.Program.Class(c.Name); !ok {
				return fmt.Errorf("class %s is not one of version %d's: %q", c.Name, v.Number,
					v.Program.Classes())
			}
		}
		if c.Namespace.Number != number {
			return fmt.Errorf("namespace %d is that of class %s under %d", c.Namespace.Number,
				c.Name, number)
		}
	}
	for _, s := range now.Scripts {
		for _, v := range s.Versions() {
			for name := range v.Bindings {
				n, err := v.Namespace([]byte(name))
				if err != nil || now.Classes[n.Number] == nil || now.Classes[n.Number].Script != s {
					return fmt.Errorf("version %d binds %s to a class that is not there",
						v.Number, name)
				}
				if fmt.Sprintf("%q", v.Program.Classes()[0]) != string(v.Vars["CLASS"]) {
					return fmt.Errorf("version %d has the variables of another: %s", v.Number,
						v.Vars["CLASS"])
				}
			}
		}
	}
	return nil
}

// TestServingIsWhole looks at what calls begin with as often as it can, while each
// deploy renames the class, the binding and the value of a variable.
func TestServingIsWhole(t *testing.T) {
	const deploys = 40
	wasm := tinyCounter(t, 1)
	names := [2]string{"Counter", "Counted"}
	migrations := []string{`{"tag": "v0", "new_sqlite_classes": ["Counter"]}`}
	version := func(n int) release.Deploy {
		if n > 0 {
			migrations = append(migrations,
				fmt.Sprintf(`{"tag": "v%d", "renamed_classes": [{"from": %q, "to": %q}]}`,
					n, names[(n+1)%2], names[n%2]))
		}
		c, _, err := config.Parse("wrangler.jsonc",
			fmt.Appendf(nil, `{"name": "app", "main": "m.wasm", "vars": {"CLASS": %q},
			"durable_objects":
			{"bindings": [{"name": %q, "class_name": %q}]}, "migrations": [%s]}`, names[n%2],
				"BOUND_TO_"+names[n%2], names[n%2], strings.Join(migrations, ",")))
		if err != nil {
			t.Fatal(err)
		}
		return release.Deploy{Config: c,
			Wasm: bytes.ReplaceAll(wasm, []byte(names[0]), []byte(names[n%2]))}
	}
	first := version(0)
	r, err := host.Start(t.Context(), host.Options{Config: first.Config, Wasm: first.Wasm,
		DataDir: "data", FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var stop atomic.Bool
	var looked sync.WaitGroup
	looked.Go(func() {
		for !stop.Load() {
			if err := torn(r.Releases().Serving()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for n := 1; n <= deploys && !t.Failed(); n++ {
		if _, err := r.Releases().Deploy(t.Context(), version(n)); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	looked.Wait()
}
