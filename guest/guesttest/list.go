package guesttest

import (
	"maps"
	"slices"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// list is a list that a program has open: what is still to come.
type list struct{ entries []entry }

type entry struct {
	key   string
	value []byte // never changed once it is stored
}

// ListOpen is the host function abi.FuncListOpen.
func (h *Host) ListOpen(options []byte) (handle uint32, _ abi.Status) {
	f, s := h.storage("")
	if s != abi.StatusOK {
		return 0, s
	}
	var w wire.List
	if wire.DecodeList(options, &w) != nil {
		return 0, abi.StatusInvalid
	}
	at := slices.Index(f.lists, nil)
	if at < 0 {
		at = len(f.lists)
		f.lists = append(f.lists, nil)
	}
	l, err := f.object.list(&w)
	switch {
	case at >= abi.MaxLists:
		return 0, h.fail(errLists)
	case err != nil:
		return 0, h.fail(err)
	}
	f.lists[at] = l
	return uint32(at), abi.StatusOK
}

// list finds the entries that options choose, by upstream's rules (SEMANTICS
// 1.4).
func (r *record) list(w *wire.List) (*list, error) {
	has := func(flag byte) bool { return w.Flags&flag != 0 }
	start, end, prefix := string(w.Start), string(w.End), string(w.Prefix)
	switch {
	case has(abi.ListHasStart) && has(abi.ListHasStartAfter):
		return nil, errStartTwice
	case has(abi.ListHasLimit) && w.Limit == 0:
		return nil, errLimit
	case has(abi.ListHasStartAfter):
		start = string(w.StartAfter) + "\x00"
	}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(r.values)) {
		if key >= start && (!has(abi.ListHasEnd) || key < end) && strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	if has(abi.ListReverse) {
		slices.Reverse(keys)
	}
	if has(abi.ListHasLimit) && uint64(w.Limit) < uint64(len(keys)) {
		keys = keys[:w.Limit]
	}
	l := new(list)
	for _, key := range keys {
		l.entries = append(l.entries, entry{key, r.values[key]})
	}
	return l, nil
}

func (h *Host) list(handle uint32) *list {
	if f := h.top(); uint64(handle) < uint64(len(f.lists)) {
		return f.lists[handle]
	}
	return nil
}

// ListNext is the host function abi.FuncListNext.
func (h *Host) ListNext(handle uint32, buf []byte) (int, abi.Status) {
	l := h.list(handle)
	if l == nil {
		return 0, abi.StatusInvalid
	}
	given := buf[:0]
	for len(l.entries) > 0 {
		e := l.entries[0]
		need := 8 + len(e.key) + len(e.value)
		if need > len(buf)-len(given) {
			if len(given) > 0 {
				break
			}
			return need, abi.StatusTooSmall
		}
		given = wire.AppendHeader(given, e.key, e.value)
		l.entries = l.entries[1:]
	}
	if len(given) == 0 {
		return 0, abi.StatusNotFound
	}
	return len(given), abi.StatusOK
}

// ListClose is the host function abi.FuncListClose.
func (h *Host) ListClose(handle uint32) abi.Status {
	if h.list(handle) == nil {
		return abi.StatusInvalid
	}
	h.top().lists[handle] = nil
	return abi.StatusOK
}
