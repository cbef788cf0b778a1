package module

import (
	"reflect"
	"sync"

	"github.com/tetratelabs/wazero/api"
)

// keepStackBytes is the largest stack that a callable keeps for its next call.
// wazero grows the stack of a callable, up to 50 MB, and never gives it back: a
// guest that recurses once in each of some hundred instances would take the
// host's memory.
const keepStackBytes = 128 << 10

// stackFields remembers which field of a callable is its stack, for each type of
// them, the compiler's and the interpreter's. wazero offers no other way to learn
// its size; reading a slice's length by reflection changes nothing.
var stackFields sync.Map // reflect.Type to stackPlace

type stackPlace struct{ index, elemBytes int }

// stackBytes returns how large the stack of a callable has grown, 0 if unknown.
func stackBytes(fn api.Function) int {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return 0
	}
	known, ok := stackFields.Load(v.Type())
	if !ok {
		place := stackPlace{index: -1}
		if f, found := v.Elem().Type().FieldByName("stack"); found && len(f.Index) == 1 && f.Type.Kind() == reflect.Slice {
			place = stackPlace{f.Index[0], int(f.Type.Elem().Size())}
		}
		known, _ = stackFields.LoadOrStore(v.Type(), place)
	}
	place := known.(stackPlace)
	if place.index < 0 {
		return 0
	}
	return v.Elem().Field(place.index).Len() * place.elemBytes
}
