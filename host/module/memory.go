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
	grown   int64  // bytes of size that count against the engine's budget
	engine  *Engine
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
	if !m.account(size) || !m.region.commit(size) {
		m.refused = true
		return nil
	}
	m.size = size
	return m.bytes(size)
}

// account takes what size is above the image from the engine's budget for all
// guests, or gives it back, and reports whether there was enough.
func (m *memory) account(size uint64) bool {
	grown := int64(size) - int64(m.image)
	now := m.engine.grown.Add(grown - m.grown)
	if grown > m.grown && now > m.engine.options.MemoryBudget {
		m.engine.grown.Add(m.grown - grown)
		return false
	}
	m.grown = grown
	return true
}

// Free implements experimental.LinearMemory.
func (m *memory) Free() {
	m.engine.grown.Add(-m.grown)
	m.grown = 0
	m.region.release()
}
