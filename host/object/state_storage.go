package object

import (
	"context"
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/storage"
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

// StorageGet implements hostfunc.Host.
func (s *State) StorageGet(key []byte) ([]byte, bool, error) { return s.txn.Get(key) }

// StoragePut implements hostfunc.Host.
func (s *State) StoragePut(key, value []byte, confirmed bool) error {
	if err := s.written(len(key)+len(value), confirmed); err != nil {
		return err
	}
	return s.mustFit(s.txn.Put(key, value))
}

// StorageDelete implements hostfunc.Host. To delete what is not there writes
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

// StorageDeleteAll implements hostfunc.Host. It takes the alarm along, as
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
	if err != nil && NoMemory(err) {
		s.logger().Warn("overloaded", "error", err)
		panic(event.ErrStarved)
	}
	return err
}

// StorageSync implements hostfunc.Host. Writes that answers do not wait for
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

// ListOpen implements hostfunc.Host. The rules of the options are upstream's,
// as are the errors (SEMANTICS 1.4).
func (s *State) ListOpen(l *wire.List) (hostfunc.List, error) {
	has := func(flag byte, v []byte) []byte {
		if l.Flags&flag == 0 {
			return nil
		}
		return append([]byte{}, v...)
	}
	if l.Flags&abi.ListHasStart != 0 && l.Flags&abi.ListHasStartAfter != 0 {
		return nil, event.TypeError("list() cannot be called with both start and startAfter values.")
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
	return s.txn.Scan(o), nil
}

// transaction is what a rollback goes back to.
type transaction struct {
	savepoint    int
	batch        batch
	alarmChanged bool
}

// TransactionBegin implements hostfunc.Host.
func (s *State) TransactionBegin() error {
	if len(s.transactions) >= abi.MaxTransactionDepth {
		return fmt.Errorf("transactions are nested deeper than %d", abi.MaxTransactionDepth)
	}
	s.transactions = append(s.transactions, transaction{s.txn.Savepoint(), s.batch, s.alarm.changed})
	return nil
}

// TransactionEnd implements hostfunc.Host.
func (s *State) TransactionEnd(commit bool) error {
	last := len(s.transactions) - 1
	if last < 0 {
		return hostfunc.ErrInvalid
	}
	t := s.transactions[last]
	s.transactions = s.transactions[:last]
	if !commit {
		s.txn.RollbackTo(t.savepoint)
		s.batch = t.batch // what is taken back has no size, and confirms nothing
		s.alarm.changed = t.alarmChanged
	}
	s.txn.Release(t.savepoint)
	return nil
}

// rollbackOpen takes back the transactions that the guest left open, such as
// by a panic.
func (s *State) rollbackOpen() {
	for len(s.transactions) > 0 {
		if err := s.TransactionEnd(false); err != nil {
			panic(errors.Join(errors.New("object: roll back an open transaction"), err))
		}
	}
}
