package hosttest

import (
	"testing"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
)

// Script is a script whose module is ./testdata/<guest>. text is its wrangler file,
// without the braces and without main.
func Script(t testing.TB, guest, text string) release.Script {
	t.Helper()
	c, _, err := config.Parse("wrangler.jsonc", []byte(`{"main": "m.wasm", `+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	c.Path = c.Name + "/wrangler.jsonc"
	return release.Script{Config: c, Wasm: testguest.Build(t, guest)}
}
