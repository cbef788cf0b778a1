package hostfunc

import (
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"
)

// Descriptors is what WASI remembers of a guest between two calls: whether its
// standard streams, 0 to 2, are open, and their flags. Nothing else can be open.
// It belongs to an instance as its memory does: whoever resets the instance sets
// it to the image's, and whoever sets the memory aside keeps it beside that.
// The zero value is what a guest begins with.
//
// wazero keeps such a table as well, in a place where nobody can reset it: a
// stream that one object had closed would be closed for the next object in the
// instance. So none of its functions that know of descriptors is used.
type Descriptors [3]stream

// stream is what is remembered of one descriptor.
type stream uint8

const (
	streamAppend   stream = 1 << 0 // WASI's flag of this value
	streamNonblock stream = 1 << 2 // WASI's flag of this value
	streamClosed   stream = 1 << 7
)

// WASI error numbers of descriptors.
const (
	errnoNotDir = 54
	errnoNotSup = 58
	errnoPipe   = 70 // ESPIPE: a stream has no position
)

// find returns an open descriptor, nil if there is none of this number.
func (d *Descriptors) find(fd uint64) *stream {
	if n := uint32(fd); n < uint32(len(d)) && d[n]&streamClosed == 0 {
		return &d[n]
	}
	return nil
}

// wasiFunction is a function of WASI that we give in the place of wazero's.
type wasiFunction struct {
	name   string
	params []api.ValueType
	run    func(c *Call, args []uint64) uint64
}

// descriptorFunctions are those that know of descriptors, but for fd_write. Of
// those that want files, every descriptor is none: it answers as a stream does.
func descriptorFunctions() []wasiFunction {
	const i32, i64 = api.ValueTypeI32, api.ValueTypeI64
	list := []wasiFunction{
		{"fd_close", []api.ValueType{i32}, fdClose},
		{"fd_fdstat_get", []api.ValueType{i32, i32}, fdStatGet},
		{"fd_fdstat_set_flags", []api.ValueType{i32, i32}, fdStatSetFlags},
		{"fd_filestat_get", []api.ValueType{i32, i32}, fdFileStatGet},
		{"fd_read", []api.ValueType{i32, i32, i32, i32}, fdRead},
		{"fd_renumber", []api.ValueType{i32, i32}, fdRenumber},
	}
	for _, f := range []struct {
		name   string
		params []api.ValueType
		open   uint64 // what it answers for a stream that is open
	}{
		{"fd_advise", []api.ValueType{i32, i64, i64, i32}, errnoPipe},
		{"fd_allocate", []api.ValueType{i32, i64, i64}, errnoPipe},
		{"fd_datasync", []api.ValueType{i32}, errnoSuccess},
		{"fd_fdstat_set_rights", []api.ValueType{i32, i64, i64}, errnoNotSup},
		{"fd_filestat_set_size", []api.ValueType{i32, i64}, errnoInval},
		{"fd_filestat_set_times", []api.ValueType{i32, i64, i64, i32}, errnoNotSup},
		{"fd_pread", []api.ValueType{i32, i32, i32, i64, i32}, errnoPipe},
		{"fd_prestat_get", []api.ValueType{i32, i32}, errnoBadf},
		{"fd_prestat_dir_name", []api.ValueType{i32, i32, i32}, errnoBadf},
		{"fd_pwrite", []api.ValueType{i32, i32, i32, i64, i32}, errnoPipe},
		{"fd_readdir", []api.ValueType{i32, i32, i32, i64, i32}, errnoNotDir},
		{"fd_seek", []api.ValueType{i32, i64, i32, i32}, errnoPipe},
		{"fd_sync", []api.ValueType{i32}, errnoSuccess},
		{"fd_tell", []api.ValueType{i32, i32}, errnoPipe},
	} {
		list = append(list, wasiFunction{f.name, f.params, func(c *Call, args []uint64) uint64 {
			if c.Descriptors.find(args[0]) == nil {
				return errnoBadf
			}
			return f.open
		}})
	}
	return list
}

// fdClose is fd_close(fd).
func fdClose(c *Call, args []uint64) uint64 {
	s := c.Descriptors.find(args[0])
	if s == nil {
		return errnoBadf
	}
	*s = streamClosed
	return errnoSuccess
}

// fdRenumber is fd_renumber(from, to). Both must be open, as in wasmtime; then it
// is refused, as by wazero for what was open from the start.
func fdRenumber(c *Call, args []uint64) uint64 {
	if c.Descriptors.find(args[0]) == nil || c.Descriptors.find(args[1]) == nil {
		return errnoBadf
	}
	return errnoNotSup
}

// fdRead is fd_read(fd, iovs_ptr, iovs_len, read_ptr): 0 is at its end.
func fdRead(c *Call, args []uint64) uint64 {
	if uint32(args[0]) != 0 || c.Descriptors.find(args[0]) == nil {
		return errnoBadf
	}
	if !c.Memory.WriteUint32Le(uint32(args[3]), 0) {
		return errnoFault
	}
	return errnoSuccess
}

// The type of a stream: a device that takes characters, and as it has no right to
// seek, libraries take it for a terminal and hand on what is written line by line.
const (
	characterDevice = 2
	rightRead       = 1 << 1
	rightWrite      = 1 << 6
	rightSetFlags   = 1 << 3
)

// fdStatGet is fd_fdstat_get(fd, stat_ptr).
//
//	+-----------+--------+------------+---------+-------------+-----------------+
//	| type (1B) | 0 (1B) | flags (2B) | 0 (4 B) | rights (8B) | inherited (8 B) |
//	+-----------+--------+------------+---------+-------------+-----------------+
func fdStatGet(c *Call, args []uint64) uint64 {
	s := c.Descriptors.find(args[0])
	if s == nil {
		return errnoBadf
	}
	buf, ok := c.view(args[1], 24)
	if !ok {
		return errnoFault
	}
	clear(buf)
	buf[0], buf[2] = characterDevice, byte(*s)
	rights := uint64(rightSetFlags | rightWrite)
	if uint32(args[0]) == 0 {
		rights = rightSetFlags | rightRead
	}
	binary.LittleEndian.PutUint64(buf[8:], rights)
	return errnoSuccess
}

// fdStatSetFlags is fd_fdstat_set_flags(fd, flags). The flags are remembered, and
// change nothing: a stream never blocks. There is no storage that could be synced.
func fdStatSetFlags(c *Call, args []uint64) uint64 {
	s := c.Descriptors.find(args[0])
	if s == nil {
		return errnoBadf
	}
	if uint32(args[1])&^uint32(streamAppend|streamNonblock) != 0 {
		return errnoInval
	}
	*s = stream(args[1])
	return errnoSuccess
}

// fdFileStatGet is fd_filestat_get(fd, stat_ptr): of 64 bytes, the type is the
// 17th and the number of links, 1, the fourth of the 8-byte fields.
func fdFileStatGet(c *Call, args []uint64) uint64 {
	if c.Descriptors.find(args[0]) == nil {
		return errnoBadf
	}
	buf, ok := c.view(args[1], 64)
	if !ok {
		return errnoFault
	}
	clear(buf)
	buf[16], buf[24] = characterDevice, 1
	return errnoSuccess
}
