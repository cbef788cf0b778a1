package guest

const (
	// newBufferBytes is what a buffer starts with: enough for most values and
	// messages, and so small that those of one call share a page or two. A page
	// that a call writes is one that the host copies.
	newBufferBytes = 1 << 10
	// maxBufferBytes is what a buffer may keep. A larger one served one large
	// message, and an object that is asleep should not pay for that.
	maxBufferBytes = 64 << 10
	// maxBuffers bounds how many are kept: a nested call takes three or four.
	maxBuffers = 16
)

// buffers are at rest. Whoever needs one takes it away, so a nested call or a
// MarshalJSON that comes back into this package finds another. One that is lost
// in a panic is garbage and nothing worse.
//
// Natively hostcall.Enter keeps goroutines apart.
var buffers = append(make([][]byte, 0, maxBuffers),
	make([]byte, 0, newBufferBytes), make([]byte, 0, newBufferBytes),
	make([]byte, 0, newBufferBytes))

// takeBuffer returns an empty buffer that is the caller's until giveBuffer.
func takeBuffer() []byte {
	if n := len(buffers); n > 0 {
		b := buffers[n-1]
		buffers = buffers[:n-1]
		return b
	}
	return make([]byte, 0, newBufferBytes)
}

// giveBuffer takes b back, of which no view may remain.
func giveBuffer(b []byte) {
	if c := cap(b); c >= newBufferBytes && c <= maxBufferBytes && len(buffers) < maxBuffers {
		buffers = append(buffers, b[:0])
	}
}

// sized returns b with length n, or a new buffer where b is too small.
func sized(b []byte, n int) []byte {
	if n <= cap(b) {
		return b[:n]
	}
	return make([]byte, n)
}
