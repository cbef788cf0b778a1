package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/host/storage"
)

// ErrStale means that the record is not the one that the plan was made for.
var ErrStale = errors.New("app: the record has changed since the plan was made (make a new one)")

// Apply writes the plan's record, in one batch with what else must not be there
// without it, such as the modules that know the new classes: keys of the system
// table, nil to delete. The plan holds once the log is durable up to the
// sequence that it returns; whoever serves waits for that. Whoever calls Apply or
// Finish is the only one to do so at the time.
func (p *Plan) Apply(store *storage.Store, with ...map[string][]byte) (storage.Seq, error) {
	_, now, err := read(store)
	if err != nil {
		return 0, err
	}
	next, err := p.Record.encode()
	if err != nil {
		return 0, err
	}
	values := map[string][]byte{}
	for _, more := range with {
		maps.Copy(values, more)
	}
	switch {
	case bytes.Equal(now, next): // nothing to do, or done before
	case !bytes.Equal(now, p.base):
		return 0, ErrStale
	default:
		values[recordKey] = next
	}
	if len(values) == 0 {
		return store.Last(), nil
	}
	seq, err := store.UpdateMeta(values)
	if err != nil {
		return 0, fmt.Errorf("write app record: %w", err)
	}
	return seq, nil
}

// Finish destroys the objects of the namespaces that the record says are being
// deleted. It may be cut anywhere and called again. No activation of these
// namespaces may be alive.
func Finish(store *storage.Store) (storage.Seq, error) {
	r, err := Read(store)
	if err != nil {
		return 0, err
	}
	seq := store.Last()
	for len(r.Deleting) > 0 {
		d := r.Deleting[0]
		if err := store.DeleteNamespace(d.Number); err != nil {
			return 0, fmt.Errorf("delete class %s of %s: %w", d.Class, d.Script, err)
		}
		r.Deleting = slices.Delete(r.Deleting, 0, 1)
		if seq, err = write(store, r); err != nil {
			return 0, err
		}
	}
	return seq, nil
}

func write(store *storage.Store, r *Record) (storage.Seq, error) {
	text, err := r.encode()
	if err != nil {
		return 0, err
	}
	seq, err := store.PutMeta(recordKey, text)
	if err != nil {
		return 0, fmt.Errorf("write app record: %w", err)
	}
	return seq, nil
}
