package module

// WasmPageBytes is WebAssembly's page, the unit in which memory grows.
const WasmPageBytes = 64 << 10

// memory is one linear memory, an experimental.LinearMemory of wazero. Its
// bytes lie in a region that has room for the limit from the start, so growing
// never moves them.
//
// wazero cannot shrink a memory, but it asks us for the bytes of every growth
// and believes what it gets. resize uses that: it lets the next growth end at
// any size.
type memory struct {
	region
	size    uint64 // bytes the guest can use now
	limit   uint64 // bytes it can have
	forced  uint64 // what the next Reallocate gives, when resizing
	refused bool   // a growth was refused since the flag was last cleared
}

// Reallocate implements experimental.LinearMemory.
func (m *memory) Reallocate(size uint64) []byte {
	if m.forced != 0 {
		size, m.forced = m.forced, 0
	}
	if size > m.limit {
		m.refused = true
		return nil
	}
	if !m.region.commit(size) {
		m.refused = true
		return nil
	}
	m.size = size
	return m.bytes(size)
}

// Free implements experimental.LinearMemory.
func (m *memory) Free() { m.region.release() }
