package storage

import (
	"bytes"
	"slices"
	"sort"

	"github.com/cockroachdb/pebble/v2"
)

// Cursor reads a scan of a table key by key. The table is shown as it was when
// Scan was called, the Txn's own writes until then included, whatever the Txn
// does in the meantime: write, commit or roll back. Two sorted sequences are
// merged, the store's and the Txn's; where both have a key, the Txn's counts.
type Cursor struct {
	t       *Txn
	reverse bool
	limit   int // results left; below zero is no limit
	err     error
	key     []byte
	value   []byte

	it     *pebble.Iterator // nil if the store has nothing to show
	itOK   bool             // the iterator is at a key
	ops    []op
	own    []ref // what is left of the Txn's rows; own[0] is next
	frozen int   // ops of the Txn that this cursor may look at

	// The sources that key and value come from. They step on in the next Next,
	// for the views to hold until then.
	fromStore, fromOwn bool
}

// Scan starts a cursor. Errors show in the cursor's Err; Close it in any case.
func (r Rows) Scan(o ScanOptions) *Cursor {
	t := r.t
	t.releaseView()
	c := &Cursor{t: t, reverse: o.Reverse, limit: -1}
	if o.Limit > 0 {
		c.limit = o.Limit
	}
	span, err := o.span()
	if err == nil && len(t.cursors) >= MaxCursors {
		err = ErrTooManyCursors
	}
	if err != nil || span.empty {
		c.t, c.err = nil, err
		return c
	}
	c.openOwn(r.table, span)
	c.openStore(r.table, span)
	t.cursors = append(t.cursors, c)
	t.w.cursors++
	t.freeze()
	return c
}

// openOwn finds the Txn's rows of a span of a table.
func (c *Cursor) openOwn(table Table, span scanRange) {
	w := &c.t.w
	if w.empty() {
		return
	}
	own := w.order()
	from := func(table Table, key []byte) int {
		return sort.Search(len(own), func(i int) bool {
			return w.ops[own[i]-1].compareRow(table, key) >= 0
		})
	}
	high := from(table+1, nil)
	if span.hasEnd {
		high = from(table, span.end)
	}
	own = own[from(table, span.start):high]
	c.ops, c.frozen = w.ops, len(w.ops)
	c.own = own
	if c.reverse {
		c.own = slices.Clone(own)
		slices.Reverse(c.own)
	}
}

// openStore finds the stored keys of a span of a table.
func (c *Cursor) openStore(table Table, span scanRange) {
	if c.t.w.wipedOf(table) != 0 {
		return
	}
	if c.err = c.t.o.Lost(); c.err != nil {
		return
	}
	k := &c.t.o.key
	low, high := k.appendKey(nil, table, span.start), k.appendKey(nil, table+1, nil)
	if span.hasEnd {
		high = k.appendKey(nil, table, span.end)
	}
	c.it, c.err = c.t.o.s.iter(low, high)
	if c.err != nil {
		return
	}
	if c.reverse {
		c.itOK = c.it.Last()
	} else {
		c.itOK = c.it.First()
	}
}

// Next steps to the next key. It returns false at the end, after an error, and
// when the cursor is closed.
func (c *Cursor) Next() bool {
	c.key, c.value = nil, nil
	for c.t != nil && c.err == nil && c.limit != 0 {
		c.step()
		if c.it != nil && !c.itOK {
			if c.err = c.it.Error(); c.err != nil {
				return false
			}
		}
		c.choose()
		switch {
		case c.fromOwn:
			o := &c.ops[c.own[0]-1]
			if o.kind == opDelete {
				continue
			}
			c.key, c.value = o.key, o.value
		case c.fromStore:
			c.key, c.value = c.it.Key()[prefixBytes:], c.it.Value()
		default:
			return false
		}
		c.limit--
		return true
	}
	return false
}

// step leaves the key that the last Next showed.
func (c *Cursor) step() {
	if c.fromOwn {
		c.own = c.own[1:]
	}
	if c.fromStore && c.reverse {
		c.itOK = c.it.Prev()
	} else if c.fromStore {
		c.itOK = c.it.Next()
	}
}

// choose finds which sources have the next key: one of them, both or none.
func (c *Cursor) choose() {
	c.fromStore, c.fromOwn = c.itOK, len(c.own) > 0
	if !c.fromStore || !c.fromOwn {
		return
	}
	order := bytes.Compare(c.it.Key()[prefixBytes:], c.ops[c.own[0]-1].key)
	if c.reverse {
		order = -order
	}
	c.fromStore, c.fromOwn = order <= 0, order >= 0
}

// Key returns the key, a view that is valid until the next call of Next or Close.
func (c *Cursor) Key() []byte { return c.key }

// Value returns the value, a view that is valid until the next call of Next or
// Close.
func (c *Cursor) Value() []byte { return c.value }

// Err returns why Next stopped early, nil if it did not.
func (c *Cursor) Err() error { return c.err }

// Close ends the cursor. It may be called again.
func (c *Cursor) Close() error {
	if c.t == nil {
		return c.err
	}
	t := c.t
	t.cursors = slices.DeleteFunc(t.cursors, func(other *Cursor) bool { return other == c })
	if t.w.cursors--; t.w.cursors == 0 {
		t.w.lent.Release()
	}
	t.freeze()
	if c.it != nil {
		if err := c.it.Close(); c.err == nil {
			c.err = err
		}
	}
	c.t, c.it, c.ops, c.own, c.key, c.value = nil, nil, nil, nil, nil, nil
	return c.err
}
