package goruntime

// WipeStack clears what a call has left on the stack below its caller's frame. An
// object that sleeps is kept as its difference from the image, and most of that
// would be what nobody reads any more. The runtime itself never clears a stack that
// it keeps.
//
//go:noinline
func WipeStack() {
	var dead [1792]byte
	use(&dead)
}

//go:noinline
func use(*[1792]byte) {}
