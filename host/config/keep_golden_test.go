package config

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestKeptNames pins what a store has of a config: testdata/kept.json is as a store
// has it. The names that begin with a capital are those that Go's fields had before
// they had tags. A name that changes would lose what is kept under the old one, and
// change every fingerprint.
func TestKeptNames(t *testing.T) {
	golden, err := os.ReadFile("testdata/kept.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Decode(golden)
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, golden); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(text)); got != want.String() {
		t.Errorf("a kept config came back as\n%s\nwant\n%s", got, &want)
	}
	keptNames(t, reflect.TypeFor[Config](), string(golden))
}

// keptNames wants a tag with a name on each field of a type and of those in it, and
// the name in the golden file.
func keptNames(t *testing.T, kept reflect.Type, golden string) {
	t.Helper()
	for field := range kept.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || name == "-":
			continue
		case name == "" || !strings.Contains(golden, `"`+name+`": `):
			t.Errorf("%v.%s is kept as %q, which is not in testdata/kept.json",
				kept, field.Name, name)
		}
		in := field.Type
		for in.Kind() == reflect.Slice {
			in = in.Elem()
		}
		if in.Kind() == reflect.Struct {
			keptNames(t, in, golden)
		}
	}
}
