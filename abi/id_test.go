package abi_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

// TestIDText writes an ID as digits wherever text is asked for: in JSON, as the
// key of a JSON object, and in both of slog's formats.
func TestIDText(t *testing.T) {
	const digits = "00010203040506070809" + "0a0b0c0d0e0f10111213" + "1415161718191a1b1c1d" + "1eff"
	id, ok := abi.ParseID(digits)
	if !ok {
		t.Fatal("the digits are no ID")
	}
	type record struct {
		ID  abi.ID
		Map map[abi.ID]int
	}
	text, err := json.Marshal(record{id, map[abi.ID]int{id: 1}})
	if want := `{"ID":"` + digits + `","Map":{"` + digits + `":1}}`; err != nil ||
		string(text) != want {
		t.Fatalf("%s, %v, want %s", text, err, want)
	}
	var back record
	if err := json.Unmarshal(text, &back); err != nil || back.ID != id || back.Map[id] != 1 {
		t.Errorf("read back: %+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(strings.ToUpper(`"`+digits+`"`)), &back.ID); err != nil ||
		back.ID != id {
		t.Errorf("upper case: %v, %v", back.ID, err)
	}
	for _, bad := range []string{"", digits[1:], digits + "0", "g" + digits[1:]} {
		if err := back.ID.UnmarshalText([]byte(bad)); err == nil || back.ID != id {
			t.Errorf("%q was read as %v, %v", bad, back.ID, err)
		}
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "object", id)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "object", id)
	if got := out.String(); !strings.Contains(got, `"object":"`+digits+`"`) ||
		!strings.Contains(got, "object="+digits) {
		t.Errorf("logged as %s", got)
	}
}
