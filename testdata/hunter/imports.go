//go:build wasip1

package main

import "unsafe"

// memoryPages is memory.size, for which Go has no name.
func memoryPages() uint32

//go:wasmimport cairn_v1 result_read
//go:noescape
func resultRead(buf unsafe.Pointer, bufCap uint32, n *uint32) uint32
