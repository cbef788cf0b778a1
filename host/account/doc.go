// Package account is the host's one account of memory: what guests, and those
// who call them, make the host hold.
//
// There are two types. An [Account] has a budget, which is --memory, and counts
// bytes by [Kind]. A [Hold] is what one user has taken, for buffers that grow.
//
// # Who is refused
//
// Whoever needs memory takes it from the account first, and gives it back when it
// is gone. Where the budget does not have it:
//
//  1. what can be given back is given back. Somebody listens to [Account.Pressure]
//     and frees until [Account.Total] is [Account.Goal];
//  2. whoever may wait does so, first come first served: [Account.Wait];
//  3. then it is refused with an [*Error], which says what was wanted and what
//     there is. It is the host that has too much to do and not the asker's fault, so
//     guests and clients are told that it is overloaded: they may try again.
//
// # What is counted
//
// Bytes as the kernel counts them of a process, where the host knows: pages that are
// present, not address space. Otherwise the size of a buffer. What is small and one
// for each call is not counted (see [Hold]), nor what an empty host takes: Go, the
// code of cairn itself, listeners.
//
// A nil *Account has no bound and counts nothing.
package account
