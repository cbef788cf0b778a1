package event

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// staysHere are the fields that mean something on one node only.
var staysHere = []string{"Event.Hold", "Caller.Waits"}

// TestCrossesAWire wants events, replies and errors to be plain data but for what is
// named: another node must be able to be told all of them.
func TestCrossesAWire(t *testing.T) {
	for _, m := range []any{Event{}, Reply{}, Error{}} {
		for _, what := range notData(reflect.TypeOf(m), nil) {
			t.Errorf("%s cannot cross a wire", what)
		}
	}
	type bad struct{ F func() }
	if notData(reflect.TypeFor[bad](), nil) == nil {
		t.Error("a function is taken for data")
	}
}

// notData lists the fields below a type that are no data.
func notData(t reflect.Type, seen []reflect.Type) (bad []string) {
	if slices.Contains(seen, t) {
		return nil
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name := t.Name() + "." + f.Name
			if slices.Contains(staysHere, name) {
				continue
			}
			for _, what := range notData(f.Type, seen) {
				bad = append(bad, name+": "+what)
			}
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return notData(t.Elem(), seen)
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer, reflect.Map:
		return []string{t.String()}
	}
	return bad
}

// TestErrorIs wants an error that crossed a wire to be what it was, and no other.
func TestErrorIs(t *testing.T) {
	b := wire.AppendError(nil, ErrCPU.Flags, ErrCPU.Name, ErrCPU.Message)
	got := fmt.Errorf("call: %w", Thrown(b, "The node"))
	if !errors.Is(got, ErrCPU) || errors.Is(got, ErrMemory) {
		t.Errorf("%v is the CPU limit's: %v, the memory limit's: %v",
			got, errors.Is(got, ErrCPU), errors.Is(got, ErrMemory))
	}
	if e := Thrown([]byte("junk"), "The node"); e.Message !=
		"The node threw an error that does not decode." || e.Flags != 0 {
		t.Errorf("junk: %+v", e)
	}
}

// TestChain lists who waits, the nearest first, and counts a Worker without naming it.
func TestChain(t *testing.T) {
	worker := &Caller{Depth: 1}
	a := &Caller{ID: abi.ID{1}, Depth: 2, Above: worker}
	b := &Caller{ID: abi.ID{2}, Depth: 3, Above: a}
	for _, c := range []struct {
		from  *Caller
		depth int
		ids   []abi.ID
	}{
		{nil, 0, nil},
		{worker, 1, nil},
		{b, 3, []abi.ID{{2}, {1}}},
	} {
		e := &Event{From: c.from}
		if got := e.Chain(nil); e.Depth() != c.depth || !slices.Equal(got, c.ids) {
			t.Errorf("depth %d, chain %v, want %d, %v", e.Depth(), got, c.depth, c.ids)
		}
	}
}
