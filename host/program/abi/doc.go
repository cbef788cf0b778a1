// Package abi runs programs that are WebAssembly and speak cairn_v1, see abi/SPEC.md: it
// checks what a module exports, starts it and hears what it registers, and enters it by
// the export of each program.Entry. The machine that it runs on is host/module.
package abi
