package hostfunc

import "github.com/cairn-dev/cairn/abi"

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
func transactionBegin(c *Call, _ []uint64) abi.Status { return c.done(c.Host.TransactionBegin()) }

// transactionCommit is the host function abi.FuncTransactionCommit. It ends
// the innermost transaction and keeps its writes.
//
// # Result
//
//   - StatusOK: the transaction's writes belong to what is around it
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusInvalid: no transaction is open
//   - StatusError: the work failed
func transactionCommit(c *Call, _ []uint64) abi.Status { return c.done(c.Host.TransactionEnd(true)) }

// transactionRollback is the host function abi.FuncTransactionRollback. It
// ends the innermost transaction and takes its writes back.
//
// # Result
//
//   - StatusOK: the transaction's writes are gone
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusInvalid: no transaction is open
//   - StatusError: the work failed
func transactionRollback(c *Call, _ []uint64) abi.Status { return c.done(c.Host.TransactionEnd(false)) }
