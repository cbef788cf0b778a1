package wire

// List says which keys to list, and in which order.
//
//	+----+------------+------------+-------+-------------+-----+--------+
//	| 01 | flags (1B) | limit (4B) | start | start_after | end | prefix |
//	+----+------------+------------+-------+-------------+-----+--------+
//
// The flags are package abi's: they say which fields count, as an empty start
// and none at all differ. Reverse turns the order only: start remains the low
// bound.
type List struct {
	Flags      byte
	Limit      uint32
	Start      []byte
	StartAfter []byte
	End        []byte
	Prefix     []byte
}

const listFlags = 1<<5 - 1

// AppendList encodes list options.
func AppendList(b []byte, l *List) []byte {
	b = appendUint32(append(b, Version, l.Flags), l.Limit)
	b = appendField(appendField(b, l.Start), l.StartAfter)
	return appendField(appendField(b, l.End), l.Prefix)
}

// DecodeList decodes list options into l, whose slices become views of b.
func DecodeList(b []byte, l *List) error {
	d := newReader(b, Version)
	l.Flags, l.Limit = d.byte(), d.uint32()
	l.Start, l.StartAfter, l.End, l.Prefix = d.field(), d.field(), d.field(), d.field()
	if l.Flags&^listFlags != 0 {
		return ErrMalformed
	}
	return d.end()
}

// Alarm tells an object which alarm went off.
//
//	+----+---------------------+------------------+
//	| 01 | scheduled (8B, ms)  | retry count (4B) |
//	+----+---------------------+------------------+
type Alarm struct {
	ScheduledMS int64
	RetryCount  uint32 // 0 on the first run
}

// AppendAlarm encodes an alarm.
func AppendAlarm(b []byte, a *Alarm) []byte {
	b = appendUint64(append(b, Version), uint64(a.ScheduledMS))
	return appendUint32(b, a.RetryCount)
}

// DecodeAlarm decodes an alarm into a.
func DecodeAlarm(b []byte, a *Alarm) error {
	d := newReader(b, Version)
	a.ScheduledMS, a.RetryCount = int64(d.uint64()), d.uint32()
	return d.end()
}
