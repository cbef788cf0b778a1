package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
)

// TestCheckField goes by the Fetch standard's "header name", "header value" and
// "normalize a byte sequence".
func TestCheckField(t *testing.T) {
	for c := range 256 {
		// RFC 9110, 5.6.2: tchar.
		name := string([]byte{'a', byte(c), 'b'})
		want := strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) ||
			'0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if c >= 0x80 {
			want = false
		}
		_, err := wire.CheckField(name, "x")
		var bad *wire.HeaderError
		if (err == nil) != want || err != nil &&
			(!errors.As(err, &bad) || bad.Value || bad.Name != name) {
			t.Errorf("name %q: %v", name, err)
		}
		// Inside a value only three bytes are not allowed; around it four go.
		for _, value := range []string{name, name[:2], name[1:]} {
			want := value
			if len(value) == 2 {
				want = strings.Trim(value, "\t\n\r ")
			}
			got, err := wire.CheckField([]byte("X-Own"), []byte(value))
			if refused := strings.ContainsAny(want, "\x00\r\n"); refused != (err != nil) {
				t.Errorf("value %q: %v", value, err)
			} else if !refused && string(got) != want {
				t.Errorf("value %q became %q", value, got)
			} else if refused && (!errors.As(err, &bad) || !bad.Value || bad.Name != "X-Own") {
				t.Errorf("value %q: %v", value, err)
			}
		}
	}
	if _, err := wire.CheckField("", "x"); err == nil {
		t.Error("an empty name passes")
	}
	for _, value := range []string{"", " ", "\r\n", "\t \r\n \t"} {
		if got, err := wire.CheckField("a", value); got != "" || err != nil {
			t.Errorf("%q became %q, %v", value, got, err)
		}
	}
	long := strings.Repeat("é", 1<<20)
	if _, err := wire.CheckField(long, ""); err == nil || len(err.Error()) > 400 {
		t.Errorf("the error of a long name has %d bytes", len(err.Error()))
	}
}
