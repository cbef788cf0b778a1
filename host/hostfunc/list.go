package hostfunc

import (
	"encoding/binary"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
)

// Lists lists an object's keys.
type Lists interface {
	ListOpen(options *wire.List) (List, error)
}

// List is a list that a guest has open. Key and Value are views, valid until
// the next Next.
type List interface {
	Next() bool
	Key() []byte
	Value() []byte
	Err() error
	Close() error
}

// listFunctions are the imports of abi.CapabilityLists.
var listFunctions = bindings{
	abi.FuncListOpen:  listOpen,
	abi.FuncListNext:  listNext,
	abi.FuncListClose: listClose,
}

// listOpen is the host function abi.FuncListOpen. It begins to list keys.
//
// # Parameters
//
//   - options_ptr, options_len: a wire.List
//   - handle_ptr: where the i32 goes that names the list
//
// # Result
//
//   - StatusOK: the handle is at handle_ptr
//   - StatusInvalid: the options do not decode
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: upstream's TypeErrors; more than abi.MaxLists are open
//   - StatusFault: a range lies outside linear memory
func listOpen(c *Call, args []uint64) abi.Status {
	encoded, ok1 := c.view(args[0], args[1])
	handle, ok2 := c.view(args[2], 4)
	if !ok1 || !ok2 {
		return abi.StatusFault
	}
	var options wire.List
	if wire.DecodeList(encoded, &options) != nil {
		return abi.StatusInvalid
	}
	at := 0
	for at < len(c.lists) && c.lists[at].list != nil {
		at++
	}
	if at >= abi.MaxLists {
		return c.fail(&event.Error{Message: "too many lists are open in one call"})
	}
	host := c.can.lists
	if host == nil {
		return abi.StatusForbidden
	}
	list, err := host.ListOpen(&options)
	if err != nil {
		return c.fail(err)
	}
	if at == len(c.lists) {
		c.lists = append(c.lists, openList{})
	}
	c.lists[at] = openList{list: list}
	binary.LittleEndian.PutUint32(handle, uint32(at))
	return abi.StatusOK
}

// openList is a list and whether it stands at a pair that was not yet given.
type openList struct {
	list    List
	pending bool
}

func (c *Call) list(handle uint64) *openList {
	if h := uint32(handle); uint64(h) < uint64(len(c.lists)) && c.lists[h].list != nil {
		return &c.lists[h]
	}
	return nil
}

// listNext is the host function abi.FuncListNext. It gives as many pairs as
// the buffer holds.
//
// # Parameters
//
//   - handle: of list_open
//   - buf_ptr, buf_cap: where pairs go: length, key, length, value
//   - len_ptr: where the length of what was given goes
//
// # Result
//
//   - StatusOK: at least one pair is in buf
//   - StatusNotFound: no more; the length is 0
//   - StatusTooSmall: the next pair does not fit; its length is at len_ptr
//   - StatusInvalid: no such list
//   - StatusError: the read failed
//   - StatusFault: a range lies outside linear memory
//
// One pair, the key "k" with the value "v"; ? is as it was before:
//
//	                          buf_cap (14)
//	          +------------------------------------------+
//	[]byte{?, 1, 0, 0, 0, 'k', 1, 0, 0, 0, 'v', ?, ?, ?, ?, ?}   len_ptr -> 10
//	buf_ptr --^
func listNext(c *Call, args []uint64) abi.Status {
	buf, ok1 := c.view(args[1], args[2])
	length, ok2 := c.view(args[3], 4)
	if !ok1 || !ok2 {
		return abi.StatusFault
	}
	l := c.list(args[0])
	if l == nil {
		return abi.StatusInvalid
	}
	given := buf[:0]
	for l.pending || l.list.Next() {
		l.pending = true
		key, value := l.list.Key(), l.list.Value()
		need := 8 + len(key) + len(value)
		if need > len(buf)-len(given) {
			c.meter.work += uint64(need) // read, whether it fits or not
			if len(given) > 0 {
				break
			}
			binary.LittleEndian.PutUint32(length, uint32(need))
			return abi.StatusTooSmall
		}
		given = wire.AppendHeader(given, key, value)
		l.pending = false
	}
	if err := l.list.Err(); err != nil {
		return c.fail(err)
	}
	binary.LittleEndian.PutUint32(length, uint32(len(given)))
	if len(given) == 0 {
		return abi.StatusNotFound
	}
	return abi.StatusOK
}

// listClose is the host function abi.FuncListClose. It ends a list.
//
// # Parameters
//
//   - handle: of list_open
//
// # Result
//
//   - StatusOK: closed
//   - StatusInvalid: no such list
func listClose(c *Call, args []uint64) abi.Status {
	l := c.list(args[0])
	if l == nil {
		return abi.StatusInvalid
	}
	err := l.list.Close()
	l.list = nil
	return c.done(err)
}

// closeLists closes what the guest left open.
func (c *Call) closeLists() {
	for i := range c.lists {
		if c.lists[i].list != nil {
			c.lists[i].list.Close()
		}
	}
	clear(c.lists)
	c.lists = c.lists[:0]
}
