// Package abi is the contract between a cairn host and the WebAssembly modules
// it runs: names, numbers and limits, and nothing that behaves.
//
// SPEC.md beside this file says the same in words for authors of other
// languages and other hosts, and is normative; where the two differ, one of them
// wants a fix. Package conformance holds a host to it. RATIONALE.md answers "why"
// for the whole project.
//
// A guest imports functions from one module, [ModuleName], and exports functions
// that the host calls. A Func constant names an import, an Export constant an
// export; the tables [Imports] and [Exports] say what they take and give, for all
// who need to know: the host, the kits, the traces, the test of SPEC.md. Pointers
// and lengths are i32, unsigned, offsets into the guest's own linear memory.
//
// The numbers in this package are part of the ABI. They are never reused and
// never change their meaning.
package abi
