package goruntime

import "testing"

// TestSettleSize lays objects out as an allocator does that has old ones here and
// there, and wants the next one where a span's second page begins.
func TestSettleSize(t *testing.T) {
	const size = 352
	for _, old := range []int{-1, 0, 5, 10, 11, 20} {
		slot, span, last := 0, 0, uintptr(0)
		settleSize(size, func() uintptr {
			if span == 0 && slot == old {
				slot++
			}
			if (slot+1)*size > spanBytes-128 {
				slot, span = 0, span+1
			}
			last = uintptr((7+span)*spanBytes + slot*size)
			slot++
			return last
		})
		next := last%spanBytes + size
		wantSpan := 0
		if old > 0 && old <= 11 {
			wantSpan = 1
		}
		if next < PageBytes || next >= PageBytes+size || span != wantSpan {
			t.Errorf("old %d: the next is at %d of span %d, want span %d",
				old, next, span, wantSpan)
		}
	}
}
