package config

import (
	"reflect"
	"testing"
)

const kept = `{"name": "app", "main": "m.wasm", "compatibility_date": "2026-01-01", ` +
	`"compatibility_flags": ["x"],
	"limits": {"cpu_ms": 50}, "routes": ["a.example/*", {"pattern": "b.example", "custom_domain": true}], "vars": {"A": "<&>", "B": {"c": [1, null]}},
	"durable_objects": {"bindings": [{"name": "C", "class_name": "D", "script_name": "other"}]},
	"migrations": [{"tag": "v1", "new_sqlite_classes": ["E"], "new_classes": ["F"]},
		{"tag": "v2", "renamed_classes": [{"from": "E", "to": "G"}], "deleted_classes": ["F"],
		"transferred_classes": [{"from": "H", "from_script": "other", "to": "I"}]}]}`

// TestKeep wants a config back as it was, and its variables byte for byte.
func TestKeep(t *testing.T) {
	c, _, err := Parse("wrangler.jsonc", []byte(kept))
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(text)
	c.shape = shape{} // of the file alone
	if err != nil || !reflect.DeepEqual(c, back) {
		t.Errorf("%+v became %+v, %v", c, back, err)
	}
	if _, err := Decode([]byte("{")); err == nil {
		t.Error("half a config decodes")
	}
}

// TestFingerprint wants the same text for what behaves the same, and another for
// what does not: it is kept, so it must not change with cairn either.
func TestFingerprint(t *testing.T) {
	print := func(path, text string) string {
		t.Helper()
		c, _, err := Parse(path, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f, err := c.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	const plain = `{"name": "app", "main": "m.wasm", "vars": {"A": 1}}`
	first := print("wrangler.jsonc", plain)
	if want := "fc847343f0ca2feeedb0fec389976f84281c0cc224a586e332e7b0b67716bb98"; first != want {
		t.Errorf("the fingerprint is %s, want %s", first, want)
	}
	for name, c := range map[string]struct {
		path, text string
		same       bool
	}{
		"moved": {"elsewhere/wrangler.jsonc", "\n// why\n" + plain, true},
		"TOML": {"wrangler.toml", "name = \"app\"\nmain = \"other.wasm\"\n[vars]\n" +
			"A = 1\n", true},
		"variable": {"wrangler.jsonc",
			`{"name": "app", "main": "m.wasm", "vars": {"A": 2}}`, false},
		"limit": {"wrangler.jsonc",
			`{"name": "app", "main": "m.wasm", "vars": {"A": 1}, "limits": {"cpu_ms": 5}}`, false},
		"binding": {"wrangler.jsonc",
			`{"name": "app", "main": "m.wasm", "vars": {"A": 1}, "durable_objects": {"bindings":
			[{"name": "C", "class_name": "D"}]}}`, false},
		"migration": {"wrangler.jsonc", `{"name": "app", "main": "m.wasm", "vars": {"A": 1},` +
			` "migrations": [{"tag": "v1"}]}`, false},
	} {
		if got := print(c.path, c.text); (got == first) != c.same {
			t.Errorf("%s: %s, and %s before", name, got, first)
		}
	}
}
