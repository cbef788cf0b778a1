package storage

const (
	// minChunk holds what a small call writes.
	minChunk = 4 << 10
	// maxChunk bounds what is wasted at the end of a chunk.
	maxChunk = 1 << 20
	// keepChunk bounds what an empty arena keeps.
	keepChunk = 64 << 10
)

// arena keeps bytes that live as long as a Txn's writes. Chunks never move, so a
// view into one stays valid while the collector sees it.
type arena struct {
	chunks [][]byte
	used   int // bytes in all chunks
}

// arenaMark is a moment that an arena can be taken back to.
type arenaMark struct{ chunks, len, used int }

// copy returns a copy of b whose capacity ends with it, so that appending to
// it does not reach what follows.
func (a *arena) copy(b []byte) []byte {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < len(b) {
		size := minChunk
		if last >= 0 {
			size = min(2*cap(a.chunks[last]), maxChunk)
		}
		a.chunks = append(a.chunks, make([]byte, 0, max(size, len(b))))
		last++
	}
	c := a.chunks[last]
	n := len(c)
	c = append(c, b...)
	a.chunks[last] = c
	a.used += len(b)
	return c[n:len(c):len(c)]
}

func (a *arena) mark() arenaMark {
	m := arenaMark{chunks: len(a.chunks), used: a.used}
	if m.chunks > 0 {
		m.len = len(a.chunks[m.chunks-1])
	}
	return m
}

// truncate frees what was copied since the mark.
func (a *arena) truncate(m arenaMark) {
	clear(a.chunks[m.chunks:])
	a.chunks = a.chunks[:m.chunks]
	if m.chunks > 0 {
		a.chunks[m.chunks-1] = a.chunks[m.chunks-1][:m.len]
	}
	a.used = m.used
}

// reset empties the arena and keeps its first chunk if that is small.
func (a *arena) reset() {
	keep := 0
	if len(a.chunks) > 0 && cap(a.chunks[0]) <= keepChunk {
		keep = 1
	}
	a.truncate(arenaMark{chunks: keep})
}
