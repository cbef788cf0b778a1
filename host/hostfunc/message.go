package hostfunc

import "github.com/cairn-dev/cairn/abi"

// messageFunctions are the imports of abi.CapabilityMessages.
var messageFunctions = bindings{
	abi.FuncInputRead:   inputRead,
	abi.FuncOutputWrite: outputWrite,
	abi.FuncResultRead:  resultRead,
}

// inputRead is the host function abi.FuncInputRead. It copies the input of the
// running export into the guest.
//
// # Parameters
//
//   - buf_ptr, buf_cap: where it goes
//
// # Result
//
//   - StatusOK: the input is in buf, as many bytes as the export's parameter said
//   - StatusTooSmall: buf_cap is less than that; nothing written
//   - StatusFault: the range lies outside linear memory
//
// An input of 5 bytes; ? is as it was before:
//
//	                    buf_cap (8)
//	          +------------------------------+
//	[]byte{?, 'h', 'e', 'l', 'l', 'o', ?, ?, ?, ?}
//	buf_ptr --^
func inputRead(c *Call, args []uint64) abi.Status {
	buf, ok := c.view(args[0], args[1])
	switch {
	case !ok:
		return abi.StatusFault
	case len(buf) < len(c.Input):
		return abi.StatusTooSmall
	}
	copy(buf, c.Input)
	return abi.StatusOK
}

// outputWrite is the host function abi.FuncOutputWrite. It takes the output of
// the running export; the last one counts.
//
// # Parameters
//
//   - ptr, len: the output
//
// # Result
//
//   - StatusOK: taken
//   - StatusTooLarge: len is above abi.MaxMessageBytes; the one before stays
//   - StatusFault: the range lies outside linear memory
func outputWrite(c *Call, args []uint64) abi.Status {
	out, ok := c.view(args[0], args[1])
	switch {
	case !ok:
		return abi.StatusFault
	case len(out) > abi.MaxMessageBytes:
		return abi.StatusTooLarge
	}
	c.carry(max(len(out)-cap(c.Output), 0))
	c.Output = append(c.Output[:0], out...)
	return abi.StatusOK
}

// resultRead is the host function abi.FuncResultRead. It copies the result of
// the guest's last import that left one.
//
// # Parameters
//
//   - buf_ptr, buf_cap: where it goes
//   - len_ptr: where its length goes, also when it does not fit
//
// # Result
//
//   - StatusOK: the result is in buf
//   - StatusTooSmall: buf_cap is less than its length; only len_ptr is written
//   - StatusFault: a range lies outside linear memory
//
// A result of 5 bytes; ? is as it was before:
//
//	                    buf_cap (8)
//	          +------------------------------+
//	[]byte{?, 'h', 'e', 'l', 'l', 'o', ?, ?, ?, ?}   len_ptr -> 5
//	buf_ptr --^
func resultRead(c *Call, args []uint64) abi.Status {
	buf, ok := c.view(args[0], args[1])
	if !ok || !c.Memory.WriteUint32Le(uint32(args[2]), uint32(len(c.result))) {
		return abi.StatusFault
	}
	if len(buf) < len(c.result) {
		return abi.StatusTooSmall
	}
	copy(buf, c.result)
	return abi.StatusOK
}
