package storage

import "bytes"

// ScanOptions choose keys of an object. nil means "not given"; an empty slice is
// an empty key. Reverse turns the order only: Start remains the low bound.
type ScanOptions struct {
	Start      []byte // first key, inclusive
	StartAfter []byte // first key, exclusive; not together with Start
	End        []byte // last key, exclusive
	Prefix     []byte // what keys begin with; empty is every key
	Reverse    bool
	Limit      int // of results; 0 is no limit
}

// scanRange is the span of keys that a scan covers.
type scanRange struct {
	start  []byte // inclusive
	end    []byte // exclusive, if hasEnd
	hasEnd bool
	empty  bool // covers no key at all
}

// span brings the options into one range. It follows upstream's list() step by
// step (SEMANTICS 1.4), whose odd corners programs may rely on.
func (o *ScanOptions) span() (scanRange, error) {
	if o.Limit < 0 {
		return scanRange{}, ErrNegativeLimit
	}
	r := scanRange{start: o.Start, end: o.End, hasEnd: o.End != nil}
	if o.StartAfter != nil {
		if o.Start != nil {
			return scanRange{}, ErrStartTwice
		}
		r.start = append(bytes.Clone(o.StartAfter), 0)
	}
	if len(o.Prefix) > 0 && !r.within(o.Prefix) {
		return scanRange{empty: true}, nil
	}
	if r.hasEnd && bytes.Compare(r.end, r.start) <= 0 {
		return scanRange{empty: true}, nil
	}
	return r, nil
}

// within narrows the range to the keys with a prefix. It reports false when none
// can be in it.
func (r *scanRange) within(prefix []byte) bool {
	if bytes.Compare(r.start, prefix) < 0 {
		r.start = prefix
	} else if !bytes.HasPrefix(r.start, prefix) {
		return false
	}
	after := successor(prefix)
	if after == nil {
		return true
	}
	if r.hasEnd {
		if bytes.Compare(r.end, prefix) <= 0 {
			return false
		}
		if bytes.HasPrefix(r.end, prefix) {
			return true // an end inside the prefix stays
		}
	}
	r.end, r.hasEnd = after, true
	return true
}

// successor returns the smallest key above all keys with a prefix, nil if there
// is none.
func successor(prefix []byte) []byte {
	s := bytes.TrimRight(prefix, "\xff")
	if len(s) == 0 {
		return nil
	}
	s = bytes.Clone(s)
	s[len(s)-1]++
	return s
}
