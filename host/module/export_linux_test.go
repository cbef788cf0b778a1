package module

// Listed reports whether it is known which pages were written, without a look.
func (i *Instance) Listed() bool { return i.mem.listed }

// Contents returns linear memory itself. Nothing may be written to it.
func (i *Instance) Contents() []byte { return i.mem.bytes(i.mem.size) }

// CanList reports whether the kernel says which pages were written.
func CanList() bool { return pagemap() != nil }
