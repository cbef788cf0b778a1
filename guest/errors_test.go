package guest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

func TestErrorCrosses(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want Error
	}{
		{"plain", errors.New("no"), Error{Message: "no"}},
		{"wrapped", fmt.Errorf("get: %w", &Error{Message: "no", Name: "RangeError"}),
			Error{Message: "get: no", Name: "RangeError"}},
		{"may not have happened", &Error{Message: "no", Retryable: true, Overloaded: true},
			Error{Message: "no", Retryable: true, Overloaded: true}},
		{"of another object", &Error{Message: "no", Remote: true, Reset: true},
			Error{Message: "no"}},
	} {
		got := decodeError(appendError(nil, tt.err))
		if e, ok := got.(*Error); !ok || *e != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestErrorIs(t *testing.T) {
	kinds := []struct {
		flag byte
		err  error
	}{
		{wire.ErrorRemote, ErrRemote},
		{wire.ErrorRetryable, ErrRetryable},
		{wire.ErrorOverloaded, ErrOverloaded},
		{wire.ErrorReset, ErrReset},
	}
	for flags := range byte(16) {
		err := fmt.Errorf("call: %w", decodeError(wire.AppendError(nil, flags, "", "no")))
		for _, k := range kinds {
			if got, want := errors.Is(err, k.err), flags&k.flag != 0; got != want {
				t.Errorf("flags %04b: Is(%v) = %v", flags, k.err, got)
			}
		}
	}
}

func TestStorageErrorTexts(t *testing.T) {
	for _, tt := range []struct {
		s          abi.Status
		key, value int
		name, want string
	}{
		{abi.StatusTooLarge, 2049, 0, "RangeError",
			"Keys cannot be larger than 2048 bytes. A key of size 2049 was provided."},
		{abi.StatusTooLarge, 1, 2097153, "RangeError",
			"Values cannot be larger than 2097152 bytes. A value of size 2097153 was provided."},
		{abi.StatusForbidden, 1, 1, "",
			"guest: storage_put: storage can be used only in an object's call"},
		{abi.StatusFault, 1, 1, "", "guest: storage_put: FAULT"},
	} {
		err := storageError(abi.FuncStoragePut, tt.s, tt.key, tt.value)
		if e, ok := err.(*Error); !ok || e.Name != tt.name || e.Message != tt.want {
			t.Errorf("%v: %+v, want %s %s", tt.s, err, tt.name, tt.want)
		}
	}
}
