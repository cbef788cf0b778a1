package object

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Transactions = (*State)(nil)

// transaction is what a rollback goes back to.
type transaction struct {
	savepoint    int
	batch        batch
	alarmChanged bool
}

// TransactionBegin implements hostfunc.Transactions.
func (s *State) TransactionBegin() error {
	if len(s.transactions) >= abi.MaxTransactionDepth {
		return fmt.Errorf("transactions are nested deeper than %d", abi.MaxTransactionDepth)
	}
	s.transactions = append(s.transactions, transaction{s.txn.Savepoint(), s.batch, s.alarm.changed})
	return nil
}

// TransactionEnd implements hostfunc.Transactions.
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
