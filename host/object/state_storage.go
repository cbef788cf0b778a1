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

func (s *State) written(bytes int, confirmed bool) error {
	if s.batch.bytes+bytes > abi.MaxBatchBytes {
		return event.ErrBatch
	}
	s.batch.bytes += bytes
	s.batch.confirmed = s.batch.confirmed || confirmed
	return nil
}

var _ hostfunc.Storage = (*State)(nil)

// StorageGet implements hostfunc.Storage.
func (s *State) StorageGet(key []byte) ([]byte, bool, error) { return s.txn.Get(key) }

// StoragePut implements hostfunc.Storage.
func (s *State) StoragePut(key, value []byte, confirmed bool) error {
	if err := s.written(len(key)+len(value), confirmed); err != nil {
		return err
	}
	return s.mustFit(s.txn.Put(key, value))
}

// StorageDelete implements hostfunc.Storage. To delete what is not there writes
// nothing, so nothing waits for it.
func (s *State) StorageDelete(key []byte, confirmed bool) (bool, error) {
	before := s.batch
	if err := s.written(len(key), confirmed); err != nil {
		return false, err
	}
	found, err := s.txn.Delete(key)
	err = s.mustFit(err)
	if !found {
		s.batch = before
	}
	return found, err
}

// StorageDeleteAll implements hostfunc.Storage. It takes the alarm along, as
// production does since 2026-02-24 (SEMANTICS 1.4).
func (s *State) StorageDeleteAll() error {
	if len(s.transactions) > 0 {
		return event.TypeError("Cannot call deleteAll() within a transaction")
	}
	if err := s.written(0, true); err != nil {
		return err
	}
	s.alarm.running = false // nothing is left of the alarm that runs, so nothing to retry
	return s.mustFit(s.txn.DeleteAll())
}

// mustFit ends the call, and the activation with it, where the host has no memory
// for what it writes: as for one that has no memory to grow into.
func (s *State) mustFit(err error) error {
	if err != nil && program.NoMemory(err) {
		s.logger().Warn("overloaded", "error", err)
		panic(event.ErrStarved)
	}
	return err
}

// StorageSync implements hostfunc.Storage. Writes that answers do not wait for
// count as well.
func (s *State) StorageSync() error {
	if len(s.transactions) > 0 {
		return event.ErrInTransaction
	}
	s.batch.confirmed = true
	if err := s.flush(); err != nil {
		panic(err)
	}
	store := s.act.objects.options.Store
	wait := func() error { return store.Wait(context.Background(), store.Last()) }
	if len(s.critical) > 0 {
		wait = s.syncInSection
	}
	if err := wait(); err != nil {
		panic(s.reset(observe.Commit, s.internal("commit", err)))
	}
	return nil
}
