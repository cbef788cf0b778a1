package account

const (
	// holdFree is how many bytes a Hold has without asking: so small requests, which
	// are most, do not touch what all share. It is less than a goroutine and its
	// buffers take anyway.
	holdFree = 16 << 10
	// holdStep is how a Hold grows.
	holdStep = 64 << 10
)

// Hold is what one user holds of a kind, such as a request with its body. It is
// used by one goroutine at a time. The zero Hold is of no account.
type Hold struct {
	account *Account
	kind    Kind
	bytes   int64 // taken
}

// Hold returns one that is empty.
func (a *Account) Hold(k Kind) Hold { return Hold{account: a, kind: k} }

// Bytes returns how many bytes were taken.
func (h *Hold) Bytes() int64 { return h.bytes }

// To makes the hold cover a buffer of so many bytes; it never shrinks it. See
// Account.Take: no lock may be held, and the error is an *Error.
func (h *Hold) To(bytes int64) error {
	more := h.missing(bytes)
	if more == 0 {
		return nil
	}
	if err := h.account.Take(h.kind, more); err != nil {
		return err
	}
	h.bytes += more
	return nil
}

// Try is To without waiting: it may be called with locks held. It reports whether
// the bytes were there.
func (h *Hold) Try(bytes int64) bool {
	more := h.missing(bytes)
	if more > 0 && !h.account.Try(h.kind, more) {
		return false
	}
	h.bytes += more
	return true
}

// missing is what the hold lacks to cover so many bytes.
func (h *Hold) missing(bytes int64) int64 {
	if h.account == nil || bytes <= h.bytes || bytes <= holdFree {
		return 0
	}
	return (bytes+holdStep-1)/holdStep*holdStep - h.bytes
}

// Give makes what h has another's, which is of the same account and kind.
func (h *Hold) Give(to *Hold) {
	to.bytes += h.bytes
	h.bytes = 0
}

// Split makes half of what h has another's.
func (h *Hold) Split(to *Hold) {
	half := h.bytes / 2
	to.bytes += half
	h.bytes -= half
}

// Leave empties the hold without giving anything back: somebody else will, with
// Account.Release.
func (h *Hold) Leave() { h.bytes = 0 }

// Release gives everything back. The hold can be used again.
func (h *Hold) Release() {
	if h.bytes > 0 {
		h.account.Release(h.kind, h.bytes)
		h.bytes = 0
	}
}
