package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Transactions takes writes of an object back.
type Transactions interface {
	TransactionBegin() error
	TransactionEnd(commit bool) error
}

// transactionFunctions are the imports of abi.CapabilityTransactions.
var transactionFunctions = bindings{
	abi.FuncTransactionBegin:    transactionBegin,
	abi.FuncTransactionCommit:   transactionCommit,
	abi.FuncTransactionRollback: transactionRollback,
}

// transactionBegin is the host function abi.FuncTransactionBegin. What is
// written from here on can be taken back alone.
//
// # Result
//
//   - StatusOK: writes from here on can be taken back
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: deeper than abi.MaxTransactionDepth
func transactionBegin(c *Call, _ []uint64) abi.Status {
	host := c.can.transactions
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.TransactionBegin())
}

// transactionCommit is the host function abi.FuncTransactionCommit. It ends
// the innermost transaction and keeps its writes.
//
// # Result
//
//   - StatusOK: the transaction's writes belong to what is around it
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusInvalid: no transaction is open
//   - StatusError: the work failed
func transactionCommit(c *Call, _ []uint64) abi.Status {
	host := c.can.transactions
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.TransactionEnd(true))
}

// transactionRollback is the host function abi.FuncTransactionRollback. It
// ends the innermost transaction and takes its writes back.
//
// # Result
//
//   - StatusOK: the transaction's writes are gone
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusInvalid: no transaction is open
//   - StatusError: the work failed
func transactionRollback(c *Call, _ []uint64) abi.Status {
	host := c.can.transactions
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.TransactionEnd(false))
}
