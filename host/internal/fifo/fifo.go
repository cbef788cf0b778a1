// Package fifo is a queue of those who wait: first in, first out, except for
// one that is taken out of the middle. It bounds nothing and locks nothing; what
// may queue, for how long and under which lock, is for its user to say.
package fifo

// Queue is a queue of pointers or channels: the zero T means that there is none.
// The zero Queue is empty. A Queue allocates only where it holds more than ever.
type Queue[T any] struct {
	ring []T // as long as a power of two, zero where nothing is
	head int // where the oldest is
	n    int
}

// Len returns how many are in the queue.
func (q *Queue[T]) Len() int { return q.n }

// at returns the place of the i-th oldest.
func (q *Queue[T]) at(i int) *T { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

// Push adds x behind all others.
func (q *Queue[T]) Push(x T) {
	if q.n == len(q.ring) {
		ring := make([]T, max(2*q.n, 1))
		for i := range q.n {
			ring[i] = *q.at(i)
		}
		q.ring, q.head = ring, 0
	}
	*q.at(q.n) = x
	q.n++
}

// First returns the oldest, which stays.
func (q *Queue[T]) First() (x T) {
	if q.n > 0 {
		x = *q.at(0)
	}
	return x
}

// Pop takes the oldest out.
func (q *Queue[T]) Pop() (x T) {
	if q.n > 0 {
		x, *q.at(0) = *q.at(0), x
		q.head = (q.head + 1) & (len(q.ring) - 1)
		q.n--
	}
	return x
}

// Remove takes the oldest out that matches; those behind it keep their order.
func (q *Queue[T]) Remove(matches func(T) bool) (x T) {
	for i := range q.n {
		if !matches(*q.at(i)) {
			continue
		}
		for x = *q.at(i); i < q.n-1; i++ {
			*q.at(i) = *q.at(i + 1)
		}
		var none T
		*q.at(i) = none
		q.n--
		return x
	}
	return x
}
