//go:build unix

package main

import "syscall"

// privateUmask keeps what the process makes from others, whatever mode it is made
// with.
func privateUmask() { syscall.Umask(syscall.Umask(0o077) | 0o077) }
