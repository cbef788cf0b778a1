package object

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Transactions = (*turn)(nil)

// transaction is what a rollback goes back to.
type transaction struct {
	savepoint    int
	batch        batch
	alarmChanged bool
}

// TransactionBegin implements hostfunc.Transactions.
func (t *turn) TransactionBegin() error {
	if len(t.transactions) >= abi.MaxTransactionDepth {
		return fmt.Errorf("transactions are nested deeper than %d", abi.MaxTransactionDepth)
	}
	t.transactions = append(t.transactions,
		transaction{t.txn.Savepoint(), t.batch, t.alarm.changed})
	return nil
}

// TransactionEnd implements hostfunc.Transactions.
func (t *turn) TransactionEnd(commit bool) error {
	last := len(t.transactions) - 1
	if last < 0 {
		return hostfunc.ErrInvalid
	}
	back := t.transactions[last]
	t.transactions = t.transactions[:last]
	if !commit {
		t.txn.RollbackTo(back.savepoint)
		t.batch = back.batch // what is taken back has no size, and confirms nothing
		t.alarm.changed = back.alarmChanged
	}
	t.txn.Release(back.savepoint)
	return nil
}

// rollbackOpen takes back the transactions that the guest left open, such as
// by a panic.
func (t *turn) rollbackOpen() {
	for len(t.transactions) > 0 {
		if err := t.TransactionEnd(false); err != nil {
			panic(errors.Join(errors.New("object: roll back an open transaction"), err))
		}
	}
}
