package observe

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// How much of the log one kind of record may be. A kind is a message of one
// script, or of one object, or of the host. The first few tell what is wrong; the
// thousandth tells nothing new, and could fill a disk.
const (
	objectRate, objectBurst = 1, 3  // records of a kind about one object
	kindRate, kindBurst     = 5, 32 // records of a kind about one script
	// maxKinds bounds the kinds that are told apart at a time.
	maxKinds = 4096
)

// Guard is a slog.Handler that stands before another. It cuts texts to what a
// reader could want, and lets one kind of record through so often and no more:
// one record a second later says how many were suppressed. Records that guests
// log have passed a limit of their own, see Script.Log, and pass here.
type Guard struct {
	next  slog.Handler
	kinds *kinds

	script, object string // among the attributes
}

// kinds are the kinds of records that were seen lately.
type kinds struct {
	top        slog.Handler // of the Guard that New made
	suppressed atomic.Uint64

	mu      sync.Mutex
	buckets map[kind]*bucket
}

type kind struct{ message, script, object string }

// NewGuard makes a Guard before a handler.
func NewGuard(next slog.Handler) *Guard {
	return &Guard{next: next, kinds: &kinds{top: next, buckets: map[kind]*bucket{}}}
}

// Enabled implements slog.Handler.
func (g *Guard) Enabled(ctx context.Context, l slog.Level) bool { return g.next.Enabled(ctx, l) }

// WithAttrs implements slog.Handler.
func (g *Guard) WithAttrs(attrs []slog.Attr) slog.Handler {
	h := *g
	cut := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		h.note(a)
		cut[i] = clipAttr(a)
	}
	h.next = g.next.WithAttrs(cut)
	return &h
}

// WithGroup implements slog.Handler.
func (g *Guard) WithGroup(name string) slog.Handler {
	h := *g
	h.next = g.next.WithGroup(name)
	return &h
}

// note remembers what an attribute says a record is about.
func (g *Guard) note(a slog.Attr) {
	switch a.Key {
	case "script":
		g.script = a.Value.String()
	case "object":
		g.object = a.Value.String()
	}
}

// Handle implements slog.Handler.
func (g *Guard) Handle(ctx context.Context, r slog.Record) error {
	about := Guard{script: g.script, object: g.object}
	cut := slog.NewRecord(r.Time, r.Level, Clip(r.Message, MaxText), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		about.note(a)
		cut.AddAttrs(clipAttr(a))
		return true
	})
	if ctx != fromGuest && !g.kinds.allow(r.Message, about.script, about.object) {
		return nil
	}
	return g.next.Handle(ctx, cut)
}

// allow takes a record of a kind from what the kind may log. An object that logs
// much takes nothing from the others; and it is told apart only when a record about
// it has come through, so that a million of them do not fill what there is room for.
func (k *kinds) allow(message, script, object string) bool {
	one := kind{message, script, object}
	known := object != "" && k.has(one)
	if known && !k.take(one, objectRate, objectBurst) {
		return false
	}
	if !k.take(kind{message, script, ""}, kindRate, kindBurst) {
		return false
	}
	return object == "" || known || k.take(one, objectRate, objectBurst)
}

func (k *kinds) has(of kind) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.buckets[of] != nil
}

func (k *kinds) take(of kind, rate, burst float64) bool {
	passed := k.bucket(of, rate, burst).take(1, func(missed int) { k.tell(of, missed) })
	if !passed {
		k.suppressed.Add(1)
	}
	return passed
}

// tell logs how many records of a kind were suppressed.
func (k *kinds) tell(of kind, missed int) {
	attrs := []any{"suppressed", missed, "of", Clip(of.message, MaxText)}
	if of.script != "" {
		attrs = append(attrs, "script", of.script)
	}
	if of.object != "" {
		attrs = append(attrs, "object", of.object)
	}
	slog.New(k.top).Warn("log records suppressed", attrs...)
}

// bucket finds the bucket of a kind. Where too many are told apart, those forget
// that have let nothing through lately, and then all the rest counts as one.
func (k *kinds) bucket(of kind, rate, burst float64) *bucket {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b := k.buckets[of]; b != nil {
		return b
	}
	if len(k.buckets) >= maxKinds {
		for other, b := range k.buckets {
			if b.full() {
				delete(k.buckets, other)
			}
		}
	}
	if len(k.buckets) >= maxKinds {
		of, rate, burst = kind{message: "of many kinds"}, kindRate, kindBurst
		if b := k.buckets[of]; b != nil {
			return b
		}
	}
	b := newBucket(rate, burst)
	k.buckets[of] = &b
	return &b
}

// suppressedTotal counts the records that were suppressed.
func (g *Guard) suppressedTotal() *atomic.Uint64 {
	if g == nil {
		return new(atomic.Uint64)
	}
	return &g.kinds.suppressed
}

// fromGuest is the context of records that guests log.
var fromGuest context.Context = guestContext{context.Background()}

type guestContext struct{ context.Context }
