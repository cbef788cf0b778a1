package object

import (
	"context"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
)

// batch is what a call knows of the writes that it has gathered.
type batch struct {
	bytes     int
	confirmed bool // answers wait for it: one write of it wants that
}

func (t *turn) written(bytes int, confirmed bool) error {
	if t.batch.bytes+bytes > abi.MaxBatchBytes {
		return event.ErrBatch
	}
	t.batch.bytes += bytes
	t.batch.confirmed = t.batch.confirmed || confirmed
	return nil
}

var _ hostfunc.Storage = (*turn)(nil)

// StorageGet implements hostfunc.Storage.
func (t *turn) StorageGet(key []byte) ([]byte, bool, error) { return t.txn.Get(key) }

// StoragePut implements hostfunc.Storage.
func (t *turn) StoragePut(key, value []byte, confirmed bool) error {
	if err := t.written(len(key)+len(value), confirmed); err != nil {
		return err
	}
	return t.mustFit(t.txn.Put(key, value))
}

// StorageDelete implements hostfunc.Storage. To delete what is not there writes
// nothing, so nothing waits for it.
func (t *turn) StorageDelete(key []byte, confirmed bool) (bool, error) {
	before := t.batch
	if err := t.written(len(key), confirmed); err != nil {
		return false, err
	}
	found, err := t.txn.Delete(key)
	err = t.mustFit(err)
	if !found {
		t.batch = before
	}
	return found, err
}

// StorageDeleteAll implements hostfunc.Storage. It takes the alarm along, as
// production does since 2026-02-24 (SEMANTICS 1.4).
func (t *turn) StorageDeleteAll() error {
	if len(t.transactions) > 0 {
		return event.TypeError("Cannot call deleteAll() within a transaction")
	}
	if err := t.written(0, true); err != nil {
		return err
	}
	t.alarm.running = false // nothing is left of the alarm that runs, so nothing to retry
	return t.mustFit(t.txn.DeleteAll())
}

// mustFit ends the call, and the activation with it, where the host has no memory
// for what it writes: as for one that has no memory to grow into.
func (t *turn) mustFit(err error) error {
	if err != nil && program.NoMemory(err) {
		t.logger().Warn("overloaded", "error", err)
		panic(event.ErrStarved)
	}
	return err
}

// StorageSync implements hostfunc.Storage. Writes that answers do not wait for
// count as well.
func (t *turn) StorageSync() error {
	if len(t.transactions) > 0 {
		return event.ErrInTransaction
	}
	t.batch.confirmed = true
	if err := t.flush(); err != nil {
		panic(err)
	}
	store := t.act.objects.options.Store
	wait := func() error { return store.Wait(context.Background(), store.Last()) }
	if len(t.critical) > 0 {
		wait = t.syncInSection
	}
	if err := wait(); err != nil {
		panic(t.reset(observe.Commit, t.internal("commit", err)))
	}
	return nil
}
