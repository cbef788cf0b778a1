package module

import "github.com/cairn-dev/cairn/host/account"

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
	starved bool   // and that because the host has no memory
	grown   int64  // bytes above the image that were taken from the account
	held    int64  // bytes of the image that were, see hold
	account *account.Account
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
	if m.take(size) != nil {
		m.refused, m.starved = true, true
		return nil
	}
	if !m.region.commit(size) {
		m.refused = true
		return nil
	}
	m.size = size
	return m.bytes(size)
}

// take takes what size is above the image from the account, or gives it back.
func (m *memory) take(size uint64) error {
	grown := int64(size) - int64(m.image)
	if grown > m.grown {
		if err := m.account.Take(account.Memories, grown-m.grown); err != nil {
			return err
		}
	} else {
		m.account.Release(account.Memories, m.grown-grown)
	}
	m.grown = grown
	return nil
}

// hold takes all of the image from the account: whoever runs in the instance may
// write to each of its pages, and nobody would know before the next look.
func (m *memory) hold() error {
	if m.holds() {
		return nil
	}
	if err := m.account.Take(account.Memories, int64(m.image)-m.held); err != nil {
		return err
	}
	m.held = int64(m.image)
	return nil
}

// holds reports whether all of the image is taken.
func (m *memory) holds() bool { return m.held == int64(m.image) }

// settle gives back what hold took and the image's pages do not need, as far as
// the kernel tells. Nobody may run in the instance before the next hold.
func (m *memory) settle() {
	if present, known := m.present(m.image); known && present < m.held {
		m.account.Release(account.Memories, m.held-present)
		m.held = present
	}
}

// Free implements experimental.LinearMemory.
func (m *memory) Free() {
	m.region.release()
	m.account.Release(account.Memories, m.grown+m.held)
	m.grown, m.held = 0, 0
}
