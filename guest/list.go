package guest

import (
	"iter"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// ListOptions choose keys. The zero ListOptions are all of them, in the order of
// their bytes. An empty string is an option that is not given.
type ListOptions struct {
	Prefix     string // what the keys begin with
	Start      string // from this key on
	StartAfter string // from behind this key on; not together with Start
	End        string // up to this key, without it
	Reverse    bool   // from the last to the first; Start stays the low bound
	Limit      int    // at most so many; 0 is no limit
}

// Entry is a key and its value.
type Entry struct {
	Key   string
	Value []byte // as it is stored
}

// Decode reads the entry's JSON value into what v points to.
func (e Entry) Decode(v any) error { return decode(e.Value, v) }

// List returns the entries that options choose, in order. [Storage.Scan] is for
// more of them than memory has room for.
func (st *Storage) List(options ListOptions) ([]Entry, error) {
	var entries []Entry
	for entry, err := range st.Scan(options) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

const (
	// scanBytes is what a scan fetches at once: many entries, so that the host
	// is asked rarely, and few bytes beside what a program has.
	scanBytes = 32 << 10
	// maxEntryBytes is the longest entry with its two lengths.
	maxEntryBytes = 8 + abi.MaxKeyBytes + abi.MaxValueBytes
)

// Scan returns the entries that options choose, in order and one after the
// other. It shows storage as it is when the loop begins: what is written in the
// loop is not in it. An error ends the loop.
func (st *Storage) Scan(options ListOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		list, err := openList(options)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer hostcall.ListClose(list)
		buf := make([]byte, scanBytes)
		for {
			n, s := hostcall.ListNext(list, buf)
			switch s {
			case abi.StatusOK:
			case abi.StatusNotFound:
				return
			case abi.StatusTooSmall:
				if n <= len(buf) || n > maxEntryBytes {
					yield(Entry{}, &Error{Message: "guest: list_next: an entry of a wrong size"})
					return
				}
				buf = make([]byte, n)
				continue
			default:
				yield(Entry{}, storageError(abi.FuncListNext, s, 0, 0))
				return
			}
			// The next fill is into the same buffer, and entries are kept.
			more := true
			err := wire.Header(buf[:n]).Each(func(key, value []byte) bool {
				more = yield(Entry{string(key), append([]byte{}, value...)}, nil)
				return more
			})
			if err != nil && more {
				yield(Entry{}, err)
				return
			}
			if !more {
				return
			}
			if len(buf) > scanBytes {
				buf = make([]byte, scanBytes) // the large one was an exception
			}
		}
	}
}

func openList(o ListOptions) (list uint32, err error) {
	w := wire.List{
		Start:      []byte(o.Start),
		StartAfter: []byte(o.StartAfter),
		End:        []byte(o.End),
		Prefix:     []byte(o.Prefix),
	}
	for _, has := range []struct {
		option bool
		flag   byte
	}{
		{o.Start != "", abi.ListHasStart},
		{o.StartAfter != "", abi.ListHasStartAfter},
		{o.End != "", abi.ListHasEnd},
		{o.Reverse, abi.ListReverse},
		{o.Limit != 0, abi.ListHasLimit},
	} {
		if has.option {
			w.Flags |= has.flag
		}
	}
	if o.Limit > 0 {
		w.Limit = uint32(min(o.Limit, 1<<31-1))
	} // a negative one is left 0, which the host refuses
	buf := wire.AppendList(takeBuffer(), &w)
	list, s := hostcall.ListOpen(buf)
	giveBuffer(buf)
	if s != abi.StatusOK {
		return 0, storageError(abi.FuncListOpen, s, 0, 0)
	}
	return list, nil
}
