package alarm

import (
	"container/heap"
	"time"

	"github.com/cairn-dev/cairn/abi"
)

const (
	// paceWindow and paceRuns bound how often an object's alarm runs: a hundred times
	// a second, twice what a game's loop asks for. An alarm that sets itself to now in
	// its handler, or two that set each other, would take all processors and disks
	// there are for as long as the host lives.
	paceWindow = 100 * time.Millisecond
	paceRuns   = 10
)

// pace counts the runs of each object in the present window. It holds no more
// objects than ran in it.
type pace struct {
	begun int64 // Unix milliseconds
	runs  map[abi.ID]int
}

// take counts a run that is to begin now. It returns 0, or when the object may run
// again, in Unix milliseconds, if it has run often enough.
func (p *pace) take(id abi.ID, now int64) (later int64) {
	end := p.begun + paceWindow.Milliseconds()
	if now < p.begun || now >= end { // also after the clock was set back
		p.begun, end = now, now+paceWindow.Milliseconds()
		p.runs = map[abi.ID]int{}
	}
	if p.runs[id] >= paceRuns {
		return end
	}
	p.runs[id]++
	return 0
}

// holdLocked lets an alarm wait that runs too often. It has not failed.
func (s *Scheduler) holdLocked(h *held, untilMS int64) {
	h.retryMS, h.phase = untilMS, retrying
	heap.Push(&s.retries, h)
}
