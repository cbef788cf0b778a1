package guest

import (
	"reflect"
	"testing"
)

type signatures struct{}

func (*signatures) PlainNothing()                         {}
func (*signatures) PlainError() error                     { return nil }
func (*signatures) PlainSet(string) error                 { return nil }
func (*signatures) PlainInt() (int, error)                { return 0, nil }
func (*signatures) PlainInt64() int64                     { return 0 }
func (*signatures) PlainText(string) (string, error)      { return "", nil }
func (*signatures) PlainCount(...int64) (int64, error)    { return 0, nil }
func (*signatures) PlainJoin(...string) string            { return "" }
func (*signatures) PlainHas(string) (bool, error)         { return false, nil }
func (*signatures) PlainScale(float64) (float64, error)   { return 0, nil }
func (*signatures) OtherTwo(int, int) int                 { return 0 }
func (*signatures) OtherSlice([]int) error                { return nil }
func (*signatures) OtherStruct() (struct{ A int }, error) { return struct{ A int }{}, nil }

// TestPlain says which signatures are called without reflection.
func TestPlain(t *testing.T) {
	typ := reflect.TypeFor[*signatures]()
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		got := plainMethod[*signatures](m.Func.Interface()) != nil
		if want := m.Name[:5] == "Plain"; got != want {
			t.Errorf("%s: plain is %v", m.Name, got)
		}
	}
}

func TestWireName(t *testing.T) {
	for name, want := range map[string]string{
		"GetCounterValue": "getCounterValue", "URLFor": "uRLFor", "X": "x", "Écrire": "écrire",
	} {
		if got := wireName(name); got != want {
			t.Errorf("wireName(%q) = %q, want %q", name, got, want)
		}
	}
}
