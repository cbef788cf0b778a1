// Package rewrite turns a guest's WebAssembly bytes into the bytes that the host
// compiles: the same program with a fuel meter in it, with shorter ways for its
// jumps, and with everything that runs at instantiation taken out, so that the host
// can do it once per module version and keep the result as an image. It holds pure
// functions; compiling and running belong to host/module.
//
// There are four types: Module, Outline, Options, and Instrumented. Parse reads a
// Module, Outline.ImageBlocker says whether images can hold all of an instance's
// state, and Module.Instrument writes the new module.
//
// # Fuel
//
// One mutable i64 global counts down, and an imported function is called when it
// is below zero. The host refills the counter there, or ends the call by panicking.
// A charge stands at each loop head and at each function's entry, followed by the
// test:
//
//   - A loop head pays for the instructions in the loop's body that lie outside
//     inner loops; a function's entry pays for those outside all loops; at least 1.
//     Both arms of an if count; block, loop, else, end and nop do not.
//   - What follows a block that a br_table jumps to is a region: it pays for itself,
//     without a test, when it costs at least regionMin. This is how Go's compiler
//     writes a function, one loop around a table of all places to jump to; a turn of
//     that loop would pay for the whole function otherwise.
//   - A leaf is a function without calls and loops. A leaf of up to leafMax
//     instructions has no check: a direct call pays its length on top, call_indirect
//     pays leafMax. A longer leaf has a check, or straight code would be cheap.
//   - memory.copy, memory.fill, memory.init and their table twins pay for their
//     length as well, where they stand, followed by the test; memory.grow and
//     table.grow pay as for many instructions. So what runs between two tests is one
//     of these, which the size of a memory or table bounds, or straight code, which
//     the size of a function bounds.
//   - A call of an imported function pays for the way to the host and back, and a
//     function's entry for its locals.
//
// So the fuel that a call used is never less than the instructions that it ran (a
// host's call of an exported short leaf aside), and it is more where a branch that
// was not taken has been paid for. The time in host functions is not in it.
//
// # Jumps
//
// A forward jump through the table at a loop's head gets the label that the table
// has for it; see dispatch. What it skips is empty, the loop's head apart, and each
// way back still goes through that, so that no cycle is without a check; a region
// that jumps reach at most once a turn is paid for as before.
//
// # Passes
//
// Behind the meter, code is arranged so that the compiler makes less of it: see
// passes.go. What it does and what it pays stay as they are.
//
// # Shapes
//
// A module whose compilation would take minutes or gigabytes is refused while it is
// read, by what the compiler grows with; see shape.go.
//
// # The engine's faults
//
// wazero's compiler takes the wrong branch for an ordering of zero and a bitwise and.
// The flow finds where that may happen, and puts "| 0" before the ordering. And it may
// lose a register between the machine instructions of copysign, select of floats and
// a dozen others, which are replaced (split.go). These changes alone have a reason in
// the engine, and go when the engine is mended.
//
// # Invariants
//
//   - What Parse accepts, wazero reads as the same instructions. Encodings that two
//     decoders could read in two ways (long forms of a prefixed opcode, non-zero
//     reserved bytes) are refused; a guest could hide code from the meter in them.
//   - No index that was out of range becomes valid: the guest cannot name the
//     counter, the fuel import, or the added type and locals. Parse checks them all.
//   - Types are not checked. The code put in leaves the stack as it was, so wazero's
//     validation of the result is that of the original.
//   - Memory taken is linear in the length of the input: each count is compared
//     with the bytes that remain.
package rewrite
