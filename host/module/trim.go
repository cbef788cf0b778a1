package module

// Trim closes idle instances that nobody has needed since the last Trim, all
// but a few, and those slowly: a burst may come again.
func (p *pool) Trim() {
	const keep = 4
	p.mu.Lock()
	var surplus []*Instance
	if n := min(p.spare, len(p.idle)) - keep; n > 0 {
		n = (n + 1) / 2
		surplus = append(surplus, p.idle[:n]...)
		p.idle = append(p.idle[:0], p.idle[n:]...)
	}
	p.spare = len(p.idle)
	p.mu.Unlock()
	for _, i := range surplus {
		i.Close()
	}
}

// Relieve gives memory back until enough says so: what idle instances took and do
// not use, and then themselves.
func (p *pool) Relieve(enough func() bool) {
	p.mu.Lock()
	for _, i := range p.idle {
		if enough() {
			break
		}
		i.Settle()
	}
	p.mu.Unlock()
	p.closeIdle(enough)
}

// closeIdle closes idle instances until enough says so.
func (p *pool) closeIdle(enough func() bool) {
	for !enough() {
		p.mu.Lock()
		n := len(p.idle) - 1
		if n < 0 {
			p.mu.Unlock()
			return
		}
		i := p.idle[0] // the one that was used longest ago
		p.idle = append(p.idle[:0], p.idle[1:]...)
		p.spare = min(p.spare, n)
		p.mu.Unlock()
		i.Close()
	}
}
