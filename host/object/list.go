package object

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/storage"
)

var _ hostfunc.Lists = (*turn)(nil)

// ListOpen implements hostfunc.Lists. The rules of the options are upstream's,
// as are the errors (SEMANTICS 1.4).
func (t *turn) ListOpen(l *wire.List) (hostfunc.List, error) {
	has := func(flag byte, v []byte) []byte {
		if l.Flags&flag == 0 {
			return nil
		}
		return append([]byte{}, v...)
	}
	if l.Flags&abi.ListHasStart != 0 && l.Flags&abi.ListHasStartAfter != 0 {
		return nil,
			event.TypeError("list() cannot be called with both start and startAfter values.")
	}
	if l.Flags&abi.ListHasLimit != 0 && (l.Limit == 0 || l.Limit > 1<<31-1) {
		return nil, event.TypeError("List limit must be positive.")
	}
	o := storage.ScanOptions{
		Start: has(abi.ListHasStart, l.Start), StartAfter: has(abi.ListHasStartAfter, l.StartAfter),
		End: has(abi.ListHasEnd, l.End), Prefix: append([]byte{}, l.Prefix...),
		Reverse: l.Flags&abi.ListReverse != 0,
	}
	if l.Flags&abi.ListHasLimit != 0 {
		o.Limit = int(l.Limit)
	}
	return t.txn.Scan(o), nil
}
