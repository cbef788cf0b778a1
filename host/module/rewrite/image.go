package rewrite

import (
	"fmt"
	"maps"
	"slices"
)

// ImageBlocker says why linear memory and mutable globals would not be the whole
// state of an instance, so that an image of them could not replace instantiation.
// It returns "" if they are.
func (m *Outline) ImageBlocker() string {
	for _, im := range m.Imports {
		if im.Kind == KindTable || im.Kind == KindMemory || im.Kind == KindGlobal && im.mutable {
			return fmt.Sprintf("imports a %s, %s.%s", im.Kind, im.Module, im.Name)
		}
	}
	for i, g := range m.globals {
		if g.mutable && !numeric(g.typ) {
			return fmt.Sprintf("global %d is mutable and of type %s", i, g.typ)
		}
	}
	if m.tableWrite != "" {
		return m.tableWrite
	}
	for _, i := range slices.Sorted(maps.Keys(m.dataUse)) {
		// An active segment counts as dropped once the instance runs, an empty one
		// is the same dropped or not.
		if d := m.data[i]; !d.active && len(d.bytes) > 0 {
			u := m.dataUse[i]
			return fmt.Sprintf("function %d uses %s on passive data segment %d", u.fn, u.instr, i)
		}
	}
	return ""
}

func numeric(t ValueType) bool {
	return t == I32 || t == I64 || t == F32 || t == F64
}
