// Package hostfunc holds the functions that a guest can import: those of the
// ABI, the fuel function that the module rewriter adds, and WASI.
//
// There are two types. A [Call] is one entry into a guest, from the call of an
// export to its return; it is the context.Context that wazero hands to every
// host function. A [Host] is what the guest may ask during that call; objects,
// Workers and the loader each have their own.
//
// There is a file for each capability: the interface that a Host implements who has
// it, and the imports that ask it. The table abi.Imports says which there are, and
// what they take and answer.
//
// Each function here translates and no more: it checks bounds, decodes, asks
// the Host, and encodes a status. Whatever decides something lives behind Host.
//
// # Invariants
//
//   - A range of linear memory is checked before anything is read, written or
//     done; a bad one is abi.StatusFault and nothing else happens.
//   - A view of linear memory is never kept: the guest may grow its memory, and
//     an entry nested in this one may write to it.
//   - A Call is used by one goroutine at a time.
package hostfunc
