// Package native runs programs that are written in Go and are part of the host: no
// WebAssembly, and no limit of processor time or memory. Their objects remember what they
// store, and nothing else.
package native
