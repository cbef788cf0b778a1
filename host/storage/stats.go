package storage

import (
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Stats is what the store can tell of its disk, counted since it was opened.
type Stats struct {
	DiskBytes   uint64 // of all files
	LogBytes    uint64 // of them, those of the write-ahead log
	LogWritten  uint64 // bytes written to the log
	Syncs       uint64 // of the log
	SyncSeconds float64
	SyncBuckets map[float64]uint64 // by the upper bound in seconds, each with those below
}

// Stats reads the figures. It takes a lock of pebble's for a moment.
func (s *Store) Stats() Stats {
	m := s.db.Metrics()
	stats := Stats{
		DiskBytes: m.DiskSpaceUsage(), LogBytes: m.WAL.PhysicalSize + m.WAL.ObsoletePhysicalSize,
		LogWritten:  m.WAL.BytesWritten,
		SyncBuckets: map[float64]uint64{},
	}
	var sync dto.Metric
	if h := m.LogWriter.FsyncLatency; h != nil && h.Write(&sync) == nil {
		stats.Syncs = sync.Histogram.GetSampleCount()
		nanoseconds := sync.Histogram.GetSampleSum()
		stats.SyncSeconds = time.Duration(nanoseconds).Seconds()
		for i, b := range sync.Histogram.Bucket {
			if i%5 != 4 { // pebble has a hundred
				continue
			}
			stats.SyncBuckets[time.Duration(b.GetUpperBound()).Seconds()] = b.GetCumulativeCount()
		}
	}
	return stats
}
