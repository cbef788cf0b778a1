package storage

// Table is a kind of rows of an object, and the byte before their keys in the store.
// There is nothing to a table but its number; doc.go says what a new one takes.
type Table byte

const (
	tableRecord Table = 0x00
	tableAlarm  Table = 0x01
	// Data is what the guest keeps.
	Data Table = 0x02

	firstKept Table = 0x80 // from here on DeleteAll leaves the rows
	tableEnd  Table = 0xff // above every table of an object
)

// kept reports whether the rows outlive DeleteAll.
func (t Table) kept() bool { return t >= firstKept }

// Rows are one table of an object, read and written in a Txn: what is put into several
// tables is one batch, and savepoints, cursors and sizes are the Txn's. Keys and values
// have the limits of the guest's in every table.
type Rows struct {
	t     *Txn
	table Table
}

// Table returns the rows of a table. The Txn's own methods are those of [Data].
func (t *Txn) Table(table Table) Rows {
	if table < Data || table >= tableEnd {
		panic("storage: a table that is not for rows")
	}
	return Rows{t, table}
}

// Get reads a key of [Data]; see [Rows.Get].
func (t *Txn) Get(key []byte) (value []byte, found bool, err error) {
	return Rows{t, Data}.Get(key)
}

// Put writes a key of [Data]; see [Rows.Put].
func (t *Txn) Put(key, value []byte) error { return Rows{t, Data}.Put(key, value) }

// Delete deletes a key of [Data]; see [Rows.Delete].
func (t *Txn) Delete(key []byte) (found bool, err error) { return Rows{t, Data}.Delete(key) }

// Scan starts a cursor on [Data]; see [Rows.Scan].
func (t *Txn) Scan(o ScanOptions) *Cursor { return Rows{t, Data}.Scan(o) }

// Get reads a key. The value is a view: it is valid until the next method call
// on the Txn or its Rows, and must not be changed.
func (r Rows) Get(key []byte) (value []byte, found bool, err error) {
	t := r.t
	t.releaseView()
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	if value, found, known := t.w.get(r.table, key); known {
		return value, found, nil
	}
	if err := t.o.Lost(); err != nil {
		return nil, false, err
	}
	t.key = t.o.key.appendKey(t.key[:0], r.table, key)
	value, t.view, err = t.o.s.get(t.key)
	return value, t.view != nil, err
}

// Put writes a key. It copies both key and value, which may be views of the Txn.
func (r Rows) Put(key, value []byte) error {
	defer r.t.releaseView()
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkValue(value); err != nil {
		return err
	}
	return r.t.w.write(opPut, r.table, key, value)
}

// Delete deletes a key and says whether it was there.
func (r Rows) Delete(key []byte) (found bool, err error) {
	if _, found, err = r.Get(key); err != nil || !found {
		return false, err
	}
	r.t.releaseView()
	return true, r.t.w.write(opDelete, r.table, key, nil)
}
