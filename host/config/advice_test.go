package config

import (
	"strings"
	"testing"
)

// TestAdvice pastes what the warning about classes that nothing creates says to
// add, where it says, and wants a file that has them all and no such warning.
func TestAdvice(t *testing.T) {
	const (
		json     = "{\n  \"name\": \"a\", \"main\": \"m.wasm\",\n"
		bindings = `  "durable_objects": { "bindings": [{ "name": "A", "class_name": "A" }, ` +
			`{ "name": "B", "class_name": "B" }, { "name": "C", "class_name": "É" }] }`
		toml  = "name = \"a\"\nmain = \"m.wasm\"\n"
		table = "[[durable_objects.bindings]]\nname = \"A\"\nclass_name = \"A\"\n" +
			"[[durable_objects.bindings]]\nname = \"B\"\nclass_name = \"B\"\n" +
			"[[durable_objects.bindings]]\nname = \"C\"\nclass_name = \"É\"\n"
		paste = "PASTE"
	)
	for name, c := range map[string]struct{ file, before, after string }{
		"JSON, nothing": {"w.json", json + bindings + "\n}", json + paste + bindings + "\n}"},
		"JSONC, empty migrations": {"w.jsonc", json + "\"migrations\": [],\n" + bindings + "}",
			json + paste + bindings + "}"},
		"JSONC, one of them": {"w.jsonc",
			json + "\"migrations\": [{ \"tag\": \"v1\", \"new_classes\": [\"A\", \"X\"] },\n" +
				"{ \"tag\": \"v3\", \"renamed_classes\": [{ \"from\": \"X\", \"to\": \"Y\" }], " +
				"\"transferred_classes\": [{ \"from\": \"P\", \"from_script\": \"s\", " +
				"\"to\": \"Q\" }] }],\n" + bindings + "}", json + paste + bindings + "}"},
		"JSONC, exports": {"w.jsonc",
			json + "\"exports\": { \"A\": { \"storage\": \"sqlite\" } },\n" + bindings + "}",
			json + "\"exports\": { " + paste + " \"A\": { \"storage\": \"sqlite\" } },\n" +
				bindings + "}"},
		"TOML, nothing": {"w.toml", toml + table, toml + table + paste},
		"TOML, one of them": {"w.toml", toml + table + "[[migrations]]\ntag = \"v1\"\n" +
			"new_sqlite_classes = [\"B\"]\n",
			toml + table + "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"B\"]\n" + paste},
		"TOML, inline": {"w.toml",
			toml + "migrations = [{ tag = \"v1\", new_sqlite_classes = [\"B\"] }]\n" + table,
			toml + paste + table},
		"TOML, exports": {"w.toml", toml + "[exports.A]\nstorage = \"sqlite\"\n" + table,
			toml + "[exports.A]\nstorage = \"sqlite\"\n" + table + paste},
		"TOML, exports inline": {"w.toml",
			toml + "exports = { A = { storage = \"sqlite\" } }\n" + table,
			toml + "exports = { " + paste + " A = { storage = \"sqlite\" } }\n" + table},
	} {
		t.Run(name, func(t *testing.T) {
			_, warns, err := Parse(c.file, []byte(c.before))
			if err != nil || len(warns) != 1 {
				t.Fatalf("%v, %v, want one piece of advice", warns, err)
			}
			_, text, _ := strings.Cut(warns[0].Message, "following configuration:\n")
			if c.file == "w.toml" && strings.Contains(c.after, "{ "+paste) {
				text = strings.TrimSpace(text)
			} else {
				text += "\n"
			}
			after := strings.Replace(c.after, paste, text, 1)
			cfg, warns, err := Parse(c.file, []byte(after))
			if err != nil || len(warns) > 0 {
				t.Fatalf("pasted: %v, %v\n%s", warns, err, after)
			}
			v := validator{cfg: cfg}
			live, _ := v.lifecycle()
			for _, class := range []string{"A", "B", "É"} {
				if !live[class] {
					t.Errorf("%s is not created:\n%s", class, after)
				}
			}
		})
	}
}
